"""Why a guess, over the paper; kernels beside it; and the view saved: in the real window, by hand."""

import numpy as np
import pytest
from PIL import Image

from gui.widgets.theme import DARK, LIGHT
from tests.support import xvfb
from tests.support.painted_digits import moved, strokes
from tests.support.xvfb import lacking
from tinycnn import ops
from tinycnn.ops import reference

pytestmark = [
    pytest.mark.skipif(lacking() is not None, reason=str(lacking())),
    pytest.mark.skipif(
        ops.implementation() is reference, reason="plain Python is too slow for this"
    ),
]


@pytest.fixture(scope="module")
def living(tmp_path_factory):
    with xvfb.living("1600x900", folder=tmp_path_factory.mktemp("folder")) as window:
        yield window


@pytest.fixture
def window(living):
    """The window with an empty canvas, nothing beside or below it."""
    living.refocus()
    if living.state["items"]:
        living.clear()
    shut = {"w": lambda state: not state["below"], "k": lambda state: not state["beside"]["name"]}
    for key, is_shut in shut.items():
        if not is_shut(living.state):
            living.keys(key)
            living.wait(is_shut)
    return living


def click(window, place, button=1):
    x, y = place["x"] + place["width"] // 2, place["y"] + place["height"] // 2
    window.screen.hand(f"mousemove {x} {y}", f"mousedown {button}", f"mouseup {button}")


def within(inner, outer, slack):
    left, top, right, bottom = inner
    return (
        left >= outer[0] - slack and top >= outer[1] - slack
        and right <= outer[2] + slack and bottom <= outer[3] + slack
    )  # fmt: skip


def answered(state):
    return state["because"] is not None and state["because"] == state["version"]


def test_w_lays_the_reason_over_the_strokes_and_takes_it_away(window):
    window.draw(*moved(strokes(5), 0.5, 0.3, 0.1))
    window.wait(lambda s: s["line_colours"] == [LIGHT.line])
    window.keys("w")
    state = window.wait(
        lambda s: answered(s) and s["line_colours"] == [LIGHT.trough],
        "no reason was laid over the paper",
    )
    pixel = state["canvas"]["width"] * 0.5 / 17.5
    assert within(state["overlay"], state["box"], 2 * pixel)
    assert state["asked"]["first"] == f"Why a {state['digit']}?"
    assert state["meaning"] == [f"against a {state['digit']}", f"for a {state['digit']}"]
    window.keys("w")
    window.wait(
        lambda s: not s["below"] and s["overlay"] is None and s["line_colours"] == [LIGHT.line]
    )


def test_it_follows_the_pen_and_the_switches(window):
    window.keys("w")
    window.wait(lambda s: s["below"] == "why")
    window.draw(*moved(strokes(1), 0.5, 0.0, 0.0))
    first = window.wait(answered)["overlay"]
    window.draw(*moved(strokes(1), 0.5, 0.5, 0.4))
    state = window.wait(lambda s: answered(s) and s["overlay"] != first)
    click(window, state["why"]["second"])
    state = window.wait(lambda s: answered(s) and "more ink" in s["meaning"][1])
    assert f"{state['digit']}" not in state["asked"]["second"]
    click(window, state["why"]["occlusion"])
    state = window.wait(lambda s: answered(s) and ", not a" in s["meaning"][1])
    click(window, state["why"]["first"])
    state = window.wait(lambda s: answered(s) and s["meaning"][1] == f"for a {s['digit']}")
    window.keys("t")
    dark = {"background": DARK.canvas, "line_colours": [DARK.trough]}
    window.wait(lambda s: answered(s) and dark.items() <= s.items())
    window.keys("t")
    window.wait(lambda s: s["background"] == LIGHT.canvas)
    click(window, state["why"]["gradient"])
    window.keys("c")
    window.wait(lambda s: s["overlay"] is None and s["because"] is None)
    window.wait(lambda s: s["meaning"] == ["", ""], "the words stay")


def test_the_keys_alone_ask_another_question(window):
    window.draw(*strokes(5))
    window.keys("w")
    window.wait(lambda s: answered(s) and s["asked"]["first"] == "Why a 5?")
    window.steady()
    window.keys("shift+Tab", "shift+Tab", "Right", "space")  # past Gradient and Occlusion
    window.wait(lambda s: answered(s) and s["meaning"][1].startswith("more ink here"))
    window.keys("w", "i")
    window.wait(lambda s: s["inside"] and s["inside"]["columns"] and s["steady"])
    window.keys("shift+Tab", "shift+Tab", "shift+Tab", *["Right"] * 4, "space")
    window.wait(lambda s: s["inside"] and s["inside"]["label"] == 3)
    window.keys("i")
    window.wait(lambda s: not s["inside"])


def test_k_shows_the_kernels_and_the_digits_that_excite_them(window):
    window.keys("k")
    state = window.wait(lambda s: len(s.get("found") or ()) == 8)
    assert (state["layer"], state["input_map"]) == ("conv2d", "the only input map")
    assert len(state["tile_boxes"]) == 16
    values = [value for _, value in state["found"]]
    assert values == sorted(values, reverse=True)
    assert "Filter 0 of 16" in state["foot"][0]
    left, top, right, bottom = state["tile_boxes"]["3"]
    tiles = state["tiles"]
    click(
        window,
        {
            "x": tiles["x"] + left,
            "y": tiles["y"] + top,
            "width": right - left,
            "height": bottom - top,
        },
    )
    state = window.wait(lambda s: s["chosen"] == 3 and s["found"])
    assert "Filter 3 of 16" in state["foot"][0]
    assert state["searched"][1] == 2000
    window.keys("Right")
    window.wait(lambda s: s["chosen"] == 4 and s["found"])
    click(window, state["boxes"]["layer"], button=5)  # the wheel: the next layer
    state = window.wait(lambda s: s["layer"] == "conv2d_1" and s["found"] and s["chosen"] == 0)
    assert state["input_map"] == "strongest input map"
    assert len(state["tile_boxes"]) == 32
    window.keys("t", "t")
    window.draw(*strokes(7))  # goes on beside it
    assert window.state["digit"] == "7"


def test_the_buttons_of_open_panes_are_held_down(window):
    for key in ("w", "k"):
        window.keys(key)
    window.wait(lambda s: s["held_down"] == ["show_kernels", "show_why", "take_pen"])
    for key in ("w", "k"):
        window.keys(key)
    window.wait(lambda s: s["held_down"] == ["take_pen"])


def test_a_pane_shut_before_the_screen_has_made_room_leaves_the_window_as_it_was(window):
    size = window.rested()["size"]
    window.keys(*"kkkkkkkk")
    assert window.rested()["size"] == size


def test_the_view_is_saved_by_its_keys(window):
    window.keys("ctrl+shift+s")
    window.wait(lambda s: "draw a digit first" in s["message"])
    window.draw(*strokes(3))
    path = window.folder / "view.png"
    window.keys("ctrl+shift+s")
    window.wait(lambda s: "tk_filedialog" in s["focus"], "there was no dialog")
    window.screen.hand("type --delay 3 view", "key Return")
    state = window.wait(lambda s: s["message"].startswith("Saved"))
    assert not state["wrong"]
    with Image.open(path) as image:
        assert image.size[0] == 1600
        assert np.asarray(image)[:20].min() == 255
