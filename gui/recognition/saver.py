"""Drawings as picture files: under which name, of which kind, and writing them. No Tk in here.

Everything heavy is imported inside of the functions: they run on a worker, behind the open window.
"""

import mimetypes
import os

from gui.drawing.drawing import Items, Picture
from gui.recognition.recogniser import Prediction, fitted, prepare
from gui.recognition.writing import points
from tinycnn.utils.errors import PictureError

SAVED = 1024  # pixels a side of a saved drawing
# A drawing is grey without transparency, which all of these can hold, and the window opens them again.
KINDS = {
    "PNG": (".png",),
    "JPEG": (".jpg", ".jpeg"),
    "GIF": (".gif",),
    "BMP": (".bmp",),
    "TIFF": (".tif", ".tiff"),
    "WebP": (".webp",),
}
FOREIGN = (".avif", ".heic", ".jp2", ".pcx", ".psd", ".tga")  # pictures that Python's list may lack
ENDINGS = tuple(ending for endings in KINDS.values() for ending in endings)


def final_name(answered: str) -> str:
    """Return the name that a drawing is saved under: .png comes behind one that names no kind of file.

    Args:
        answered: the path that a person chose.

    Raises:
        PictureError: the ending names a kind of file that a drawing is not written as.

    Example:
        >>> final_name("digit.jpg"), final_name("digit"), final_name("digit.v2")
        ('digit.jpg', 'digit.png', 'digit.v2.png')
    """
    ending = os.path.splitext(answered)[1].lower()
    if ending in ENDINGS:
        return answered
    known = mimetypes.MimeTypes()  # Python's own list, the same on every system
    if ending in (*FOREIGN, *known.types_map[True], *known.types_map[False]):
        *most, last = ENDINGS
        remedy = f"End the name in {', '.join(most)} or {last}."
        raise PictureError(answered, f"a drawing is not saved as {ending}", remedy)
    return f"{answered.removesuffix('.')}.png"


class Saver:
    """Does what waits for no model: writes drawings, and prepares them while one is being loaded."""

    def prepare(self, version: int, items: Items) -> Prediction:
        """Return what a net will see of a drawing, without probabilities."""
        return Prediction(version, prepare(items).tobytes(), None)

    def save(self, path: str, items: Items) -> str:
        """Write the drawing, black on white, whole or not at all; return the path.

        Args:
            path: its ending, one of `ENDINGS`, says the kind of picture.
            items: what is on the canvas.

        Raises:
            PictureError: it cannot be written there.
        """
        from PIL import Image

        from tinycnn.utils.plots import save_picture

        save_picture(Image.fromarray(255 - rasterised(items, SAVED)), path)
        return path


def rasterised(items: Items, side: int) -> object:
    """Return the drawing, uint8 (side, side), 0 background to 255 foreground."""
    from tinycnn.preprocessing.strokes import rasterise

    if items and isinstance(items[0], Picture):
        return 255 - fitted(items[0].grey, side)
    return rasterise([points(item) for item in items], [item.width for item in items], side)
