"""The questions for files, each with the dialog of the system; an empty answer means never mind."""

import tkinter as tk
from collections.abc import Callable
from tkinter import filedialog

PICTURES = (("Pictures", "*.png *.jpg *.jpeg *.gif *.bmp *.tif *.tiff *.webp"), ("All files", "*"))
MODELS = (("Models", "*.h5"), ("All files", "*"))
PNG = (("PNG pictures", "*.png"),)


def picture_to_open(root: tk.Tk) -> str:
    """Ask for a picture file."""
    return _ask(filedialog.askopenfilename, root, "Open a picture", filetypes=PICTURES)


def model_to_open(root: tk.Tk) -> str:
    """Ask for a model file."""
    return _ask(filedialog.askopenfilename, root, "Open a model", filetypes=MODELS)


def name_to_save(root: tk.Tk) -> str:
    """Ask under which name to save the drawing."""
    save = filedialog.asksaveasfilename
    path = _ask(save, root, "Save the drawing", filetypes=PNG, defaultextension=".png")
    return path if not path or path.lower().endswith(".png") else f"{path}.png"


def never_mind(root: tk.Tk) -> None:
    """Answer every open question with nothing; these are the variables that Tk's dialogs wait for."""
    for name in ("button", "selectFilePath"):
        root.tk.setvar(f"::tk::Priv({name})", "")


def _ask(dialog: Callable[..., str], root: tk.Tk, title: str, **options: object) -> str:
    return dialog(parent=root, title=title, **options) or ""
