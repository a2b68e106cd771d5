"""The right side of the window: what the net says, and what it saw."""

import tkinter as tk
from tkinter import ttk

from gui.bars import Bars
from gui.recogniser import Reading, pgm
from gui.theme import Look, Theme
from gui.verdict import verdict

FIELD = 28  # pixels a side of what the net sees


class Findings(ttk.Frame):
    """Shows one reading at a time: the big digit, the second guess, ten bars, the picture.

    A view of the net's inside fits beside it: whatever has `show(reading)` and `colour(theme)`.

    Args:
        parent: where it lies.
        look: fonts and lengths.
    """

    def __init__(self, parent: tk.Misc, look: Look) -> None:
        super().__init__(parent)
        self._reading: Reading | None = None
        self.threshold = 0.5
        gap = look.pixels(8)
        self._digit = ttk.Label(self, style="Digit.TLabel", width=2, anchor="center")
        self._headline = ttk.Label(self, style="Headline.TLabel", width=12)
        self._second = ttk.Label(self, width=24)
        self.bars = Bars(self, look)
        self._zoom = max(1, look.pixels(140) // FIELD)
        side = self._zoom * FIELD
        self._seen = tk.PhotoImage(master=self, width=FIELD, height=FIELD)
        self._enlarged = tk.PhotoImage(master=self, width=side, height=side)
        seen = ttk.Label(self, image=self._enlarged)
        caption = ttk.Label(self, style="Faint.TLabel", text="What the net sees: 28 × 28 pixels")
        self._digit.grid(row=0, column=0, rowspan=2, sticky="w")
        self._headline.grid(row=0, column=1, sticky="sw")
        self._second.grid(row=1, column=1, sticky="nw")
        self.bars.grid(row=2, column=0, columnspan=2, sticky="w", pady=gap)
        seen.grid(row=3, column=0, columnspan=2, sticky="w", pady=(gap, 0))
        caption.grid(row=4, column=0, columnspan=2, sticky="w")
        self.columnconfigure(1, weight=1)
        self.show(None)

    def show(self, reading: Reading | None) -> None:
        """Show what a net made of a drawing; None, for an empty paper: nothing at all."""
        self._reading = reading
        self._show_image(reading.image if reading else bytes(FIELD * FIELD))
        shares = reading.shares if reading else None
        self.bars.show(shares)
        if shares is None:
            self._say("", "", "", sure=True)
            return
        found = verdict(shares, self.threshold)
        self._say(str(found.digit), found.headline, found.alternative, sure=found.sure)

    @property
    def reading(self) -> Reading | None:
        """What is shown."""
        return self._reading

    def set_threshold(self, threshold: float) -> None:
        """Call a guess "not sure" below this probability."""
        self.threshold = threshold
        self.show(self._reading)

    def colour(self, theme: Theme) -> None:
        """Take on the colours of a theme."""
        self.bars.colour(theme)

    def _say(self, digit: str, headline: str, second: str, *, sure: bool) -> None:
        style = "Digit.TLabel" if sure else "Unsure.Digit.TLabel"
        self._digit.configure(text=digit, style=style)
        self._headline.configure(text=headline)
        self._second.configure(text=second)

    def _show_image(self, image: bytes) -> None:
        self._seen.configure(data=pgm(image, FIELD))
        self._enlarged.tk.call(self._enlarged, "copy", self._seen, "-zoom", self._zoom)
