"""Pictures that come from no file: the clipboard's, and digits of MNIST's test set. No Tk in here.

Everything heavy is imported inside of the functions: they run on a worker, behind the open window.
"""

import os
import random
import tempfile

from gui.drawing.drawing import Picture


def picture_of_clipboard(data: bytes | str) -> Picture:
    """Read a picture file that the clipboard held.

    Args:
        data: its bytes, or what Tk makes of them: words such as 0x89.

    Raises:
        PictureError: it is no picture.

    Example:
        >>> picture_of_clipboard("")
        Traceback (most recent call last):
        tinycnn.utils.errors.PictureError: the clipboard: the file is empty. Copy a picture of one digit.
    """
    from tinycnn.preprocessing.image_files import read_picture
    from tinycnn.utils.errors import PictureError

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "picture")
        with open(path, "wb") as file:
            file.write(data if isinstance(data, bytes) else bytes_of(data))
        try:
            return Picture(read_picture(path), "From the clipboard")
        except PictureError as error:
            raise PictureError(
                "the clipboard", error.cause, "Copy a picture of one digit."
            ) from error


def bytes_of(words: str) -> bytes:
    """Return the bytes that words stand for; none if some are no words for bytes.

    Example:
        >>> bytes_of("0x89 0x50"), bytes_of("hello")
        (b'\\x89P', b'')
    """
    try:
        return bytes(int(word, 16) for word in words.split())
    except ValueError:
        return b""


def random_test_digit(chance: random.Random) -> Picture:
    """Return one of the embedded test digits, dark on light, with its label in its name."""
    import numpy as np

    from tinycnn.datasets import sample

    _, (x, y) = sample.load_data()  # uint8 (2000, 28, 28), 0 background; uint8 (2000,)
    index = chance.randrange(len(x))
    grey = 1 - x[index].astype(np.float32) / 255
    return Picture(grey, f"Test digit {index + 1} of {len(x)}, labelled {y[index]}")
