"""Pictures that come from no file: the clipboard, MNIST's test digits, and the last drawings."""

import contextlib
import io
import random
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from gui.drawing.recent import MOST, Recent
from gui.recognition.other_pictures import bytes_of, picture_of_clipboard, random_test_digit
from gui.recognition.recogniser import Recogniser, prepare
from tests.support import xvfb
from tests.support.painted_digits import strokes
from tests.support.patience import started
from tests.support.xvfb import lacking
from tinycnn.datasets import sample
from tinycnn.utils.errors import PictureError

OWNER = """
import sys, tkinter
root = tkinter.Tk()
root.withdraw()
words = sys.argv[2]
give = lambda offset, length: words[int(offset):int(offset) + int(length)]
root.selection_handle(give, selection="CLIPBOARD", type=sys.argv[1], format="INTEGER")
root.selection_own(selection="CLIPBOARD")
root.update()
print("owned", flush=True)
root.mainloop()
"""


def png(grey):
    file = io.BytesIO()
    Image.fromarray(grey).save(file, "PNG")
    return file.getvalue()


def words(data):
    """Write bytes down as Tk does."""
    return " ".join(hex(value) for value in data)


def black_one():
    """Return a picture of a 1, black on white, uint8 (40, 40)."""
    grey = np.full((40, 40), 255, np.uint8)
    grey[6:34, 18:22] = 0
    return grey


def test_the_clipboards_picture_is_read_from_bytes_and_from_tks_words():
    data = png(black_one())
    for given in (data, words(data)):
        assert np.array_equal(picture_of_clipboard(given).grey, black_one() / np.float32(255))


@pytest.mark.parametrize(
    "data", [b"", b"nonsense", "", "0x89 0x50", "hello", "0x1ff", "-1", "٣ 0x"]
)
def test_what_is_no_picture_is_a_sentence_without_a_path(data):
    with pytest.raises(PictureError, match=r"^the clipboard: .* Copy a picture of one digit"):
        picture_of_clipboard(data)


def test_an_empty_picture_is_refused():
    with pytest.raises(PictureError, match=r"^the clipboard: "):
        Recogniser().paste(png(np.full((30, 30), 255, np.uint8)))


def test_words_are_bytes():
    assert bytes_of(words(bytes(range(256)))) == bytes(range(256))


def test_a_test_digit_is_one_of_the_sample_with_its_label_and_the_net_sees_it():
    _, (x, y) = sample.load_data()
    names = set()
    for seed in range(20):
        picture = random_test_digit(random.Random(seed))
        index = int(picture.name.split()[2]) - 1
        names.add(picture.name)
        assert picture.name.endswith(f"labelled {y[index]}")
        assert np.array_equal(np.rint(255 - 255 * picture.grey), x[index])
        seen = prepare((picture,)).astype(int)
        assert np.corrcoef(seen.ravel(), x[index].ravel())[0, 1] > 0.8
    assert len(names) > 10


def test_the_last_drawings_are_kept_once_and_the_oldest_go():
    recent = Recent()
    drawings = [(object(),) for _ in range(MOST + 2)]
    for drawing in drawings:
        assert recent.keep(drawing)
    assert recent.drawings == drawings[:1:-1]
    assert not recent.keep(drawings[-1])
    assert not recent.keep(())


@pytest.fixture
def window(tmp_path):
    if lacking() is not None:
        pytest.skip(lacking())
    with xvfb.living(folder=tmp_path) as window:
        yield window


@pytest.fixture
def copied(window):
    """Let another program put something on the clipboard."""
    with contextlib.ExitStack() as owners:

        def copied(kind, text):
            command = [sys.executable, "-c", OWNER, kind, text]
            environment = window.screen.environment
            owner = owners.enter_context(started(command, stdout=subprocess.PIPE, env=environment))
            assert owner.stdout.readline() == b"owned\n"

        yield copied


def test_a_copied_picture_is_pasted_and_read(window, copied):
    window.keys("ctrl+v")
    state = window.wait(lambda s: s["wrong"])
    assert "There is no picture on the clipboard" in state["message"]
    copied("image/png", words(png(black_one())))
    window.keys("ctrl+v")
    window.wait(lambda s: s["message"].startswith("From the clipboard."))
    assert window.settled()["digit"] == "1"


def test_a_test_digit_comes_by_its_key_and_undo_brings_the_drawing_back(window):
    window.draw(*strokes(4))
    window.keys("r")
    state = window.wait(lambda s: s["message"].startswith("Test digit"))
    assert (state["items"], state["strokes"]) == (1, [])
    assert window.settled()["shares"] is not None
    window.keys("ctrl+z")
    window.wait(lambda s: s["digit"] == "4" and len(s["strokes"]) == 2)


def test_a_click_brings_a_former_drawing_back_and_it_can_be_undone(window):
    paper = window.state["canvas"]
    window.draw(*strokes(3))
    window.clear()
    window.draw(*strokes(1))
    window.clear()
    window.wait(lambda s: len(s["recent"]) == 2)
    state = window.rested()  # they lie beside each other by now
    assert state["canvas"] == paper
    oldest = max(state["recent"], key=lambda place: place["x"])
    window.screen.hand(f"mousemove {oldest['x'] + 9} {oldest['y'] + 9}", "mousedown 1", "mouseup 1")
    window.wait(lambda s: s["digit"] == "3" and s["items"])
    window.keys("ctrl+z")
    window.wait(lambda s: not s["items"])
    window.keys_to("recentstrip", "shift+Tab")  # the keys alone do it, too
    window.keys("space")
    window.wait(lambda s: s["digit"] == "3" and s["items"])  # the last of them


def test_escape_does_nothing_to_drawing_and_window(window):
    window.draw(*strokes(4))
    window.keys("Escape", "Escape", "e")
    state = window.wait(lambda s: s["tool"] == "take_eraser")
    assert len(state["strokes"]) == 2
