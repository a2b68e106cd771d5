"""The file dialogs, each the system's own; an empty path means that it was cancelled."""

import os
import tkinter as tk
from collections.abc import Callable
from tkinter import filedialog, messagebox

from gui.recognition.saver import KINDS, final_name

PICTURES = (("Pictures", "*.png *.jpg *.jpeg *.gif *.bmp *.tif *.tiff *.webp"), ("All files", "*"))
MODELS = (("Models", "*.h5"), ("All files", "*"))
SAVED = tuple((f"{kind} pictures", " ".join(f"*{e}" for e in KINDS[kind])) for kind in KINDS)


def picture_to_open(root: tk.Tk) -> str:
    """Ask for a picture file."""
    return _ask(filedialog.askopenfilename, root, "Open a picture", filetypes=PICTURES)


def model_to_open(root: tk.Tk) -> str:
    """Ask for a model file."""
    return _ask(filedialog.askopenfilename, root, "Open a model", filetypes=MODELS)


def name_to_save(root: tk.Tk) -> str:
    """Ask under which name to save the drawing, and whether to replace what has that name already.

    The dialog itself must not ask that: it does not know the final name.

    Raises:
        PictureError: the ending names a kind of file that a drawing is not written as.
    """
    answered = _ask(
        filedialog.asksaveasfilename,
        root,
        "Save the drawing",
        filetypes=SAVED,
        defaultextension=".png",
        confirmoverwrite=False,
    )
    path = final_name(answered) if answered else ""
    return "" if os.path.isfile(path) and not _may_replace(root, path) else path


def model_name_to_save(root: tk.Tk) -> str:
    """Ask under which name to save a net, and whether to replace what has that name already."""
    title = "Save the net"
    path = _ask(
        filedialog.asksaveasfilename,
        root,
        title,
        filetypes=MODELS,
        defaultextension=".h5",
        confirmoverwrite=False,
    )
    if path and not os.path.splitext(path)[1]:
        path += ".h5"
    return "" if os.path.isfile(path) and not _may_replace(root, path, title) else path


def _may_replace(root: tk.Tk, path: str, title: str = "Save the drawing") -> bool:
    return messagebox.askyesno(
        title,
        f"{os.path.basename(path)} is there already. Replace it?",
        detail=f"In {os.path.dirname(os.path.abspath(path))}",
        icon="warning",
        default="no",
        parent=root,
    )


def cancel_all(root: tk.Tk) -> None:
    """Cancel every open dialog; these are the variables that Tk's dialogs wait for."""
    for name in ("button", "selectFilePath"):
        root.tk.setvar(f"::tk::Priv({name})", "")


def _ask(dialog: Callable[..., str], root: tk.Tk, title: str, **options: object) -> str:
    return dialog(parent=root, title=title, **options) or ""
