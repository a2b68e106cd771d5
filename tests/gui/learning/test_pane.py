"""The pane for learning in the real window, with a real mouse and keys: see tests/support/xvfb.py."""

import pytest

from tests.support.painted_digits import strokes
from tests.support.xvfb import App, Xvfb, lacking
from tinycnn.models import load_model

pytestmark = pytest.mark.skipif(lacking() is not None, reason=str(lacking()))


@pytest.fixture(scope="module")
def screen():
    screen = Xvfb("1280x900")
    yield screen
    screen.close()


@pytest.fixture(scope="module")
def start(screen, tmp_path_factory):
    """Open windows with the pane, and see to it that none stays."""
    opened = []

    def start():
        folder = tmp_path_factory.mktemp("window")
        own = {"TINYCNN_HOME": str(folder), "TINYCNN_DIGITS": str(folder / "digits")}
        window = App(screen, folder=folder, **own)
        opened.append(window)
        window.ready()
        window.keys("l")
        window.wait(lambda s: s["beside"]["name"] == "learning")
        window.wait(lambda s: any("First kernels" in word for word in s["beside"]["words"]))
        return window

    yield start
    for window in opened:
        window.kill()


@pytest.fixture(scope="module")
def shared(start):
    return start()


@pytest.fixture
def window(shared):
    """One window for all, emptied."""
    shared.refocus()
    press(shared, "As it was")
    shared.clear()
    press(shared, "One step")
    yield shared
    assert shared.errors == ""


def press(window, text):
    """Press a button of the pane, once it can be pressed."""

    def there(state):
        return state["beside"]["buttons"].get(text, {}).get("pressable", False)

    button = window.wait(there, f"there is no {text}")["beside"]["buttons"][text]
    x, y = button["x"] + button["width"] // 2, button["y"] + button["height"] // 2
    window.screen.hand("mousemove 1 1", f"mousemove {x} {y}")
    window.wait(lambda s: s["beside"]["buttons"].get(text, {}).get("active"), f"not at {text}")
    window.screen.hand("mousedown 1", "mouseup 1")


def told(window, text):
    """Wait until the pane says something; return the whole of it."""
    state = window.wait(lambda s: any(text in word for word in s["beside"]["words"]), text)
    return next(word for word in state["beside"]["words"] if text in word)


def train(window):
    press(window, "Train from nothing")
    press(window, "Start")
    told(window, "Learning, step")
    window.wait(lambda s: "the net in training" in s["model"])


def stop(window):
    press(window, "Stop")
    told(window, "Stopped")
    window.wait(lambda s: s["beside"]["buttons"]["Start"]["pressable"])


def losses(word):
    return [float(number) for number in word.removeprefix("Loss ").split(" → ")]


def test_a_step_changes_loss_bars_and_kernels_and_is_undone(window):
    window.draw(*strokes(3))
    shares = window.state["shares"]
    state = window.wait(lambda s: s["beside"]["percents"] == s["percents"] and s["percents"][3])
    assert "<1 %" not in state["beside"]["percents"]  # nine times nothing
    press(window, "8")
    press(window, "Step")
    before, after = losses(told(window, "→"))
    assert after < before
    told(window, "difference × ")
    state = window.wait(lambda s: "after 1 step " in s["model"] and s["shares"] != shares)
    assert state["shares"][8] > shares[8]
    press(window, "Ten steps")
    window.wait(lambda s: "after 11 steps" in s["model"] and s["digit"] == "8")
    press(window, "Undo step")
    window.wait(lambda s: "after 10 steps" in s["model"])
    press(window, "As it was")
    window.wait(lambda s: "after" not in s["model"] and s["shares"] == shares)


def test_what_was_missing_for_a_step_is_complained_about_until_there_is_a_step(window):
    window.draw(*strokes(3))
    press(window, "Step")
    window.wait(lambda s: s["wrong"] and "Choose first" in s["message"])
    press(window, "8")
    press(window, "Step")
    window.wait(lambda s: "after 1 step " in s["model"] and not s["wrong"] and not s["message"])


def test_the_net_that_reads_is_saved_under_the_name_that_is_chosen(window):
    window.draw(*strokes(3))
    press(window, "8")
    press(window, "Step")
    window.wait(lambda s: "after 1 step " in s["model"])
    press(window, "Save this net…")
    window.wait(lambda s: "tk_filedialog" in s["focus"])
    window.screen.hand("type --delay 3 mine", "key Return")
    window.wait(lambda s: not s["others"] and s["message"].startswith("Saved "))
    window.refocus()
    assert load_model(window.folder / "mine.h5").optimizer.iterations == 1


def test_a_step_needs_a_drawing_and_its_digit(window):
    press(window, "Step")
    window.wait(lambda s: s["wrong"] and s["message"] == "Draw a digit first.")
    window.draw(*strokes(3))
    press(window, "Step")
    window.wait(lambda s: s["wrong"] and "which digit it is" in s["message"])


def test_an_emptied_paper_forgets_its_digit(window):
    window.draw(*strokes(3))
    press(window, "8")
    told(window, "Loss ")
    window.clear()
    window.draw(*strokes(1))
    told(window, "which digit is it?")


def test_a_net_that_knows_nothing_learns_while_one_draws(window):
    train(window)
    window.draw(*strokes(5))
    shares = window.state["shares"]
    window.wait(lambda s: s["shares"] != shares, "it does not learn")
    press(window, "Pause")
    told(window, "Paused")
    press(window, "Go on")
    told(window, "Rows as they are")
    window.wait(lambda s: s["digit"] == "5", "it has not learnt to read")
    stop(window)
    window.wait(lambda s: "a net of your own" in s["model"])
    press(window, "As it was")
    window.wait(lambda s: "the bundled model (" in s["model"])


def test_another_model_that_is_opened_amid_a_training_reads(window):
    train_and_pause(window)  # so that it does not end by itself meanwhile
    window.keys("ctrl+b")
    window.wait(lambda s: "the bundled model (" in s["model"])
    window.draw(*strokes(5))
    assert "the bundled model (" in window.state["model"]
    press(window, "It reads my drawing")
    window.wait(lambda s: "the net in training" in s["model"])
    stop(window)


def test_writing_a_seed_is_no_command(window):
    window.draw(*strokes(5))
    press(window, "Train from nothing")
    field = window.wait(lambda s: "TSpinbox 0" in s["beside"]["buttons"])["beside"]["buttons"]
    assert field["TSpinbox 0"]["width"] == field["TSpinbox 1"]["width"]  # none is cut off
    place = max((field[name] for name in ("TSpinbox 0", "TSpinbox 1")), key=lambda one: -one["x"])
    window.screen.hand(f"mousemove {place['x'] + 8} {place['y'] + 9}", "mousedown 1", "mouseup 1")
    window.wait(lambda s: "spinbox" in s["focus"])
    window.keys("End", "BackSpace", "c", "Delete", "x")
    press(window, "Start")
    window.wait(lambda s: s["wrong"] and "Seed must be a whole number" in s["message"])
    assert window.state["items"] == len(strokes(5))
    window.keys("BackSpace", "BackSpace", "7", "Return")
    window.wait(lambda s: "spinbox" not in s["focus"])


def test_a_misread_drawing_is_kept_and_learnt_and_a_lesson_can_be_stopped(window):
    window.draw(*strokes(3))
    press(window, "My digits")
    told(window, "You have kept")
    press(window, "8")
    press(window, "Keep this drawing")
    told(window, "You have kept 1 digit,")
    lines = (window.folder / "digits" / "digits.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "file,digit,read as"
    assert lines[1].endswith(".png,8,3")
    press(window, "Learn mine")
    told(window, "Learning your digits")
    press(window, "Stop")
    told(window, "Stopped; nothing was changed.")
    assert "the bundled model (" in window.state["model"]


def train_and_pause(window):
    train(window)
    press(window, "Pause")
    told(window, "Paused")


def learn(window):
    window.draw(*strokes(3))
    press(window, "My digits")
    told(window, "You have kept")
    press(window, "8")
    press(window, "Keep this drawing")
    told(window, "You have kept 1 digit,")
    press(window, "Learn mine")
    told(window, "Learning your digits")


@pytest.mark.parametrize("state", [train, train_and_pause, learn])
def test_it_closes_cleanly_amid_a_training(start, state):
    window = start()
    state(window)
    assert window.close() == (0, "")
