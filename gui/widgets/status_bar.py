"""The status bar: what happened, and which model predicts. It never changes the window's size."""

import tkinter as tk
from tkinter import ttk

from gui.widgets.theme import Look
from tinycnn.utils.printable import printable

LINES = 2  # that a sentence may take


class StatusBar(ttk.Frame):
    """Shows a sentence and the model's name.

    Args:
        parent: where it lies.
        look: fonts and lengths.
    """

    def __init__(self, parent: tk.Misc, look: Look) -> None:
        lines = LINES * look.text.metrics("linespace") + look.small.metrics("linespace")
        super().__init__(parent, height=lines + look.pixels(12))
        self.pack_propagate(False)
        self._letter = look.text.measure("0")
        self._sentence, self._name = "", ""
        self.message = ttk.Label(self, anchor="w", justify="left")
        self.model = ttk.Label(self, anchor="w", style="Faint.TLabel")
        self.model.pack(side="bottom", fill="x")
        self.message.pack(side="bottom", fill="x")
        self.bind("<Configure>", self._fit)

    def say(self, sentence: str, *, wrong: bool) -> None:
        """Show a sentence, as a mistake or as news."""
        self._sentence = printable(sentence)
        self.message.configure(style="Error.TLabel" if wrong else "TLabel")
        self._fit()

    def name_model(self, name: str) -> None:
        """Say which model predicts."""
        self._name = f"Model: {printable(name)}"
        self._fit()

    def _fit(self, event: tk.Event | None = None) -> None:
        """Leave out the middle of what is too long for the width there is."""
        width = max(1, self.winfo_width())
        line = width // self._letter
        # A line loses up to a long word at its end.
        self.message.configure(
            wraplength=width, text=shortened(self._sentence, LINES * line * 4 // 5)
        )
        self.model.configure(text=shortened(self._name, line))


def shortened(text: str, most: int) -> str:
    """Leave out of a text what is over `most` letters: more of its beginning, where paths stand.

    Example:
        >>> shortened("/home/someone/far/away/mnist.h5: it is empty.", 30)
        '/home…y/mnist.h5: it is empty.'
    """
    if len(text) <= most:
        return text
    before = max(0, most - 1) // 5
    after = max(0, most - 1 - before)
    return f"{text[:before]}…{text[len(text) - after :]}"
