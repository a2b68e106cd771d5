"""The picture on the clipboard, as each system hands it over."""

import contextlib
import io
import tkinter as tk

KINDS = ("image/png", "image/jpeg", "image/bmp", "image/tiff", "image/gif", "image/webp")


def job_of_picture(root: tk.Tk) -> tuple[str, object] | None:
    """Return the worker's job that shows what the clipboard holds, and its argument; None: no picture."""
    if root.tk.call("tk", "windowingsystem") == "x11":
        return _of_x11(root)
    from PIL import ImageGrab

    try:
        found = ImageGrab.grabclipboard()
    except (OSError, ValueError, NotImplementedError):  # another program holds it, or it is damaged
        return None
    if isinstance(found, list):  # of files
        return ("open", found[0]) if found else None
    if found is None:
        return None
    file = io.BytesIO()
    found.save(file, "PNG")
    return "paste", file.getvalue()


def _of_x11(root: tk.Tk) -> tuple[str, object] | None:
    """Ask the clipboard's owner for each kind of picture; Tk writes bytes down as words such as 0x89."""
    for kind in KINDS:
        with contextlib.suppress(tk.TclError):
            return "paste", root.selection_get(selection="CLIPBOARD", type=kind)
    return None
