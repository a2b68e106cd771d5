"""Pictures that were opened: whether there may be digits in them, and which. No Tk in here.

Everything heavy is imported inside of the functions: they run on a worker, behind the open window.
"""

from collections.abc import Callable

from gui.drawing.drawing import Picture


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


def digits_in(picture: Picture, classify: Callable) -> list[list]:
    """Return the digits in a picture as a net sees them: rows of uint8 (28, 28).

    Args:
        picture: from `checked`.
        classify: see `tinycnn.pretrained.reading.read_rows`.

    Raises:
        ValueError: there is nothing.
    """
    from tinycnn.pretrained.reading import read_picture

    return [[digit.image for digit in row] for row in read_picture(picture.grey, classify)]
