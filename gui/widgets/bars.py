"""Ten bars, one a digit."""

import tkinter as tk
from collections.abc import Sequence

from gui.recognition.top_guesses import NOTHING, percent
from gui.widgets.seen import Seen
from gui.widgets.theme import LIGHT, Look, Theme


class Bars(tk.Canvas):
    """Shows the probabilities of the ten digits as bars with percentages; the longest stands out.

    Args:
        parent: where it lies; how large it is, `resize` says.
        look: fonts and lengths.
    """

    def __init__(self, parent: tk.Misc, look: Look) -> None:
        super().__init__(parent, width=1, height=1, highlightthickness=0)
        self._font, self._strong = look.text.copy(), look.strong.copy()
        self._theme, self._longest = LIGHT, None
        self._shares: list[float | None] = [None] * 10
        self._row = self._left = self._length = 0
        self._seen = Seen()
        for digit in range(10):
            self.create_rectangle(0, 0, 0, 0, width=0, tags=("trough", f"trough{digit}"))
            self.create_rectangle(0, 0, 0, 0, width=0, tags=("bar", f"bar{digit}"))
            self.create_text(0, 0, text=str(digit), anchor="w", tags=("text", f"name{digit}"))
            self.create_text(0, 0, anchor="e", tags=("text", f"percent{digit}"))

    def resize(self, width: int, row: int) -> None:
        """Take on another width, and another height of a row, in pixels; the letters follow."""
        for font in (self._font, self._strong):
            font.configure(size=-max(1, row * 3 // 4))
        self.configure(width=width, height=10 * row)
        self._row = row
        self._seen.forget()
        self._left = self._strong.measure("0") + row // 2
        self._length = max(1, width - self._left - row // 3 - self._strong.measure(">99 %"))
        for digit in range(10):
            middle = (digit + 0.5) * row
            self.coords(f"name{digit}", 0, middle)
            self.coords(f"percent{digit}", width, middle)
            self.coords(f"trough{digit}", *self._box(digit, 1))
            self.coords(f"bar{digit}", *self._box(digit, self._shares[digit] or 0))

    def show(self, shares: Sequence[float] | None) -> None:
        """Show ten probabilities; None: nothing at all."""
        for digit in range(10):
            share = self._shares[digit] = shares[digit] if shares is not None else None
            if self._seen.changes(f"length{digit}", round((share or 0) * self._length)):
                self.coords(f"bar{digit}", *self._box(digit, share or 0))
            # Tk draws the thinnest of bars a pixel wide, and an empty one, too.
            if self._seen.changes(f"state{digit}", bool(share)):
                self.itemconfigure(f"bar{digit}", state="normal" if share else "hidden")
            text = percent(share) if share is not None and share >= NOTHING else ""
            if self._seen.changes(f"percent{digit}", text):
                self.itemconfigure(f"percent{digit}", text=text)
        longest = max(range(10), key=lambda digit: shares[digit]) if shares is not None else None
        if longest != self._longest:
            self._mark(longest)

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
        self.itemconfigure("text", font=self._font)
        if longest is not None:
            self.itemconfigure(f"bar{longest}", fill=self._theme.accent)
            for kind in ("name", "percent"):
                self.itemconfigure(f"{kind}{longest}", font=self._strong)

    def _box(self, digit: int, share: float) -> tuple[float, float, float, float]:
        top, bottom = (digit + 0.1) * self._row, (digit + 0.9) * self._row
        return self._left, top, self._left + share * self._length, bottom
