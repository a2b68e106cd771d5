"""Reading picture files of common kinds into grey arrays; whatever is wrong is a `PictureError`."""

import contextlib
import math
import os
import stat
import warnings

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from tinycnn.preprocessing.mnist_format import to_grey
from tinycnn.utils.errors import PictureError

MAX_PIXELS = 50_000_000  # a larger picture is refused unread
_MAX_PIXELS_OF = {"WEBP": 20_000_000}  # its decoder needs memory for four copies
MAX_SIDE = 1024  # a larger picture is averaged down at once, by a whole factor

# Kinds that Pillow decodes by itself. EPS, which it would hand to another program, is left out.
_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "DIB", "TIFF", "WEBP", "PPM", "TGA", "PCX", "ICO")
_STRIP = 64  # a large picture is averaged down in strips that give this many rows
_REMEDY = "Give a picture file such as a PNG or JPEG."


def read_picture(path: str | os.PathLike) -> np.ndarray:
    """Read a picture file as a grey array, turned upright as its EXIF data say.

    Transparent parts get a plain background. The first frame counts if there are several. Pictures with
    more than 1024 pixels a side are averaged down by a whole factor.

    Args:
        path: a PNG, JPEG, GIF, BMP, TIFF, WebP, PPM, TGA, PCX or ICO file: black and white, grey
            (8 or 16 bits, or float), palette, RGB or CMYK, with or without alpha.

    Returns:
        float32 (h, w), 0 black to 1 white: what `tinycnn.preprocessing.to_mnist` takes.

    Raises:
        PictureError: no such file, not a regular file, not a picture, damaged, or over 50 megapixels
            (WebP: 20).

    Example:
        >>> read_picture("no-such.png")
        Traceback (most recent call last):
        tinycnn.utils.errors.PictureError: no-such.png: there is no such file. Check the name.
    """
    _check_file(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's remarks on odd but readable files
            # A picture inside of an icon is larger than the icon says.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            # Opened here: some TIFF files come out wrong if Pillow opens them by name (and maps them).
            with open(path, "rb") as file, Image.open(file, formats=_FORMATS) as image:
                most = _MAX_PIXELS_OF.get(image.format, MAX_PIXELS)
                if image.width * image.height > most:
                    raise _too_large(path, most)
                return to_grey(_pixels(image))
    except PictureError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(path, MAX_PIXELS) from error
    except UnidentifiedImageError as error:
        raise PictureError(path, "it is not a picture of a known kind", _REMEDY) from error
    except Exception as error:  # a decoder raises whatever it trips over in a damaged file
        raise PictureError(path, f"the picture cannot be read ({error})", _REMEDY) from error


def _too_large(path: str | os.PathLike, most: int) -> PictureError:
    """Return the error for a picture of more than `most` pixels."""
    cause = f"the picture has more than {most // 1_000_000} megapixels"
    return PictureError(path, cause, "Make it smaller first.")


def _check_file(path: str | os.PathLike) -> None:
    """Raise PictureError unless this is a regular file that is not empty.

    Opening a named pipe would wait forever, so anything else is refused before it is opened.
    """
    try:
        status = os.stat(path)
    except FileNotFoundError as error:
        raise PictureError(path, "there is no such file", "Check the name.") from error
    except OSError as error:
        raise PictureError(path, f"it cannot be opened ({error.strerror})", _REMEDY) from error
    if not stat.S_ISREG(status.st_mode):
        what = "a folder" if stat.S_ISDIR(status.st_mode) else "not a regular file"
        raise PictureError(path, f"it is {what}", _REMEDY)
    if status.st_size == 0:
        raise PictureError(path, "the file is empty", _REMEDY)


def _pixels(image: Image.Image) -> np.ndarray:
    """Decode an opened picture; return it upright, at most 1024 pixels a side.

    Returns:
        (h, w) grey, (h, w, 3) RGB or (h, w, 4) RGBA; uint8, or float32 for grey of more than 8 bits.
    """
    image.load()
    factor = math.ceil(max(image.size) / MAX_SIDE)
    if factor > 1:
        image = _averaged(image, factor)
    return np.asarray(_plain(_upright(image)))


def _averaged(image: Image.Image, factor: int) -> Image.Image:
    """Return a picture whose pixels are the means of squares of `factor` x `factor` pixels.

    It works strip by strip, because a converted copy of the whole picture would take much memory.
    """
    width, height = image.size
    parts = []
    for top in range(0, height, factor * _STRIP):
        strip = image.crop((0, top, width, min(top + factor * _STRIP, height)))
        parts.append(np.asarray(_plain(strip).reduce(factor)))
    smaller = Image.fromarray(np.concatenate(parts))
    with contextlib.suppress(Exception):  # damaged EXIF data: see `_upright`
        smaller.info["exif"] = image.getexif().tobytes()
    return smaller


def _upright(image: Image.Image) -> Image.Image:
    """Return the picture rotated or mirrored as its EXIF data say; unchanged if they cannot be read."""
    with contextlib.suppress(Exception):  # damaged EXIF data say nothing; the pixels may be fine
        image = ImageOps.exif_transpose(image)
    return image


def _plain(image: Image.Image) -> Image.Image:
    """Return the picture in one of Pillow's modes F (grey of 16 bits and more), L, RGB or RGBA."""
    if image.mode.startswith(("I", "F")):
        return Image.fromarray(np.asarray(image).astype(np.float32))
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image.convert("L" if image.mode in ("1", "L") else "RGB")
