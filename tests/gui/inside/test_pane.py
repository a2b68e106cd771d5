"""The pane on a real (unseen) screen: tiles follow the drawing, numbers are explained by mouse and keys."""

import numpy as np
import pytest
from PIL import Image

from gui.inside import passes
from gui.inside.colours import palette
from gui.widgets.theme import LIGHT
from tests.support import xvfb
from tests.support.inside_nets import net
from tests.support.painted_digits import strokes
from tests.support.xvfb import lacking
from tinycnn import ops, pretrained
from tinycnn.ops import reference

pytestmark = [
    pytest.mark.skipif(lacking() is not None, reason=str(lacking())),
    pytest.mark.skipif(
        ops.implementation() is reference,
        reason="plain Python predicts a drawing later than the hand of these tests waits for it",
    ),
]
SCREENS = {"96 dpi": ("1280x1024", 96), "192 dpi": ("2200x1700", 192)}
OFTEN = "96 dpi"  # the other is for make test-all


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=[pytest.mark.slow] * (name != OFTEN)) for name in SCREENS],
)
def living(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("folder")
    with xvfb.living(*SCREENS[request.param], folder=folder) as window:
        yield window


@pytest.fixture
def window(living):
    """The window with the pane open, forward, and a 3 on the paper."""
    living.refocus()
    if living.state["inside"] is None:
        living.keys("i")
        living.wait(lambda s: s["inside"] is not None and s["inside"]["columns"], "it did not open")
    if living.state["inside"]["pinned"]:
        click(living, at(living, "conv2d"))  # takes the keys
        living.keys("Escape")
        living.wait(lambda s: not s["inside"]["pinned"])
    turn(living, "")
    if living.state["items"]:
        living.clear()
    living.draw(*strokes(3))
    shown(living)
    return living


def shown(window, condition=lambda inside: True):
    """Wait until the pane shows the newest drawing; return its state."""

    def come(state):
        inside = state["inside"]
        newest = inside and inside["version"] == state["version"] and inside["shown"]
        whole = newest and inside["shown"] == inside["in_sight"]
        return whole and state["idle"] and condition(inside)

    return window.wait(come, "the tiles do not follow")["inside"]


def column(window, name):
    return next(c for c in window.state["inside"]["columns"] if c["name"] == name)


def at(window, name):
    """Return where on the screen the number in the middle of a layer's first tile lies."""
    return column(window, name)["x"], column(window, name)["y"]


def click(window, place):
    window.screen.hand(f"mousemove {place[0]} {place[1]}", "mousedown 1", "mouseup 1")


def turn(window, label):
    """Turn to the way back from a digit, or forward."""
    if (window.state["inside"]["label"] is None) is (label == ""):
        return
    button = window.state["inside"]["choices"][label]
    click(window, (button["x"] + button["width"] // 2, button["y"] + button["height"] // 2))
    shown(window, lambda inside: inside["label"] == (int(label) if label else None))


def expected(window, model):
    """Return the pass that the window should show."""
    state = window.state
    image = np.frombuffer(bytes.fromhex(state["image"]), np.uint8).reshape(28, 28)
    there = passes.forward(model, image)
    label = state["inside"]["label"]
    return there if label is None else passes.with_way_back(there, label)


def check_pixels(window, path, values, theme=LIGHT):
    """Check on a screenshot that the first tiles have the colours of their numbers in the middle."""
    wanted = {}
    for one in window.state["inside"]["columns"]:
        if one["kind"] == "maps" and one["layer"] in window.state["inside"]["shown"]:
            numbers = values[one["layer"] + 1]
            share = numbers[tuple(one["middle"])] / np.abs(numbers).max()
            wanted[one["x"], one["y"]] = palette(theme).shade(float(share))
    assert len(wanted) >= 2
    for _ in range(100):  # what Tk was told comes to the screen a moment later
        window.picture(path)
        with Image.open(path) as picture:
            seen = {place: picture.convert("RGB").getpixel(place) for place in wanted}
        far = [np.abs(np.subtract(seen[place], wanted[place])).max() for place in wanted]
        if max(far) <= 3:
            return
    raise AssertionError((seen, wanted))


def test_tiles_follow_the_drawing(window, tmp_path):
    model = pretrained.load()
    for digit in (3, 8):
        window.clear()
        window.draw(*strokes(digit))
        shown(window)
        check_pixels(window, tmp_path / "a.png", expected(window, model).values)
    assert f"{window.state['digit']}, " in window.state["inside"]["says"]


def test_the_way_back_shows_the_gradients_and_the_loss(window, tmp_path):
    turn(window, "5")
    back = expected(window, pretrained.load())
    assert back.loss in window.state["inside"]["says"]
    click(window, at(window, "conv2d_1"))
    told = window.wait(lambda s: s["inside"]["told"])["inside"]["told"]
    assert told.startswith("conv2d_1: dL/dy[12, 12, 0] = ")
    value = back.gradients[2][12, 12, 0]
    assert float(told.rpartition("= ")[2]) == pytest.approx(value, rel=2e-3, abs=1e-4)
    window.keys("Escape")
    window.wait(lambda s: not s["inside"]["pinned"])
    window.screen.hand("mousemove 3 3")
    window.wait(lambda s: not s["inside"]["selected"])
    check_pixels(window, tmp_path / "a.png", back.gradients)


def test_a_number_under_the_mouse_is_explained_and_what_feeds_it_outlined(window):
    x, y = at(window, "conv2d")
    window.screen.hand(f"mousemove {x} {y}")
    state = window.wait(lambda s: (s["inside"]["told"] or "").startswith("conv2d ("))["inside"]
    value = expected(window, pretrained.load()).values[1][13, 13, 0]
    assert state["told"].startswith("conv2d (Conv2D): y[13, 13, 0] = ")
    assert float(state["told"].rpartition("= ")[2]) == pytest.approx(value, abs=1e-4)
    assert "bias" in state["words"]
    assert "kernel" in state["words"]
    assert state["selected"] == state["marks"] == 1
    window.screen.hand("mousemove 3 3")
    window.wait(lambda s: s["inside"]["told"] is None and s["inside"]["marks"] == 0)


def pinned(window, layer, position):
    """Wait until a number is pinned and explained."""
    wanted = [layer, list(position)]
    text = f"[{', '.join(map(str, position))}] = "
    return window.wait(
        lambda s: s["inside"]["pinned"] == wanted and text in (s["inside"]["told"] or ""),
        f"{wanted} is not explained",
    )["inside"]


def test_a_click_pins_keys_walk_and_escape_lets_go_of_the_number_alone(window):
    click(window, at(window, "conv2d"))
    pinned(window, 0, (13, 13, 0))
    window.screen.hand("mousemove 3 3")
    steps = [
        *(("Right", 0, (13, 14, 0)), ("Down", 0, (14, 14, 0)), ("Next", 0, (14, 14, 1))),
        *(("Left", 0, (14, 13, 1)), ("Up", 0, (13, 13, 1)), ("Prior", 0, (13, 13, 0))),
        *(("ctrl+Left", -1, (14, 14, 0)), ("shift+Right", 0, (13, 13, 0))),
    ]
    for key, layer, position in steps:
        window.keys(key)
        pinned(window, layer, position)
    before = window.state
    window.keys("Escape")
    state = window.wait(lambda s: s["inside"]["told"] is None and not s["inside"]["pinned"])
    assert (state["items"], state["version"]) == (before["items"], before["version"])


def test_keys_walk_through_every_layer_to_the_classes_which_come_in_sight(window):
    click(window, at(window, "conv2d"))
    pinned(window, 0, (13, 13, 0))
    last = window.state["inside"]["columns"][-1]["layer"]
    for layer in range(1, last + 1):
        window.keys("ctrl+Right")
        window.wait(
            lambda s, layer=layer: (
                s["inside"]["pinned"] and s["inside"]["pinned"][0] == layer and s["inside"]["told"]
            )
        )
    inside = shown(window, lambda inside: last in inside["shown"] and "softmax" in inside["words"])
    pane, classes = inside["place"], inside["columns"][-1]
    assert pane["x"] < classes["x"] < pane["x"] + pane["width"]
    window.keys("Escape")
    window.wait(lambda s: not s["inside"]["pinned"])
    window.screen.hand(f"mousemove {at(window, 'dense')[0]} {at(window, 'dense')[1]}")
    wheel = ["mousedown 4", "mouseup 4"] * 15  # back to the left end
    window.screen.hand("keydown shift", *wheel, "keyup shift")
    window.wait(lambda s: s["inside"]["columns"][0]["x"] > pane["x"], "it did not scroll back")


def test_the_wheel_scrolls_the_maps_of_a_layer(window):
    assert column(window, "conv2d_1")["hidden"] > 0
    x, y = at(window, "conv2d_1")
    window.screen.hand(f"mousemove {x} {y}", "mousedown 5", "mouseup 5")
    window.wait(lambda s: column(window, "conv2d_1")["first"] == 1)
    window.screen.hand("mousedown 4", "mouseup 4", "mousemove 3 3")
    window.wait(lambda s: column(window, "conv2d_1")["first"] == 0)
    shown(window)


def test_dark_tiles_have_a_dark_ground(window, tmp_path):
    from gui.widgets.theme import DARK

    window.keys("t")
    shown(window, lambda inside: inside["dark"] and inside["colour"] == DARK.window)
    check_pixels(window, tmp_path / "a.png", expected(window, pretrained.load()).values, DARK)
    window.keys("t")
    shown(window, lambda inside: not inside["dark"])


def test_blank_paper_has_blank_tiles_and_says_so(window):
    window.clear()
    inside = shown(window)
    assert "Draw a digit" in inside["says"]
    window.screen.hand(f"mousemove {at(window, 'conv2d')[0]} {at(window, 'conv2d')[1]}")
    window.wait(lambda s: s["inside"]["selected"] and s["idle"])
    assert window.state["inside"]["told"] is None
    window.screen.hand("mousemove 3 3")


def test_another_model_has_other_columns(window, tmp_path):
    model = net("lenet")
    model.save(window.folder / "lenet.h5")
    window.keys("ctrl+m")
    window.wait(lambda s: "tk_filedialog" in s["focus"], "there was no dialog")
    window.screen.hand("type --delay 3 lenet.h5", "key Return")
    names = [layer.name for layer in model.layers]
    inside = shown(window, lambda inside: [c["name"] for c in inside["columns"]][1:] == names)
    check_pixels(window, tmp_path / "a.png", expected(window, model).values)
    window.refocus()
    turn(window, "4")
    assert "brings none" in window.state["inside"]["says"]
    check_pixels(window, tmp_path / "a.png", expected(window, model).gradients)
    assert inside["label"] is None
    window.keys("ctrl+b")
    shown(window, lambda inside: "conv2d_3" in [c["name"] for c in inside["columns"]])


def test_shut_it_takes_its_room_back_and_opened_again_it_shows_the_newest_drawing(window):
    wide = window.state["size"][0]
    click(window, at(window, "conv2d"))
    window.wait(lambda s: "pane" in s["focus"])
    window.keys("Escape")
    window.press("show_inside")
    window.wait(lambda s: s["inside"] is None and s["size"][0] < wide and s["focus"] == ".")
    window.clear()
    window.draw(*strokes(8))
    window.keys("i")
    shown(window)
    window.wait(lambda s: s["size"][0] == wide)  # it grows a moment later


def test_in_a_small_window_the_tiles_have_the_larger_share_and_their_legends_are_whole(
    window, request
):
    usual, times = window.state["size"], SCREENS[request.node.callspec.params["living"]][1] // 96
    small = [1024 * times, 545 * times]  # what a screen of 1024x600 leaves
    window.resize(*small)
    window.wait(lambda s: s["size"] == small)
    try:
        inside = shown(window)
        assert inside["share"] >= 0.54  # a pixel may go to rounding
        assert max(inside["feet"]) <= inside["height"]
    finally:
        window.resize(*usual)
        window.wait(lambda s: s["size"] == usual)
