"""The status bar: what happened, and which model predicts. It grows upwards, and never the window."""

import tkinter as tk
from tkinter import ttk

from gui.widgets.theme import Look
from tinycnn.utils.printable import printable

USUAL = 2  # lines that are kept free for a sentence; a longer one takes more, from the paper
MOST = 12  # lines; of a sentence that is still longer, the middle is left out


class StatusBar(ttk.Frame):
    """Shows a sentence and the model's name.

    Args:
        parent: where it lies.
        look: fonts and lengths.
    """

    def __init__(self, parent: tk.Misc, look: Look) -> None:
        self._line = look.text.metrics("linespace")
        self._rest = look.small.metrics("linespace") + look.pixels(12)
        super().__init__(parent, height=USUAL * self._line + self._rest)
        self.pack_propagate(False)
        self._letter, self._small_letter = look.text.measure("0"), look.small.measure("0")
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
        """Wrap the sentence to the width there is, and take the height that it needs."""
        width = max(1, self.winfo_width())
        line = width // self._letter
        self.message.configure(wraplength=width, text=shortened(self._sentence, MOST * line))
        self.model.configure(text=shortened(self._name, width // self._small_letter))
        needed = max(USUAL * self._line, self.message.winfo_reqheight()) + self._rest
        if needed != self.winfo_reqheight():
            self.configure(height=needed)


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
