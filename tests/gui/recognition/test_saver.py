"""Under which name a drawing is saved, what is asked before, and what is written. No screen needed."""

import importlib
import os
from array import array

import numpy as np
import pytest
from PIL import Image

from gui.drawing.drawing import Picture, Stroke
from gui.recognition.recogniser import Recogniser
from gui.recognition.saver import ENDINGS, SAVED, Saver, final_name, rasterised
from tests.support.painted_digits import strokes
from tinycnn.utils.errors import FileError, PictureError

FORMATS = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".gif": "GIF",
    ".bmp": "BMP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".webp": "WEBP",
    ".JPG": "JPEG",
}


def items(digit):
    return tuple(
        Stroke(array("d", [value for point in line for value in point]), 0.07)
        for line in strokes(digit)
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def ask(folder, monkeypatch):
    """Ask for a name as the window does; return it with the questions about what is to be replaced."""
    pytest.importorskip("tkinter")
    file_dialogs = importlib.import_module("gui.widgets.file_dialogs")

    def ask(answered, replace=True):
        asked, options = [], {}

        def dialog(**given):
            options.update(given)
            return answered

        def question(title, sentence, **given):
            asked.append(sentence)
            return replace

        monkeypatch.setattr(file_dialogs.filedialog, "asksaveasfilename", dialog)
        monkeypatch.setattr(file_dialogs.messagebox, "askyesno", question)
        path = file_dialogs.name_to_save(None, "")
        assert options["confirmoverwrite"] is False  # or there would be two questions
        return path, asked

    return ask


@pytest.mark.parametrize(
    ("answered", "path"),
    [
        ("5", "5.png"),
        ("5.jpg", "5.jpg"),
        ("5.PNG", "5.PNG"),
        ("5.v2", "5.v2.png"),
        ("5.", "5.png"),
        ("a.b/5", "a.b/5.png"),
        ("", ""),
    ],
)
def test_a_name_without_a_known_ending_becomes_a_png(ask, answered, path):
    assert ask(answered) == (path, [])


@pytest.mark.parametrize("answered", ["5.svg", "5.PDF", "5.h5", "5.txt", "5.psd", "5.zip"])
def test_another_kind_of_file_is_a_sentence_that_says_what_to_do(ask, folder, answered):
    (folder / answered).write_text("mine")
    with pytest.raises(
        PictureError, match=r"not saved as \.\w+\. End the name in \.png, .* or \.webp"
    ):
        ask(answered)


@pytest.mark.parametrize(
    ("answered", "path"), [("5.v2", "5.v2.png"), ("5", "5.png"), ("5.jpg", "5.jpg")]
)
def test_the_final_name_is_asked_about_once_before_it_is_replaced(ask, folder, answered, path):
    (folder / path).write_text("mine")
    assert ask(answered) == (path, [f"{path} is there already. Replace it?"])
    assert ask(answered, replace=False) == ("", [f"{path} is there already. Replace it?"])


def test_a_file_that_is_not_replaced_is_not_asked_about(ask, folder):
    (folder / "5.v2").write_text("mine")
    assert ask("5.v2") == ("5.v2.png", [])


@pytest.mark.parametrize("ending", FORMATS)
def test_each_kind_is_written_as_its_ending_says(folder, ending):
    assert Saver().save(f"5{ending}", items(5)) == f"5{ending}"
    with Image.open(f"5{ending}") as image:
        assert (image.format, image.size) == (FORMATS[ending], (SAVED, SAVED))


def test_every_ending_is_tried():
    assert {*ENDINGS} <= {*FORMATS}
    assert [final_name(f"a{ending}") for ending in FORMATS] == [f"a{e}" for e in FORMATS]


@pytest.fixture(scope="module")
def recogniser():
    recogniser = Recogniser()
    recogniser.load_bundled()
    return recogniser


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("digit", range(0, 10, 3))
def test_a_saved_drawing_is_opened_as_the_same_digit(recogniser, folder, digit, ending):
    Saver().save(f"drawing{ending}", items(digit))
    picture = recogniser.open(f"drawing{ending}")
    assert picture.name == f"drawing{ending}"
    assert int(np.argmax(recogniser.predict(1, (picture,)).shares)) == digit


def test_a_saved_drawing_is_black_on_white(tmp_path):
    path = tmp_path / "drawing.png"
    Saver().save(str(path), (Stroke(array("d", [0.5, 0.25, 0.5, 0.75]), 0.1),))
    with Image.open(path) as image:
        assert (image.format, image.size, image.mode) == ("PNG", (SAVED, SAVED), "L")
        assert image.getpixel((0, 0)) == 255
        assert image.getpixel((SAVED // 2, SAVED // 2)) == 0
        assert image.getpixel((SAVED // 2 + 45, SAVED // 2)) == 0
        assert image.getpixel((SAVED // 2 + 60, SAVED // 2)) == 255


@pytest.mark.parametrize("name", ["no/such/folder/a.png", "folder"])
def test_where_nothing_can_be_written_saving_is_an_error(folder, name):
    os.mkdir("folder")
    with pytest.raises((FileError, OSError), match=r"folder"):
        Saver().save(name, items(1))
    assert os.listdir() == ["folder"]


def test_an_opened_picture_is_saved_as_it_is_shown(tmp_path):
    grey = np.ones((30, 60), np.float32)
    grey[10:20, 28:32] = 0
    Saver().save(str(tmp_path / "a.png"), (Picture(grey, "a"),))
    with Image.open(tmp_path / "a.png") as image:
        saved = np.asarray(image)
    assert saved[0, 0] == 255
    assert saved[SAVED // 2, SAVED // 2] == 0


def test_drawings_are_rasterised_with_their_own_widths():
    thin = Stroke(array("d", [0.25, 0.1, 0.25, 0.9]), 0.02)
    thick = Stroke(array("d", [0.75, 0.1, 0.75, 0.9]), 0.2)
    middle = rasterised((thin, thick), 100)[50] / 255
    assert middle[:50].sum() == pytest.approx(2, abs=0.3)
    assert middle[50:].sum() == pytest.approx(20, abs=0.5)
