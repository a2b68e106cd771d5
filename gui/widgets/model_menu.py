"""The button whose menu lists the models: the bundled one, ./mnist.h5, and those that were opened."""

import os
import tkinter as tk
from collections import deque
from collections.abc import Callable
from tkinter import ttk

from gui.widgets.theme import Look

BUNDLED = "Bundled model"
USUAL = "mnist.h5"  # that scripts/train.py writes


class ModelMenu(ttk.Menubutton):
    """Lists models; choosing one has it loaded. A file that turns out to be no model goes again.

    Args:
        parent: where it lies.
        look: fonts and lengths.
        load: called with the path of a chosen file, None for the bundled model.
    """

    def __init__(self, parent: tk.Misc, look: Look, load: Callable[[str | None], None]) -> None:
        super().__init__(parent, text="Models")
        self._look, self._load = look, load
        self._files = [os.path.abspath(USUAL)]
        self._asked: deque[str | None] = deque()  # that are being loaded
        self.menu = tk.Menu(self, tearoff=False, postcommand=self._fill)
        self.configure(menu=self.menu)

    def asked(self, path: str | None) -> None:
        """Note that a file is to be loaded; None: ./mnist.h5, if there is one."""
        self._asked.append(path)

    def came(self, *, whole: bool) -> None:
        """Note whether the file that was asked for first could be loaded."""
        path = os.path.abspath(self._asked.popleft() or USUAL)
        if whole and path not in self._files:
            self._files.append(path)

    def labels(self) -> list[str]:
        """Return what the menu lists now."""
        return [BUNDLED, *(os.path.basename(path) for path in self._there())]

    def _there(self) -> list[str]:
        return [path for path in self._files if os.path.isfile(path)]

    def _fill(self) -> None:
        theme = self._look.theme
        self.menu.delete(0, "end")
        self.menu.configure(
            font=self._look.text,
            background=theme.button,
            foreground=theme.text,
            activebackground=theme.accent,
            activeforeground=theme.window,
        )
        for path, label in zip([None, *self._there()], self.labels(), strict=True):
            self.menu.add_command(label=label, command=lambda path=path: self._load(path))
