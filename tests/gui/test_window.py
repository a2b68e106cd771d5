"""The real window on a real (unseen) screen, driven by mouse and keys, at several finenesses of screen."""

import array

import numpy as np
import pytest
from PIL import Image

from gui.drawing.drawing import Stroke
from gui.recognition.recogniser import prepare
from gui.widgets.controls import LEAST
from gui.widgets.theme import DARK, LIGHT
from tests.support.painted_digits import moved, strokes
from tests.support.xvfb import fits_window, lacking
from tinycnn import ops
from tinycnn.ops import reference

pytestmark = [
    pytest.mark.skipif(lacking() is not None, reason=str(lacking())),
    pytest.mark.skipif(
        ops.implementation() is reference,
        reason="plain Python predicts a drawing later than the hand of these tests waits for it",
    ),
]

FARTHEST = (
    12  # grey levels between two pictures of the same strokes, a mean over the pixels of either
)
PENS = {"take_pen": "p", "take_eraser": "e"}


def seen(state):
    """Return what the net saw, (28, 28)."""
    return np.frombuffer(bytes.fromhex(state["image"]), np.uint8).reshape(28, 28).astype(int)


def meant(lines):
    """Return what the net should see of these strokes, whatever screen they were drawn on."""
    flat = [array.array("d", [value for point in line for value in point]) for line in lines]
    return prepare(tuple(Stroke(points, 0.05) for points in flat)).astype(int)


def difference(one, other):
    foreground = (one > 0) | (other > 0)
    return np.abs(one - other)[foreground].mean()


def draw_whole(window, lines):
    """Draw, and see to it that every point is in the drawing, however busy the machine is."""
    state = window.draw(*lines)
    assert state["strokes"] == [window.drawn(line) for line in lines]
    return state


def test_ten_digits_are_read_right(window):
    digits = {}
    for digit in range(10):
        state = window.draw(*strokes(digit))
        digits[digit] = state["digit"]
        assert sum(state["shares"]) == pytest.approx(1, abs=1e-4)
        assert int(np.argmax(state["shares"])) == int(state["digit"])
        window.clear()
    assert digits == {digit: str(digit) for digit in range(10)}


def test_a_number_is_read_and_the_newest_digit_has_the_bars(window):
    lines = [moved(strokes(digit), 0.25, 0.24 * k, 0.3) for k, digit in enumerate((2, 0, 4, 5))]
    state = window.draw(*[line for some in lines for line in some])
    assert (state["digit"], state["headline"]) == ("5", "2045")
    assert state["second"].startswith("5: ")
    assert int(np.argmax(state["shares"])) == 5
    window.clear()


def test_a_long_number_is_not_cut_off_in_the_smallest_window(window):
    size, least = window.state["size"], window.state["least"]
    window.resize(*least)
    window.wait(lambda s: s["size"] == least and s["steady"])
    window.draw(*[[(0.03 + 0.04 * k, 0.4), (0.03 + 0.04 * k, 0.6)] for k in range(24)])
    number = 24 * "1"
    window.wait(lambda s: s["headline"].replace("\n", "") == number and not s["cut_off"])
    window.resize(*size)
    window.wait(lambda s: s["size"] == size and s["headline"] == number and not s["cut_off"])
    window.clear()


def test_the_same_strokes_are_the_same_picture_wherever_and_however_they_are_drawn(window):
    distances = {}
    for digit in (2, 5, 8):
        should = meant(strokes(digit))
        for name, change in {"there": (1, 0, 0), "corner": (0.4, 0.55, 0.02)}.items():
            distances[digit, name] = difference(
                should, seen(draw_whole(window, moved(strokes(digit), *change)))
            )
            window.clear()
    window.keys(*["bracketright"] * 5)
    window.wait(lambda s: s["pen"] > 0.15)
    distances["thick"] = difference(meant(strokes(5)), seen(draw_whole(window, strokes(5))))
    window.clear()
    window.keys(*["bracketleft"] * 5)
    window.wait(lambda s: s["pen"] < 0.08)
    assert max(distances.values()) <= FARTHEST


def test_undo_goes_back_to_the_first_stroke_and_redo_to_the_last(window):
    for x in (0.2, 0.5, 0.8):
        window.draw([(x, 0.2), (x, 0.8)])
    window.keys("ctrl+z", "u")
    window.wait(lambda s: s["items"] == s["shown"] == 1)
    window.press("undo")
    state = window.wait(lambda s: s["items"] == s["shown"] == 0 and s["predicted"] is None)
    assert (state["digit"], state["headline"], state["shares"]) == ("", "", None)
    assert "clear" not in state["pressable"]
    window.keys("ctrl+y", "ctrl+shift+z")
    window.wait(lambda s: s["items"] == s["shown"] == 2)
    window.press("redo")
    state = window.wait(lambda s: s["items"] == s["shown"] == 3)
    assert "redo" not in state["pressable"]
    window.settled()


@pytest.mark.parametrize("way", ["right button", "key", "button"])
def test_the_eraser_parts_a_stroke(window, way):
    window.draw([(0.2, 0.5), (0.8, 0.5)])
    if way == "key":
        window.keys("e")
    elif way == "button":
        window.press("take_eraser")
    if way != "right button":
        window.wait(lambda s: s["tool"] == "take_eraser")
    window.draw([(0.5, 0.3), (0.5, 0.4), (0.5, 0.5)], button=3 if way == "right button" else 1)
    state = window.wait(lambda s: s["items"] == s["shown"] == 2)
    assert all(count > 2 for count in state["strokes"])
    window.keys("ctrl+z")
    window.wait(lambda s: s["strokes"] == [2] and s["shown"] == 1)


def test_a_cleared_drawing_comes_back_by_undo(window):
    before = window.draw(*strokes(4))
    window.press("clear")
    window.wait(lambda s: s["items"] == s["shown"] == 0 and not s["digit"] and not s["drawing"])
    window.keys("ctrl+z")
    window.wait(lambda s: s["shown"] == 2)
    after = window.settled()
    assert (after["image"], after["shares"]) == (before["image"], before["shares"])


def test_the_drawing_survives_another_size(window):
    draw_whole(window, strokes(7))
    before = window.wait(lambda s: s["box"])
    width, height = before["size"]
    window.resize(width + 90, height + 110)
    wide = before["canvas"]["width"] + 50
    grown = window.wait(lambda s: s["canvas"]["width"] > wide and s["box"])
    growth = grown["canvas"]["width"] / before["canvas"]["width"]
    assert grown["box"] == pytest.approx([growth * value for value in before["box"]], abs=5)
    assert (grown["image"], grown["strokes"]) == (before["image"], before["strokes"])
    window.clear()
    again = draw_whole(window, strokes(7))
    assert difference(seen(before), seen(again)) <= FARTHEST
    window.resize(width, height)
    window.wait(lambda s: s["canvas"] == before["canvas"])
    assert window.settled()["digit"] == "7"


def test_at_its_least_size_nothing_is_cut_off(window):
    usual, least = window.state["size"], window.state["least"]
    window.resize(*least)
    state = window.wait(lambda s: s["size"] == least and fits_window(s), "something is cut off")
    assert state["canvas"]["width"] > least[0] / 3
    window.resize(*usual)
    window.wait(lambda s: s["size"] == usual and fits_window(s))


def test_lines_have_smooth_edges_while_and_after_they_are_drawn(window, tmp_path):
    def greys():
        window.rested()
        window.picture(tmp_path / "screen.png")
        place = window.state["canvas"]
        corner = place["x"] + place["width"] // 2, place["y"] + place["height"] // 2
        with Image.open(tmp_path / "screen.png") as image:
            paper = image.convert("L").crop((place["x"], place["y"], *corner))
        return {grey for _, grey in paper.getcolors()}

    line = [(0.1, 0.1), (0.27, 0.31), (0.45, 0.13)]
    window.screen.hand(*window.pull(line)[:-1])
    window.wait(lambda s: s["drawing"])
    assert len(greys()) > 50
    window.screen.hand("mouseup 1")
    window.wait(lambda s: s["items"] and not s["drawing"])
    assert len(greys()) > 50


def test_the_theme_changes_by_key_and_button(window):
    window.draw(*strokes(1))
    window.keys("t")
    window.wait(lambda s: s["background"] == DARK.canvas and s["line_colours"] == [DARK.line])
    window.press("change_theme")
    window.wait(lambda s: s["background"] == LIGHT.canvas and s["line_colours"] == [LIGHT.line])


def test_the_keys_are_listed_and_the_list_goes_away(window):
    size = window.state["size"]
    window.keys("F1")
    window.dismiss()
    window.press("show_keys")
    window.wait(lambda s: s["others"])
    window.press("show_keys")
    state = window.wait(lambda s: not s["others"])
    assert state["size"] == size


def test_escape_puts_the_list_of_keys_away_and_never_the_drawing(window):
    window.draw([(0.5, 0.2), (0.5, 0.8)])
    window.keys("F1")
    window.dismiss()
    window.refocus()
    window.keys("Escape", "e")
    assert window.wait(lambda s: s["tool"] == "take_eraser")["items"] == 1


def test_the_list_of_keys_leaves_the_paper_free(window):
    screen = int(window.screen.size.split("x")[0])

    def free(state):
        canvas, keys = state["canvas"], state["places"][0]
        beyond = keys["x"] >= canvas["x"] + canvas["width"]
        return keys["width"] > 50 and (beyond or keys["x"] + keys["width"] == screen)

    window.keys("F1")
    window.wait(lambda s: s["others"] and free(s), "it lies on the paper")
    window.dismiss()


def test_a_click_beside_a_sliders_knob_brings_it_there(window):
    for name, value in {"thicker": "pen", "raise_threshold": "threshold"}.items():
        slider, before = window.state["sliders"][name], window.state[value]
        middle = slider["x"] + slider["width"] // 2, slider["y"] + slider["height"] // 2
        go = f"mousemove {middle[0]} {middle[1]}"
        window.screen.hand(go, "mousedown 1", "mouseup 1", "mousemove 1 1")
        low, high = {"pen": (0.09, 0.13), "threshold": (0.7, 0.79)}[value]
        window.wait(lambda s, v=value, a=low, b=high: a < s[v] < b and s[v] != before)  # noqa: B023
    window.keys(*["bracketleft"] * 10, *["comma"] * 20)
    window.wait(lambda s: s["pen"] == 0.02 and s["threshold"] == LEAST)
    window.keys(*["bracketright"] * 7, *["period"] * 2)
    window.wait(lambda s: abs(s["threshold"] - LEAST - 0.1) < 1e-6 and 0.07 < s["pen"] < 0.08)


def test_the_longest_bar_stands_out_and_next_to_nothing_has_no_number(window):
    state = window.draw(*strokes(1))
    digit = int(state["digit"])
    assert state["bars"].count(state["bars"][digit]) == 1
    assert "%" in state["percents"][digit]
    assert "<1 %" not in state["percents"]


def test_a_tooltip_names_the_key(window):
    button = window.state["buttons"]["save_drawing"]
    x, y = button["x"] + 5, button["y"] + 5
    window.screen.hand(f"mousemove {x} {y}")
    window.wait(lambda s: any("Ctrl+S" in tip for tip in s["tips"]))
    window.screen.hand(f"mousemove {x} {window.state['canvas']['y'] + 50}")
    window.wait(lambda s: not s["tips"])


def test_keys_with_control_or_alt_mean_something_else(window):
    window.draw([(0.5, 0.2), (0.5, 0.8)])
    pen = window.state["pen"]
    window.keys("ctrl+c", "alt+c", "ctrl+e", "ctrl+t", "bracketright")
    window.wait(lambda s: s["pen"] > pen)
    window.keys("bracketleft")
    state = window.wait(lambda s: abs(s["pen"] - pen) < 1e-9)
    assert (state["items"], state["tool"]) == (1, "take_pen")
    assert state["background"] == LIGHT.canvas
    window.keys("C")  # as with Caps Lock
    window.wait(lambda s: s["items"] == 0)


def test_a_stroke_that_leaves_the_window_ends_where_it_is_let_go(window):
    window.draw([(0.5, 0.5), (0.9, 0.5), (5, 0.5), (5, 5), (0.5, 5), (0.1, 5)])
    assert window.state["strokes"] == [3]  # to the edge, and not along it
    window.clear()
    window.screen.hand(*window.pull([(3.0, 0.5), (0.5, 0.5), (0.6, 0.6)]))  # began elsewhere
    window.keys("e")
    assert window.wait(lambda s: s["tool"] == "take_eraser")["items"] == 0


@pytest.mark.parametrize("key", ["ctrl+z", "c", "F1", "ctrl+s", "resize", "other button"])
def test_anything_may_happen_in_mid_stroke(window, key):
    window.draw([(0.2, 0.2), (0.2, 0.8)])
    lines = window.pull([(0.5, 0.2), (0.5, 0.8)])[:-1]
    window.screen.hand(*lines)
    window.wait(lambda s: s["drawing"])
    size = window.state["size"]
    if key == "resize":
        window.resize(size[0] + 40, size[1] + 60)
        window.wait(lambda s: s["size"] != size and s["drawing"])
    elif key == "other button":
        window.screen.hand("click 3")
    else:
        window.keys(key)
    others = key in ("F1", "ctrl+s")
    if others:
        window.wait(lambda s: s["others"])
    window.screen.hand("mouseup 1")
    if others:
        window.dismiss()
    window.wait(lambda s: not s["drawing"])
    if key == "resize":
        window.resize(size[0], size[1])
        window.wait(lambda s: s["size"] == size)
    left = {"ctrl+z": 1, "c": 0}.get(key, 2)
    window.wait(lambda s: s["items"] == s["shown"] == left)
    assert window.settled()["items"] == left
