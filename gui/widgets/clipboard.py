"""The picture on the clipboard, as each system hands it over."""

import contextlib
import io
import tkinter as tk

from tinycnn.utils.errors import PictureError

KINDS = ("image/png", "image/jpeg", "image/bmp", "image/tiff", "image/gif", "image/webp")


def job_of_picture(root: tk.Tk) -> tuple[str, object] | None:
    """Return the worker's job that shows what the clipboard holds, and its argument; None: no picture.

    Raises:
        PictureError: what it holds cannot be had: another program uses it, or it is damaged.
    """
    if root.tk.call("tk", "windowingsystem") == "x11":
        return _of_x11(root)
    from PIL import ImageGrab

    try:
        found = ImageGrab.grabclipboard()
        if isinstance(found, list):  # of files
            return ("open", found[0]) if found else None
        return None if found is None else ("paste", _as_png(found))
    except (OSError, ValueError, NotImplementedError) as error:
        remedy = "Copy the picture once more, or open its file."
        raise PictureError("the clipboard", f"it cannot be read ({error})", remedy) from error


def _as_png(picture: object) -> bytes:
    """Return a picture of Pillow's as the bytes of a PNG file; of kinds that PNG lacks the colours."""
    file = io.BytesIO()
    kinds = ("1", "L", "LA", "I;16", "P", "RGB", "RGBA")
    (picture if picture.mode in kinds else picture.convert("RGB")).save(file, "PNG")
    return file.getvalue()


def _of_x11(root: tk.Tk) -> tuple[str, object] | None:
    """Ask the clipboard's owner for each kind of picture; Tk writes bytes down as words such as 0x89."""
    for kind in KINDS:
        with contextlib.suppress(tk.TclError):
            return "paste", root.selection_get(selection="CLIPBOARD", type=kind)
    return None
