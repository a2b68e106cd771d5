"""Files in the real window: drawings that are saved, pictures and models that are opened."""

import pathlib

import pytest
from PIL import Image

from tests.support.painted_digits import strokes
from tests.support.xvfb import fits_window, lacking
from tinycnn import ops, pretrained
from tinycnn.ops import reference

pytestmark = [
    pytest.mark.skipif(lacking() is not None, reason=str(lacking())),
    pytest.mark.skipif(
        ops.implementation() is reference,
        reason="plain Python predicts a drawing later than the hand of these tests waits for it",
    ),
]


def answer(window, key, name):
    """Open a file dialog by its key, and answer it with a file of the folder that the window runs in."""
    window.keys(key)
    window.wait(lambda s: "tk_filedialog" in s["focus"], "there was no dialog")
    window.screen.hand(f"type --delay 3 {name}", "key Return")
    return window.wait(lambda s: not s["others"], "the dialog stayed")


def test_a_drawing_is_saved_and_opened_again(window):
    path = window.folder / "drawing"
    window.draw(*strokes(3))
    path.with_suffix(".png").unlink(missing_ok=True)
    answer(window, "ctrl+s", "drawing")
    state = window.wait(lambda s: "Saved" in s["message"])
    assert not state["wrong"]
    assert len(state["strokes"]) == 1  # typing a name did not clear the canvas
    with Image.open(f"{path}.png") as image:
        assert image.size == (1024, 1024)
    window.clear()
    answer(window, "ctrl+o", "drawing.png")
    window.wait(lambda s: s["message"].startswith("drawing.png"))
    assert window.settled()["digit"] == "3"
    window.draw(*strokes(1))  # begins afresh
    state = window.wait(lambda s: s["digit"] == "1")
    assert (state["items"], len(state["strokes"])) == (1, 1)
    window.keys("ctrl+z")
    window.wait(lambda s: s["digit"] == "3" and not s["strokes"])


@pytest.mark.parametrize("answered", ["yes", "no"])
def test_the_name_with_its_ending_is_asked_about_before_it_is_replaced(window, answered):
    path = window.folder / "digit.v2.png"
    path.write_text("mine")
    window.draw(*strokes(3))
    window.keys("ctrl+s")
    window.wait(lambda s: "tk_filedialog" in s["focus"])
    window.screen.hand("type --delay 3 digit.v2", "key Return")
    window.wait(lambda s: "messagebox" in s["focus"])
    window.screen.hand(f"key {'alt+y' if answered == 'yes' else 'Return'}")  # no is the default
    window.wait(lambda s: not s["others"])
    if answered == "yes":
        window.wait(lambda s: s["message"].endswith("digit.v2.png"))
        with Image.open(path) as image:
            assert image.format == "PNG"
    else:
        window.refocus()
        window.draw(*strokes(1))
        assert path.read_text() == "mine"


def test_another_kind_of_file_is_not_written(window):
    window.draw(*strokes(3))
    answer(window, "ctrl+s", "digit.svg")
    state = window.wait(lambda s: s["wrong"])
    assert "End the name in .png" in state["message"]
    assert not list(window.folder.glob("digit.svg*"))


def test_a_long_sentence_is_shown_whole_and_the_paper_stays_where_it_is(window):
    usual, least = window.state["size"], window.state["least"]
    window.resize(*least)
    window.wait(lambda s: s["size"] == least and fits_window(s))
    before = window.draw(*strokes(3))
    answer(window, "ctrl+s", f"a{'-long-name' * 20}.jp2")
    state = window.wait(lambda s: s["wrong"] and not s["cut"] and s["lines"] > 2)
    assert "…" not in state["message"]
    assert fits_window(state)
    assert window.rested()["canvas"] == before["canvas"]
    x, y = state["sentence"]["x"] + 5, state["sentence"]["y"] + 5
    window.screen.hand(f"mousemove {x} {y}", "mousedown 1", "mouseup 1")
    assert window.wait(lambda s: not s["message"])["items"] == before["items"]
    window.resize(*usual)
    window.wait(lambda s: s["size"] == usual)


def test_nothing_is_not_saved(window):
    window.keys("ctrl+s")
    window.wait(lambda s: s["wrong"] and "draw a digit first" in s["message"])


@pytest.mark.parametrize("key", ["ctrl+o", "ctrl+m"])
def test_a_bad_file_is_a_sentence_and_the_window_goes_on(window, key):
    name = {"ctrl+o": "nonsense.png", "ctrl+m": "nonsense.h5"}[key]
    (window.folder / name).write_text("nonsense")
    before = window.draw(*strokes(6))
    answer(window, key, name)
    after = window.wait(lambda s: s["wrong"])
    assert {"ctrl+o": "picture", "ctrl+m": "HDF5"}[key] in after["message"]
    assert after["size"] == before["size"]
    assert after["canvas"] == before["canvas"]
    assert (after["model"], after["shares"]) == (before["model"], before["shares"])


def choose_model(window, name):
    """Press the button of the models, pull the mouse to one of them, and let it go."""
    button = window.state["buttons"]["models"]
    window.screen.hand(f"mousemove {button['x'] + 9} {button['y'] + 9}", "mousedown 1")
    state = window.wait(lambda s: s["menu"] and s["menu"]["height"] > 9, "no menu came")
    menu, share = state["menu"], (state["models"].index(name) + 0.5) / len(state["models"])
    place = menu["x"] + 30, round(menu["y"] + share * menu["height"])
    window.screen.hand(f"mousemove {place[0] + 1} {place[1]}", f"mousemove {place[0]} {place[1]}")
    window.rested()
    window.screen.hand("mouseup 1")
    window.wait(lambda s: not s["menu"], "the menu stayed")


def test_another_model_is_loaded_and_named(window):
    other = window.folder / "other.h5"
    other.write_bytes(pathlib.Path(pretrained.__file__).with_name("mnist.h5").read_bytes())
    window.draw(*strokes(9))
    answer(window, "ctrl+m", "other.h5")
    state = window.wait(lambda s: "other.h5 (" in s["model"])
    assert not state["wrong"]
    assert window.settled()["digit"] == "9"
    window.refocus()
    window.keys("ctrl+b")
    window.wait(lambda s: "the bundled model (" in s["model"])
    choose_model(window, "other.h5")
    state = window.wait(lambda s: "other.h5 (" in s["model"])
    assert state["models"] == ["Bundled model", "other.h5"]
    choose_model(window, "Bundled model")
    window.wait(lambda s: "the bundled model (" in s["model"])
