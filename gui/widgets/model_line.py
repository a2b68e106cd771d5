"""Which model reads, how well, and a button that lets the other one read instead: one line."""

import os
import tkinter as tk
from tkinter import ttk

from gui.recognition.quality import Quality
from gui.recognition.recogniser import BUNDLED
from gui.recognition.top_guesses import percent
from gui.widgets.controls import Controls
from gui.widgets.seen import Seen
from gui.widgets.shortened import shortened
from gui.widgets.theme import Look
from tinycnn.utils.printable import printable

LONGEST = 18  # letters of a file's name on the button


class ModelLine(ttk.Frame):
    """Shows the model's name and what is known of it. Where there is no room for all, the name is what stays.

    Args:
        parent: where it lies.
        look: fonts and lengths.
        controls: makes the button.
    """

    def __init__(self, parent: tk.Misc, look: Look, controls: Controls) -> None:
        super().__init__(parent)
        self._letter, self._gap = look.small.measure("0"), look.pixels(6)
        self._name = self._facts = ""
        self._shown = Seen()
        self.name = ttk.Label(self, style="Faint.TLabel")
        self.figure = ttk.Label(self, style="Faint.TLabel")
        self.button = controls.button(self, "use_other_model")
        self.button.configure(style="Link.TButton")
        self.name.pack(side="left")
        self.figure.pack(side="left")
        self.bind("<Configure>", lambda event: self._fit())

    def say(self, name: str) -> None:
        """Say which model reads, "name (facts)"."""
        name = named(name)
        self._name, self._facts = name, ""
        if name.endswith(")"):
            self._name, _, self._facts = name.rpartition(" (")
        self._fit()

    def show(self, quality: Quality) -> None:
        """Show what is known of the model that reads, and offer the other."""
        if not self._shown.changes("quality", quality):
            return
        self.figure.configure(text=quality.sentence)
        if quality.other is not None:
            anew = self._name == named(quality.other)
            self.button.configure(text=offer(quality.other, quality.other_share, anew=anew))
            self.button.pack(side="right", before=self.name)
        elif quality.done:
            self.button.pack_forget()
        else:
            self.button.configure(text="Use the other model")
        # Kept, and with it the keys, while it is found out what the button will offer.
        self.button.state(["!disabled" if quality.other is not None else "disabled"])
        self._fit()

    def _fit(self) -> None:
        """Share the line out."""
        rest = self.figure.winfo_reqwidth() if self.figure["text"] else 0
        rest += self.button.winfo_reqwidth() if self.button.winfo_manager() else 0
        most = max(0, self.winfo_width() - rest - 2 * self._gap) // self._letter
        text = f"{self._name} ({self._facts}" if self._facts else self._name
        self.name.configure(text=text if len(text) <= most else shortened(self._name, most))
        self.figure.pack_configure(padx=(self._gap if self.figure["text"] else 0, 0))


def named(name: str) -> str:
    """Return what is said of which model reads."""
    return f"Model: {printable(name)}"


def offer(name: str, share: float | None, *, anew: bool = False) -> str:
    """Return what stands on the button.

    Args:
        name: of the other model.
        share: of the drawings that it reads; None: that is not known yet.
        anew: whether it is the file that reads already, but written anew.

    Example:
        >>> offer(BUNDLED, None), offer("/home/me/mnist.h5", 0.972, anew=True)
        ('Use the bundled model', 'Use the new mnist.h5 (97 %)')
    """
    short = name if name == BUNDLED else shortened(printable(os.path.basename(name)), LONGEST)
    short = f"the new {short}" if anew else short
    return f"Use {short}" if share is None else f"Use {short} ({percent(share)})"
