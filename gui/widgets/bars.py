"""Ten bars, one a digit."""

import tkinter as tk
from collections.abc import Sequence

from gui.recognition.top_guesses import percent
from gui.widgets.theme import Look, Theme


class Bars(tk.Canvas):
    """Shows the probabilities of the ten digits as bars with percentages.

    Args:
        parent: where it lies.
        look: fonts and lengths.
        width: of the whole, in pixels.
    """

    def __init__(self, parent: tk.Misc, look: Look, width: int) -> None:
        row = look.text.metrics("linespace") + look.pixels(4)
        self._left = look.text.measure("0") + look.pixels(10)
        self._length = width - self._left - look.pixels(6) - look.text.measure(">99 %")
        super().__init__(parent, width=width, height=10 * row, highlightthickness=0)
        self._tops = [digit * row + look.pixels(2) for digit in range(10)]
        self._thick = row - look.pixels(4)
        for digit, top in enumerate(self._tops):
            middle = top + self._thick / 2
            place = {"font": look.text, "tags": "text"}
            self.create_text(0, middle, text=str(digit), anchor="w", **place)
            self.create_rectangle(*self._box(digit, 1), width=0, tags="trough")
            self.create_rectangle(*self._box(digit, 0), width=0, tags=("bar", f"bar{digit}"))
            text = self.create_text(width, middle, anchor="e", **place)
            self.addtag_withtag(f"percent{digit}", text)
        self._shares: list[float | None] = [0.0] * 10

    def show(self, shares: Sequence[float] | None) -> None:
        """Show ten probabilities; None: nothing at all."""
        for digit in range(10):
            share = shares[digit] if shares is not None else None
            if share != self._shares[digit]:
                self._shares[digit] = share
                self.coords(f"bar{digit}", *self._box(digit, share or 0))
                # Tk draws the thinnest of bars a pixel wide, and an empty one, too.
                self.itemconfigure(f"bar{digit}", state="normal" if share else "hidden")
                text = "" if share is None else percent(share)
                self.itemconfigure(f"percent{digit}", text=text)

    def colour(self, theme: Theme) -> None:
        """Take on the colours of a theme."""
        self.configure(background=theme.window)
        self.itemconfigure("text", fill=theme.text)
        self.itemconfigure("trough", fill=theme.trough)
        self.itemconfigure("bar", fill=theme.accent)

    def _box(self, digit: int, share: float) -> tuple[float, float, float, float]:
        top = self._tops[digit]
        return self._left, top, self._left + share * self._length, top + self._thick
