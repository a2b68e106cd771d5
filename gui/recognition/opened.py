"""Pictures that were opened: whether there may be digits in them, and which. No Tk in here.

Everything heavy is imported inside of the functions: they run on a worker, behind the open window.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gui.drawing.drawing import Picture

if TYPE_CHECKING:
    from tinycnn.pretrained.reading import Digit


def checked(picture: Picture, path: str) -> Picture:
    """Return a picture in which there may be a digit, or several.

    Raises:
        PictureError: there is nothing.
    """
    from tinycnn.preprocessing.several import find_candidates
    from tinycnn.utils.errors import PictureError

    try:
        find_candidates(picture.grey)
    except ValueError as error:
        raise PictureError(path, str(error), "Draw digits, large, on plain paper.") from error
    return picture


def digits_in(picture: Picture, classify: Callable) -> list[list[Digit]]:
    """Return the digits in a picture, row by row.

    Args:
        picture: from `checked`.
        classify: see `tinycnn.pretrained.reading.read_rows`.

    Raises:
        ValueError: there is nothing.
    """
    from tinycnn.pretrained.reading import read_picture

    return read_picture(picture.grey, classify)
