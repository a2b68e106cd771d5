"""The file dialogs, each the system's own; an empty path means that it was cancelled.

Each begins in a folder, if there is such a folder, else where Tk likes.
"""

import os
import tkinter as tk
from collections.abc import Callable
from tkinter import filedialog, messagebox

from gui.recognition.saver import KINDS, final_name
from tinycnn.utils.errors import FileError

PICTURES = (("Pictures", "*.png *.jpg *.jpeg *.gif *.bmp *.tif *.tiff *.webp"), ("All files", "*"))
MODELS = (("Models", "*.h5 *.keras"), ("All files", "*"))
SAVED = tuple((f"{kind} pictures", " ".join(f"*{e}" for e in KINDS[kind])) for kind in KINDS)


def picture_to_open(root: tk.Tk, folder: str) -> str:
    """Ask for a picture file."""
    return _ask(filedialog.askopenfilename, root, folder, "Open a picture", filetypes=PICTURES)


def model_to_open(root: tk.Tk, folder: str) -> str:
    """Ask for a model file."""
    return _ask(filedialog.askopenfilename, root, folder, "Open a model", filetypes=MODELS)


def name_to_save(root: tk.Tk, folder: str) -> str:
    """Ask under which name to save the drawing, and whether to replace what has that name already.

    The dialog itself must not ask that: it does not know the final name.

    Raises:
        PictureError: the ending names a kind of file that a drawing is not written as.
    """
    return _name(root, folder, "Save the drawing")


def name_of_view(root: tk.Tk, folder: str) -> str:
    """Ask the same for the picture of the net's inside."""
    return _name(root, folder, "Save the view")


def _name(root: tk.Tk, folder: str, title: str) -> str:
    answered = _ask(
        filedialog.asksaveasfilename,
        root,
        folder,
        title,
        filetypes=SAVED,
        defaultextension=".png",
        confirmoverwrite=False,
    )
    path = final_name(answered) if answered else ""
    return "" if os.path.isfile(path) and not _may_replace(root, title, path) else path


def model_name_to_save(root: tk.Tk, folder: str) -> str:
    """Ask under which name to save a net, and whether to replace what has that name already."""
    title = "Save the net"
    path = _ask(
        filedialog.asksaveasfilename,
        root,
        folder,
        title,
        filetypes=MODELS,
        defaultextension=".h5",
        confirmoverwrite=False,
    )
    if path and not os.path.splitext(path)[1]:
        path += ".h5"
    return "" if os.path.isfile(path) and not _may_replace(root, title, path) else path


def _may_replace(root: tk.Tk, title: str, path: str) -> bool:
    return messagebox.askyesno(
        title,
        f"{os.path.basename(path)} is there already. Replace it?",
        detail=f"In {os.path.dirname(os.path.abspath(path))}",
        icon="warning",
        default="no",
        parent=root,
    )


class Dialogs:
    """Opens one dialog at a time, in the folder of the file before.

    Args:
        root: the window.
        folder: to begin with; "" for none.
        complain: called with a sentence when an answer makes no sense.
    """

    def __init__(self, root: tk.Tk, folder: str, complain: Callable[[str], None]) -> None:
        self.folder = folder
        self._root = root
        self._complain = complain
        self._open = self._ended = False

    def ask(self, dialog: Callable[[tk.Tk, str], str]) -> str:
        """Ask for a file; nothing while another dialog is open, or if the window is closed instead."""
        if self._open:
            return ""
        self._open = True
        try:
            path = dialog(self._root, self.folder)
        except FileError as error:
            self._complain(str(error))
            return ""
        finally:
            self._open = False
        self.folder = os.path.dirname(path) or self.folder
        return "" if self._ended else path

    def end(self) -> None:
        """Take the window away, once no dialog's own loop waits for an answer any more."""
        self._ended = True
        if self._open:
            for name in ("button", "selectFilePath"):  # the variables that Tk's dialogs wait for
                self._root.tk.setvar(f"::tk::Priv({name})", "")
            self._root.after(10, self.end)
        else:
            self._root.destroy()


def _ask(
    dialog: Callable[..., str], root: tk.Tk, folder: str, title: str, **options: object
) -> str:
    if os.path.isdir(folder):
        options["initialdir"] = folder
    return dialog(parent=root, title=title, **options) or ""
