"""Pictures that show how good a model is: contact sheets of digits, and curves of a training."""

import math
import os
import pathlib
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tinycnn.utils import atomic
from tinycnn.utils.errors import PictureError

# The layout of a contact sheet; lengths in pixels.
_COLUMNS = 8
_TILE = 112  # side of an enlarged image
_GAP = 8  # between tiles
_CAPTION = 18  # height of the text below a tile


def confusion_matrix(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    """Return a table that counts how often each true digit was predicted as each digit.

    Args:
        y_true: integers (n,), 0 to 9: the true digits.
        y_pred: integers (n,), 0 to 9: the predicted ones.

    Returns:
        int64 (10, 10): a row for each true digit, a column for each predicted one.

    Raises:
        ValueError: if the arrays hold anything else, or differ in length.

    Example:
        >>> confusion_matrix([7, 7, 9], [7, 9, 9])[[7, 7, 9], [7, 9, 9]].tolist()
        [1, 1, 1]
    """
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    if y_true.ndim != 1 or y_true.shape != y_pred.shape:
        raise ValueError(
            f"labels are two arrays (n,) of one length, received {y_true.shape} and {y_pred.shape}"
        )
    for labels in (y_true, y_pred):
        if labels.size and (labels.dtype.kind not in "ui" or labels.min() < 0 or labels.max() > 9):
            raise ValueError(f"labels are whole numbers from 0 to 9, received {labels}")
    # Each pair (true, predicted) as one number, row by row of the table.
    pairs = 10 * y_true.astype(np.int64) + y_pred.astype(np.int64)
    return np.bincount(pairs, minlength=100).reshape(10, 10)


def contact_sheet(images: np.ndarray, captions: Sequence[str]) -> Image.Image:
    """Return one picture with all images, enlarged, in rows of eight, each with a line of text below it.

    Args:
        images: uint8 (n, h, w), n >= 1.
        captions: n short lines, about 18 characters each.

    Returns:
        The sheet, a Pillow image in RGB.

    Raises:
        ValueError: if there are no images, or not as many captions, or the array has another shape or type.

    Example:
        >>> contact_sheet(np.zeros((9, 28, 28), np.uint8), ["7 -> 9"] * 9).size
        (968, 284)
    """
    images = np.asarray(images)
    if images.ndim != 3 or images.dtype != np.uint8 or images.size == 0:
        raise ValueError(f"images are uint8 (n, h, w), received {images.dtype} {images.shape}")
    if len(captions) != len(images):
        raise ValueError(f"every image needs a caption: {len(images)} and {len(captions)}")
    columns = min(len(images), _COLUMNS)
    rows = math.ceil(len(images) / columns)
    step_x, step_y = _TILE + _GAP, _TILE + _CAPTION + _GAP
    sheet = Image.new("RGB", (columns * step_x + _GAP, rows * step_y + _GAP), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default()
    for index, (image, caption) in enumerate(zip(images, captions, strict=True)):
        row, column = divmod(index, columns)
        x, y = _GAP + column * step_x, _GAP + row * step_y
        tile = Image.fromarray(image).resize((_TILE, _TILE), Image.Resampling.NEAREST)
        sheet.paste(tile, (x, y))
        draw.text((x, y + _TILE + 2), caption, fill="black", font=font)
    return sheet


def save_picture(image: Image.Image, path: str | os.PathLike) -> None:
    """Write a picture, whole or not at all.

    Args:
        image: what to write.
        path: the file; its ending, such as .png, names the format.

    Raises:
        PictureError: the ending is unknown, or the file cannot be written.

    Example:
        >>> save_picture(Image.new("L", (2, 2)), "no-such-folder/a.png")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        tinycnn.utils.errors.PictureError: no-such-folder/a.png: there is no folder ...
    """
    kind = _kind(path)
    with atomic.replacing(path, PictureError) as file:
        image.save(file, kind)


def check_picture(path: str | os.PathLike) -> None:
    """Make sure, before long work, that `save_picture` can write there.

    Args:
        path: the file.

    Raises:
        PictureError: the ending is unknown, or the file cannot be written.

    Example:
        >>> check_picture("mistakes.txt")
        Traceback (most recent call last):
        tinycnn.utils.errors.PictureError: mistakes.txt: its ending names no kind of picture. End the \
name in .png.
    """
    _kind(path)
    atomic.check(path, PictureError)


def _kind(path: str | os.PathLike) -> str:
    """Return Pillow's name of the format of a file's ending, such as "PNG"; raise PictureError if unknown."""
    kind = Image.registered_extensions().get(pathlib.Path(path).suffix.lower())
    if kind not in Image.SAVE:
        raise PictureError(path, "its ending names no kind of picture", "End the name in .png.")
    return kind


def write_curves(history: dict[str, list[float]], path: str | os.PathLike) -> None:
    """Draw loss and accuracy against the epoch, for training and validation.

    Args:
        history: for each name a list with one value for each epoch, as `History.history`: "loss", which must
            be there, "accuracy", and the same beginning with "val_" for validation.
        path: the picture file, .png, .svg or .pdf; without an ending it is a PNG.

    Raises:
        ImportError: matplotlib is not installed.
        PictureError: the file cannot be written.
        ValueError: there is no "loss", or the ending is unknown.

    Example:
        >>> write_curves({"accuracy": [0.9]}, "curves.png")
        Traceback (most recent call last):
        ValueError: a history has a 'loss', received ['accuracy']
    """
    if "loss" not in history:
        raise ValueError(f"a history has a 'loss', received {sorted(history)}")
    try:
        from matplotlib.figure import Figure  # without pyplot: no window, no state left behind
    except ImportError as error:
        raise ImportError("matplotlib is not installed: pip install 'tinycnn[plot]'") from error

    names = ["loss", *(n for n in ("accuracy", "acc") if n in history)]
    figure = Figure(figsize=(5 * len(names), 4), layout="constrained")
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        for key, label in ((name, "training"), (f"val_{name}", "validation")):
            if key in history:
                count = len(history[key])
                size = 9 if count == 1 else 3  # one epoch is a dot, and no line
                axes.plot(
                    range(1, count + 1), history[key], marker="o", markersize=size, label=label
                )
        axes.set(xlabel="epoch", ylabel=name)
        axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        axes.grid(alpha=0.3)
        axes.legend()
    with atomic.replacing(path, PictureError) as file:
        figure.savefig(file, format=pathlib.Path(path).suffix[1:].lower() or "png", dpi=120)
