"""The status bar: what happened, and which model predicts. It moves nothing, however long a sentence is."""

import tkinter as tk
from tkinter import ttk

from gui.widgets.controls import Controls
from gui.widgets.model_line import ModelLine
from gui.widgets.shortened import shortened
from gui.widgets.theme import Look
from tinycnn.utils.printable import printable

USUAL = 2  # lines that room is kept for; a longer sentence lies over what is above
MOST = 12  # lines; of a sentence that is still longer, the middle is left out


class StatusBar(ttk.Frame):
    """Shows a sentence and the model's name.

    Args:
        parent: where it lies.
        look: fonts and lengths.
        controls: makes the button for the other model.
    """

    def __init__(self, parent: tk.Misc, look: Look, controls: Controls) -> None:
        model = look.small.metrics("linespace") + look.pixels(8)
        lines = USUAL * look.text.metrics("linespace") + look.pixels(8)
        super().__init__(parent, height=lines + model)
        self._letter, self._sentence = look.text.measure("0"), ""
        self.line = ModelLine(self, look, controls)
        self.line.place(relwidth=1, rely=1, height=model, anchor="sw")
        self.model = self.line.name
        self.message = ttk.Label(parent, anchor="w", justify="left")  # may be higher than the bar
        self.message.place(in_=self, relwidth=1, rely=1, y=-model, anchor="sw")
        self.message.bind("<Button-1>", lambda event: self.say("", wrong=False))
        self.bind("<Configure>", self._fit)

    def say(self, sentence: str, *, wrong: bool) -> None:
        """Show a sentence, as a mistake or as news."""
        self._sentence = printable(sentence)
        self.message.configure(style="Error.TLabel" if wrong else "TLabel")
        self.message.lift()
        self._fit()

    @property
    def complains(self) -> bool:
        """Whether it shows a mistake."""
        return bool(self._sentence) and str(self.message["style"]) == "Error.TLabel"

    def name_model(self, name: str) -> None:
        """Say which model predicts."""
        self.line.say(name)

    def _fit(self, event: tk.Event | None = None) -> None:
        """Wrap the sentence to the width there is."""
        width = max(1, self.winfo_width())
        most = MOST * (width // self._letter)
        self.message.configure(wraplength=width, text=shortened(self._sentence, most))
