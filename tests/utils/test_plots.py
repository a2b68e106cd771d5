"""Contact sheets, confusion matrices and curves, and that a picture is written whole or not at all."""

import os
import sys

import numpy as np
import pytest
from PIL import Image

from tinycnn.utils.errors import PictureError
from tinycnn.utils.plots import confusion_matrix, contact_sheet, save_picture, write_curves

HISTORY = {
    "loss": [0.9, 0.5, float("nan")],
    "accuracy": [0.7, 0.8, 0.9],
    "val_loss": [0.8, 0.6, 0.5],
    "val_accuracy": [0.7, 0.8, 0.85],
}


def test_confusion_matrix_counts_rows_of_truth():
    counts = confusion_matrix(np.uint8([0, 9, 9, 9]), np.array([0, 4, 9, 4]))
    assert counts.shape == (10, 10)
    assert counts.sum() == 4
    assert (counts[0, 0], counts[9, 4], counts[9, 9], counts[4, 9]) == (1, 2, 1, 0)
    assert confusion_matrix([], []).sum() == 0


@pytest.mark.parametrize(
    ("y_true", "y_pred"), [([1], [1, 2]), ([10], [1]), ([1], [-1]), ([1.0], [1.0]), ([[1]], [[1]])]
)
def test_confusion_matrix_refuses_what_are_no_labels(y_true, y_pred):
    with pytest.raises(ValueError, match="labels are"):
        confusion_matrix(y_true, y_pred)


def test_contact_sheet_shows_every_image_in_its_place():
    images = np.zeros((10, 28, 28), np.uint8)
    images[0], images[9] = 90, 180  # the first of row one, the second of row two
    sheet = np.asarray(contact_sheet(images, [""] * 10).convert("L"))
    assert sorted(set(np.unique(sheet))) == [0, 90, 180, 255]
    for value, position in ((90, (8, 8)), (180, (8 + 138, 8 + 120))):
        spot = np.argwhere(sheet == value)
        assert spot.min(axis=0).tolist() == list(position)
        assert len(spot) == 112 * 112


def test_contact_sheet_writes_the_captions():
    images = np.zeros((2, 28, 28), np.uint8)
    plain = np.asarray(contact_sheet(images, ["", ""]).convert("L"))
    told = np.asarray(contact_sheet(images, ["", "7 -> 9"]).convert("L"))
    changed = np.argwhere(plain != told)
    assert len(changed) > 20
    assert changed.min(axis=0)[0] >= 120  # below the tile
    assert changed.min(axis=0)[1] >= 128  # of the second image


@pytest.mark.parametrize(
    ("images", "captions"),
    [
        (np.zeros((0, 28, 28), np.uint8), []),
        (np.zeros((2, 28, 28), np.uint8), ["one"]),
        (np.zeros((1, 28, 28)), ["float"]),
        (np.zeros((28, 28), np.uint8), ["flat"]),
    ],
)
def test_contact_sheet_refuses_nonsense(images, captions):
    with pytest.raises(ValueError, match="image"):
        contact_sheet(images, captions)


def test_save_picture_replaces_the_file_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    os.link(path, tmp_path / "b.png")
    save_picture(Image.new("L", (5, 4), 7), path)
    with Image.open(path) as image:
        assert image.size == (5, 4)
    assert (tmp_path / "b.png").read_bytes() == b"old"  # the new file took the name, not the place
    assert sorted(os.listdir(tmp_path)) == ["a.png", "b.png"]


def test_interrupted_while_writing(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(b"old")

    def interrupted(self, file, kind):
        file.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(Image.Image, "save", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save_picture(Image.new("L", (5, 4)), path)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.png"]


@pytest.mark.parametrize("name", ["a.xyz", "a", "missing/a.png", "folder.png", "file/a.png"])
def test_where_no_picture_can_be_written(tmp_path, name):
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "file").write_text("")
    with pytest.raises(PictureError) as caught:
        save_picture(Image.new("L", (5, 4)), tmp_path / name)
    assert caught.value.remedy
    assert sorted(os.listdir(tmp_path)) == ["file", "folder.png"]


def test_one_epoch_is_a_dot_that_can_be_seen(tmp_path):
    pytest.importorskip("matplotlib")
    write_curves({"loss": [0.7], "val_loss": [0.2]}, tmp_path / "one.png")
    pixels = np.asarray(Image.open(tmp_path / "one.png").convert("RGB")).astype(int)
    middle = pixels[:, pixels.shape[1] // 3 : 2 * pixels.shape[1] // 3]  # the legend is at a side
    for colour in ((31, 119, 180), (255, 127, 14)):
        assert (np.abs(middle - colour).sum(axis=-1) < 10).sum() > 80


def test_curves(tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    before = {key: list(values) for key, values in HISTORY.items()}
    write_curves(HISTORY, tmp_path / "both.png")
    write_curves({"loss": [1.0]}, tmp_path / "loss.png")
    with Image.open(tmp_path / "both.png") as both, Image.open(tmp_path / "loss.png") as one:
        assert both.size == (2 * one.width, one.height)
        assert len(np.unique(np.asarray(both.convert("RGB")).reshape(-1, 3), axis=0)) > 10
    assert repr(HISTORY) == repr(before)
    assert sorted(os.listdir(tmp_path)) == ["both.png", "loss.png"]
    assert "matplotlib.pyplot" not in sys.modules  # no window system, no figures kept


def test_curves_that_cannot_be_drawn(tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    with pytest.raises(PictureError, match="there is no folder"):
        write_curves(HISTORY, tmp_path / "missing" / "a.png")
    with pytest.raises(ValueError, match="'loss'"):
        write_curves({"accuracy": [1.0]}, tmp_path / "a.png")
    with pytest.raises(ValueError, match="xyz"):
        write_curves(HISTORY, tmp_path / "a.xyz")
    assert os.listdir(tmp_path) == []


def test_curves_without_matplotlib(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"pip install 'tinycnn\[plot\]'"):
        write_curves(HISTORY, tmp_path / "a.png")
