"""The clipboard of Windows and macOS, which Pillow reads, stood in for; X11 has its own in recognition."""

import io
import types

import pytest
from PIL import Image, ImageGrab

from gui.widgets.clipboard import job_of_picture
from tinycnn.utils.errors import PictureError

ROOT = types.SimpleNamespace(tk=types.SimpleNamespace(call=lambda *words: "win32"))


def holding(monkeypatch, found):
    """Let the clipboard hold something, or fail."""

    def grab():
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(ImageGrab, "grabclipboard", grab)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "CMYK", "F", "YCbCr"])
def test_a_picture_of_any_kind_becomes_a_png(monkeypatch, mode):
    holding(monkeypatch, Image.new("L", (3, 2), 255).convert(mode))
    job, data = job_of_picture(ROOT)
    assert job == "paste"
    with Image.open(io.BytesIO(data), formats=["PNG"]) as picture:
        assert (picture.size, picture.convert("L").getpixel((0, 0))) == ((3, 2), 255)


def test_files_that_were_copied_are_opened_and_nothing_is_nothing(monkeypatch):
    holding(monkeypatch, ["a.png", "b.png"])
    assert job_of_picture(ROOT) == ("open", "a.png")
    for empty in ([], None):
        holding(monkeypatch, empty)
        assert job_of_picture(ROOT) is None


@pytest.mark.parametrize("error", [OSError("in use"), ValueError("odd"), NotImplementedError("no")])
def test_what_goes_wrong_is_said_with_its_cause(monkeypatch, error):
    holding(monkeypatch, error)
    with pytest.raises(PictureError, match=rf"^the clipboard: it cannot be read \({error}\)"):
        job_of_picture(ROOT)
