"""The window on small, large and fine screens: all of it lies on the screen, and all of it grows."""

import pytest

from gui.widgets.theme import DARK
from tests.support.marks import first_is_quick
from tests.support.painted_digits import moved, strokes
from tests.support.xvfb import App, Xvfb, fits_window, lacking

pytestmark = pytest.mark.skipif(lacking() is not None, reason=str(lacking()))

SCREENS = first_is_quick([("1024x600", 96), ("800x480", 96), ("1920x1080", 192)])


@pytest.fixture
def opened(tmp_path):
    """Open a window on a screen of its own."""
    made = []

    def opened(size, dpi=96):
        screen = Xvfb(size, dpi)
        window = App(screen, folder=tmp_path)
        made.extend([window.kill, screen.close])
        window.ready()
        return window

    yield opened
    for end in made:
        end()


@pytest.mark.parametrize(("size", "dpi"), SCREENS)
def test_everything_lies_on_a_small_screen(opened, size, dpi):
    state = opened(size, dpi).state
    across, down = map(int, size.split("x"))
    assert state["size"][0] <= across
    assert state["size"][1] <= down
    for place in [*state["buttons"].values(), *state["sliders"].values(), state["canvas"]]:
        assert place["x"] + place["width"] <= across
        assert place["y"] + place["height"] <= down


@pytest.mark.parametrize(("size", "dpi"), SCREENS)
def test_the_list_of_keys_lies_on_a_small_screen(opened, size, dpi):
    window = opened(size, dpi)
    window.keys("F1")
    state = window.wait(lambda s: s["places"] and s["places"][0]["height"] > 100)
    (place,) = state["places"]
    assert place["y"] >= 0
    assert place["y"] + place["height"] <= int(size.partition("x")[2])


def test_where_a_pane_leaves_the_answer_no_room_it_is_a_line(opened):
    window = opened("1366x768", 144)
    window.draw(*[line for k in (0, 1) for line in moved(strokes(k + 4), 0.4, 0.4 * k, 0.3)])
    assert window.state["answer"] is None
    window.keys("k")
    assert fits_window(
        window.wait(lambda s: (s["answer"] or "").startswith("45, 5: ") and s["steady"])
    )
    window.clear()
    assert window.state["answer"] == ""
    window.draw(*strokes(4))
    window.wait(lambda s: s["answer"].startswith("4, ") and s["answer"].endswith(" sure"))
    window.keys("k")
    window.wait(lambda s: s["answer"] is None)


@pytest.mark.slow
def test_a_window_with_a_pane_cannot_be_made_so_small_that_it_is_cut(opened):
    window = opened("1280x1024")
    usual = window.state["least"]
    window.keys("k")
    window.wait(lambda s: s["beside"]["name"] and s["least"][0] > 990 > usual[0])
    window.keys("k")
    window.wait(lambda s: not s["beside"]["name"] and s["least"] == usual)


def test_on_a_large_screen_it_opens_large_and_all_of_it_grows(opened):
    window = opened("1920x1080")
    state = window.state
    assert state["size"][0] * state["size"][1] > 0.4 * 1920 * 1080
    assert window.draw(*strokes(5))["digit"] == "5"
    window.resize(1900, 1060)
    window.wait(lambda s: s["unit"] > state["unit"], "the picture stayed small")

    def close_by(state):
        paper, pen = state["canvas"], state["buttons"]["take_pen"]
        below = pen["y"] - paper["y"] - paper["height"]
        return abs(pen["x"] - paper["x"]) <= 2 and 0 < below < 30 and paper["width"] > 800

    window.wait(close_by, "the tools lie far from the paper")


def test_tab_reaches_the_buttons_and_arrows_step_the_sliders(opened):
    window = opened("1280x1024")
    window.keys("Tab")
    window.wait(lambda s: "button" in s["focus"])
    for _ in range(40):
        if "scale" in window.state["focus"]:
            break
        before = window.state["focus"]
        window.keys("Tab")
        window.wait(lambda s: s["focus"] != before)  # noqa: B023
    values = window.state["pen"], window.state["threshold"]
    window.keys("Right")
    state = window.wait(lambda s: (s["pen"], s["threshold"]) != values)
    assert state["pen"] < 0.1
    assert state["threshold"] < 0.9


def test_a_tooltip_is_dark_in_the_dark(opened):
    window = opened("1280x1024")
    window.keys("t")
    window.wait(lambda s: s["background"] == DARK.canvas)
    button = window.state["buttons"]["undo"]
    window.screen.hand(f"mousemove {button['x'] + 5} {button['y'] + 5}")
    window.wait(lambda s: s["tip_colours"] == [DARK.canvas])
