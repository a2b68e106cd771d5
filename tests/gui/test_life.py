"""The window's beginning, its end in every state, and a thousand random events. See tests/support/xvfb.py."""

import os
import random
import signal
import sys

import pytest
from PIL import Image

from tests.support import xvfb
from tests.support.marks import first_is_quick, needs_kernels, posix_only
from tests.support.painted_digits import strokes
from tests.support.patience import run
from tests.support.xvfb import ROOT, App, Xvfb, lacking

pytestmark = pytest.mark.skipif(lacking() is not None, reason=str(lacking()))


@pytest.fixture(scope="module")
def screen():
    screen = Xvfb()
    yield screen
    screen.close()


@pytest.fixture
def start(screen, tmp_path):
    """Open windows, and see to it that none stays."""
    opened = []

    def start(*arguments, **environment):
        opened.append(App(screen, *arguments, folder=tmp_path, **environment))
        return opened[-1]

    yield start
    for window in opened:
        window.kill()


def draw_on(window):
    window.screen.hand(*window.pull(strokes(3)[0])[:-1])
    window.wait(lambda s: s["drawing"])


def dialog(key):
    def open_it(window):
        if key == "ctrl+s":
            window.draw(*strokes(1))
        window.keys(key)
        window.wait(lambda s: "tk_filedialog" in s["focus"])

    return open_it


def second_dialog(window):
    """Ask in a dialog for a file that is not there: now a second dialog says so."""
    dialog("ctrl+o")(window)
    window.screen.hand("type --delay 3 missing", "key Return")
    window.wait(lambda s: "messagebox" in s["focus"])


def open_key_list(window):
    window.keys("F1")
    window.wait(lambda s: s["others"])


def told(window):
    button = window.state["buttons"]["undo"]
    window.screen.hand(f"mousemove {button['x'] + 5} {button['y'] + 5}")
    window.wait(lambda s: s["tips"])


STATES = {
    "idle": lambda window: None,
    "drawing": draw_on,
    "erasing": lambda window: window.screen.hand(*window.pull(strokes(3)[0], button=3)[:-1]),
    "list of keys": open_key_list,
    "tooltip": told,
    "open picture": dialog("ctrl+o"),
    "open model": dialog("ctrl+m"),
    "save": dialog("ctrl+s"),
    "dialog over dialog": second_dialog,
}


@pytest.mark.parametrize("state", first_is_quick(STATES))
def test_it_closes_cleanly_in_any_state(start, screen, state):
    window = start()
    window.ready()
    STATES[state](window)
    assert window.close() == (0, "")
    screen.hand("mouseup 1", "mouseup 3")


@needs_kernels
@pytest.mark.slow
def test_it_closes_cleanly_while_kernels_are_compiled_and_by_its_key(start, tmp_path):
    cache = str(tmp_path / "kernels")
    window = start(NUMBA_CACHE_DIR=cache)
    window.appear()
    draw_on(window)
    window.screen.hand("mouseup 1")
    window.wait(lambda s: s["strokes"])
    window.keys("ctrl+q")
    assert window.ended() == (0, "")
    again = start(NUMBA_CACHE_DIR=cache)  # with what was compiled until then
    again.ready()
    assert again.draw(*strokes(5))["digit"] == "5"
    assert again.close() == (0, "")


HELD = [
    *first_is_quick(["importing", "loading", "predicting"]),
    pytest.param("compiling", marks=[needs_kernels, pytest.mark.slow]),
]


@pytest.fixture(params=HELD)
def held(request, start):
    """A window whose worker never ends what it is at: compiling a kernel, for one."""
    window = start("--hold", request.param)
    window.appear()
    draw_on(window)
    window.screen.hand("mouseup 1")
    window.wait(lambda s: s["held"])
    return window


def test_it_closes_without_waiting_for_what_its_worker_is_at(held):
    assert held.close() == (0, "")


def test_while_the_model_loads_the_picture_and_a_word_are_shown(start):
    window = start("--hold", "loading")
    window.appear()
    draw_on(window)
    window.screen.hand("mouseup 1")
    state = window.wait(lambda s: s["image"] and s["headline"] == "loading…")
    assert any(bytes.fromhex(state["image"]))
    assert state["shares"] is None
    assert window.close() == (0, "")


def test_a_dialog_is_closed_without_waiting_for_the_worker(held):
    dialog("ctrl+o")(held)
    assert held.close() == (0, "")


CODES = {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129}


@posix_only
@pytest.mark.parametrize("name", first_is_quick(CODES))
@pytest.mark.parametrize("busy", first_is_quick([True, False]))
def test_signals_close_it_without_waiting_for_the_worker(start, name, busy):
    window = start("--hold", "loading") if busy else start()
    if busy:
        window.appear()
        window.wait(lambda s: s["held"])
    else:
        window.ready()
    dialog("ctrl+o")(window)
    window.process.send_signal(getattr(signal, name))
    code, errors = window.ended()
    assert code == CODES[name]
    assert ("interrupted" in errors) == (name == "SIGINT")
    assert "Traceback" not in errors


def test_a_drawing_is_saved_though_the_worker_is_busy_and_the_window_closes(start, tmp_path):
    window = start("--hold", "loading")
    window.appear()
    window.screen.hand(*window.pull(strokes(3)[0]))
    window.wait(lambda s: s["items"] and not s["drawing"] and s["held"])
    window.keys("ctrl+s")
    window.wait(lambda s: "tk_filedialog" in s["focus"])
    window.screen.hand("type --delay 3 three.jpg", "key Return")
    window.wait(lambda s: not s["others"])
    assert window.close() == (0, "")
    with Image.open(tmp_path / "three.jpg") as image:
        assert (image.format, image.size) == ("JPEG", (1024, 1024))


def test_a_drawing_that_cannot_be_saved_at_the_end_is_told_in_the_terminal(start):
    window = start("--hold", "saving")
    window.ready()
    window.draw(*strokes(3))
    window.keys("ctrl+s")
    window.wait(lambda s: "tk_filedialog" in s["focus"])
    window.screen.hand("type --delay 3 drawing", "key Return")
    window.wait(lambda s: s["held"] and not s["others"])
    assert window.close() == (1, "error: drawing.png: the disk is full\n")


def test_a_wait_for_what_never_comes_ends_by_the_windows_own_clock(start, monkeypatch):
    monkeypatch.setattr(xvfb, "RESTS", 50)
    window = start()
    window.ready()
    with pytest.raises(AssertionError, match="a word that it never says"):
        window.wait(lambda s: s["message"] == "never", "a word that it never says")
    assert window.close() == (0, "")


def test_it_closes_cleanly_right_after_the_start(start):
    window = start()
    window.wait(lambda s: s)
    assert window.close() == (0, "")


@pytest.mark.slow
def test_nothing_of_tks_is_ever_freed_by_the_worker(start):
    window = start("--sweep")  # the worker collects rubbish at each drawing
    window.ready()
    for _ in range(3):
        told(window)
        window.screen.hand("mousemove 1 1")
        window.wait(lambda s: not s["others"])
        open_key_list(window)
        window.dismiss()
        window.refocus()
        dialog("ctrl+o")(window)
        window.dismiss()
        window.refocus()
        window.draw(*strokes(7))
    assert window.close() == (0, "")


def random_events(chance, count):
    """Return so many lines for the hand: moves, buttons, wheel, keys and pauses."""
    keys = (
        "t p e u c F1 F1 bracketleft bracketright minus plus comma period Delete Escape Tab space"
    )
    keys = [
        *keys.split(),
        "ctrl+z",
        "ctrl+y",
        "ctrl+shift+z",
        "ctrl+s",
        "ctrl+o",
        "ctrl+m",
        "alt+x",
    ]
    for _ in range(count):
        what = chance.random()
        if what < 0.6:
            yield f"mousemove {chance.randrange(1280)} {chance.randrange(1024)}"
        elif what < 0.75:
            yield f"{chance.choice(['mousedown', 'mouseup'])} {chance.choice([1, 1, 1, 3, 2])}"
        elif what < 0.8:
            yield f"click {chance.choice([1, 3, 4, 5])}"
        elif what < 0.97:
            yield f"key {chance.choice(keys)}"
        else:
            yield "sleep 0.01"


@pytest.mark.slow
def test_a_thousand_random_events_while_a_model_loads(start, tmp_path):
    chance = random.Random(3)
    window = start(NUMBA_CACHE_DIR=str(tmp_path / "kernels"))
    window.appear()
    for _ in range(10):
        window.screen.hand(*random_events(chance, 99))
        window.resize(chance.randrange(100, 1300), chance.randrange(100, 1000))
    window.screen.hand("mouseup 1", "mouseup 2", "mouseup 3")
    window.rested()
    while window.state["others"]:
        *_, top = others = window.state["others"]
        frame = window.screen.around(window.state["stacked"][-1])
        window.screen.hand(f"windowfocus {frame}")
        window.wait(lambda s: s["focus"].startswith(top), "no keys come there")  # noqa: B023
        window.keys("Escape")
        window.wait(lambda s: len(s["others"]) < len(others))  # noqa: B023
    window.resize(1000, 800)
    window.refocus()
    window.clear()
    window.keys("p")
    window.wait(lambda s: s["tool"] == "take_pen" and s["model"])
    assert window.draw(*strokes(5))["digit"] == "5"
    assert window.close() == (0, "")


@pytest.mark.parametrize("model", first_is_quick(["missing.h5", "", "folder", "long", "pipe.h5"]))
def test_a_bad_model_at_the_start_is_a_sentence_and_the_bundled_one_reads(start, tmp_path, model):
    (tmp_path / "folder").mkdir()
    if model == "long":
        model = "/".join(["a-rather-long-name"] * 20)
    if model == "pipe.h5":
        if not hasattr(os, "mkfifo"):
            pytest.skip("this system has no pipes with names")
        os.mkfifo(tmp_path / "pipe.h5")
    window = start("--model", model)
    usual = window.appear()["size"]
    state = window.ready()
    assert state["wrong"]
    assert (
        ".h5" in state["message"]
        or model in state["message"]
        or "there is no such file" in state["message"]
    )
    assert state["size"] == usual
    assert state["model"].startswith("Model: the bundled model (")
    state = window.draw(*strokes(2))
    assert (state["digit"], state["message"]) == ("2", "")
    assert window.close() == (0, "")


@pytest.mark.slow
def test_two_windows_at_once(start):
    windows = [start(), start()]
    for window in windows:
        window.ready()
    assert [window.close() for window in windows] == [(0, ""), (0, "")]


def test_it_works_on_the_definitions_alone(start):
    window = start(NUMBA_DISABLE_JIT="1")
    window.ready()
    assert window.draw([(0.5, 0.2), (0.5, 0.8)])["digit"] == "1"
    # Prediction takes long here, so that predictions come when the canvas is empty again.
    for _ in range(3):
        window.screen.hand(*window.pull([(0.3, 0.2), (0.5, 0.8)]), "key c")
        window.wait(lambda s: s["idle"] and not s["items"] and not s["drawing"])
        assert (window.state["digit"], window.state["predicted"]) == ("", None)
    assert window.close() == (0, "")


# Without a screen, a Tk or a package: a sentence. These need no Xvfb.


def ended(*arguments, program=None, **environment):
    """Run `python -m gui`, or a program; return (exit code, output, errors)."""
    command = [sys.executable, *(["-c", program] if program else ["-m", "gui"]), *arguments]
    done = run(command, cwd=ROOT, env={**os.environ, **environment})
    return done.returncode, done.stdout, done.stderr


def without(module):
    """Return a program that is `python -m gui` on a Python that lacks a module."""
    return f"""
import sys
class Lacking:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Lacking())
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name: None if name == {module!r} else find(name)
from gui.__main__ import main
from tinycnn.utils.cli import run
run(main)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only X asks for a DISPLAY")
def test_without_a_screen_it_says_what_to_do():
    code, output, errors = ended(DISPLAY="")
    assert (code, output) == (1, "")
    assert "It needs a screen" in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize("module", ["tkinter", "_tkinter"])
def test_without_tk_it_says_how_to_get_it(module):
    code, output, errors = ended(program=without(module))
    assert (code, output) == (1, "")
    assert "apt install python3-tk" in errors
    assert "Traceback" not in errors


def test_without_a_package_it_says_how_to_get_it():
    code, output, errors = ended(program=without("numba"))
    assert (code, output) == (1, "")
    assert errors == "error: packages are missing: numba. Run: pip install --editable .\n"


@pytest.mark.parametrize("scaling", first_is_quick(["nan", "0", "-1", "inf", "much", "1e9"]))
def test_a_nonsensical_scaling_is_refused(scaling):
    code, _, errors = ended("--scaling", scaling)
    assert code == 2
    assert "from 0.5 to 8" in errors


def test_dialogs_spell_names_as_python_does_whatever_the_locale(screen):
    code = """
import argparse, tkinter
from gui.__main__ import open_window
root = open_window(argparse.Namespace(scaling=None))
print(root.tk.call("encoding", "system"))
"""
    environment = {**screen.environment, "PYTHONPATH": str(ROOT), "LC_ALL": "C"}
    done = run([sys.executable, "-c", code], env=environment)
    assert (done.stdout, done.stderr) == ("utf-8\n", "")
