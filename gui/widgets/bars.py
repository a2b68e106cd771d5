"""Ten bars, one a digit."""

import tkinter as tk
from collections.abc import Sequence

from gui.recognition.top_guesses import NOTHING, percent
from gui.widgets.theme import LIGHT, Look, Theme


class Bars(tk.Canvas):
    """Shows the probabilities of the ten digits as bars with percentages; the longest stands out.

    Args:
        parent: where it lies.
        look: fonts and lengths.
        width: of the whole, in pixels.
    """

    def __init__(self, parent: tk.Misc, look: Look, width: int) -> None:
        row = look.text.metrics("linespace") + look.pixels(4)
        self._left = look.strong.measure("0") + look.pixels(10)
        self._length = width - self._left - look.pixels(6) - look.strong.measure(">99 %")
        super().__init__(parent, width=width, height=10 * row, highlightthickness=0)
        self._tops = [digit * row + look.pixels(2) for digit in range(10)]
        self._thick = row - look.pixels(4)
        for digit, top in enumerate(self._tops):
            middle = top + self._thick / 2
            name = self.create_text(0, middle, text=str(digit), anchor="w", tags="text")
            self.addtag_withtag(f"name{digit}", name)
            self.create_rectangle(*self._box(digit, 1), width=0, tags="trough")
            self.create_rectangle(*self._box(digit, 0), width=0, tags=("bar", f"bar{digit}"))
            text = self.create_text(width, middle, anchor="e", tags="text")
            self.addtag_withtag(f"percent{digit}", text)
        self._shares: list[float | None] = [0.0] * 10
        self._look, self._theme, self._longest = look, LIGHT, None

    def show(self, shares: Sequence[float] | None) -> None:
        """Show ten probabilities; None: nothing at all."""
        for digit in range(10):
            share = shares[digit] if shares is not None else None
            if share != self._shares[digit]:
                self._shares[digit] = share
                self.coords(f"bar{digit}", *self._box(digit, share or 0))
                # Tk draws the thinnest of bars a pixel wide, and an empty one, too.
                self.itemconfigure(f"bar{digit}", state="normal" if share else "hidden")
                text = percent(share) if share is not None and share >= NOTHING else ""
                self.itemconfigure(f"percent{digit}", text=text)
        self._mark(max(range(10), key=lambda digit: shares[digit]) if shares is not None else None)

    def colour(self, theme: Theme) -> None:
        """Take on the colours of a theme."""
        self.configure(background=theme.window)
        self.itemconfigure("text", fill=theme.text)
        self.itemconfigure("trough", fill=theme.trough)
        self._theme = theme
        self._mark(self._longest)

    def _mark(self, longest: int | None) -> None:
        """Let the bar and the numbers of one digit stand out."""
        self._longest = longest
        self.itemconfigure("bar", fill=self._theme.other)
        self.itemconfigure("text", font=self._look.text)
        if longest is not None:
            self.itemconfigure(f"bar{longest}", fill=self._theme.accent)
            for kind in ("name", "percent"):
                self.itemconfigure(f"{kind}{longest}", font=self._look.strong)

    def _box(self, digit: int, share: float) -> tuple[float, float, float, float]:
        top = self._tops[digit]
        return self._left, top, self._left + share * self._length, top + self._thick
