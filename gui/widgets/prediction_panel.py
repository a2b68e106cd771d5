"""The right side of the window: what the net says, and what it saw."""

import tkinter as tk
from tkinter import ttk

from gui.recognition.recogniser import Prediction, pgm
from gui.recognition.top_guesses import SURE, number_read, top_guesses
from gui.widgets.bars import Bars
from gui.widgets.seen import Seen
from gui.widgets.shortened import wrapped
from gui.widgets.theme import Look, Theme

FIELD = 28  # pixels a side of what the net sees
LEAST = (
    290,
    330,
)  # width and height, on a screen of 96 dots an inch, that letters and bars are made for


class PredictionPanel(ttk.Frame):
    """Shows one prediction at a time: the big digit, the second guess, ten bars, the picture.

    A view of the net's inside fits beside it: whatever has `show(prediction)` and `colour(theme)`.

    Args:
        parent: where it lies.
        look: fonts and lengths.
    """

    def __init__(self, parent: tk.Misc, look: Look) -> None:
        super().__init__(parent)
        self._prediction: Prediction | None = None
        self.threshold = SURE
        self.brief = tk.StringVar(self)  # the answer in one line, for where the panel has no room
        self._look = look
        self._shown = Seen()
        self.zoom = 0  # screen pixels a pixel of what the net sees
        self._room = 0  # pixels from the left to the right end of the headline
        gap = look.pixels(8)
        self.digit = ttk.Label(self, style="Digit.TLabel", anchor="center")
        self.headline = ttk.Label(self, style="Headline.TLabel")
        self.second = ttk.Label(self)
        self.bars = Bars(self, look)
        self._seen = tk.PhotoImage(master=self, width=FIELD, height=FIELD)
        self._enlarged = tk.PhotoImage(master=self, width=1, height=1)
        self.extra = ttk.Frame(self)  # beside the picture: for one more control
        caption = ttk.Label(self, style="Faint.TLabel", text="What the net sees:\n28 × 28 pixels")
        self.digit.grid(row=0, column=0, rowspan=2, sticky="ew")
        self.headline.grid(row=0, column=1, sticky="sw", padx=(gap, 0))
        self.second.grid(row=1, column=1, sticky="nw", padx=(gap, 0))
        self.bars.grid(row=2, column=0, columnspan=2, sticky="w", pady=gap // 2)
        ttk.Label(self, image=self._enlarged).grid(row=3, column=0, rowspan=2, sticky="nw")
        caption.grid(row=3, column=1, sticky="nw", padx=(gap, 0))
        self.extra.grid(row=4, column=1, sticky="sew", padx=(gap, 0))
        self.columnconfigure(1, weight=1)
        self.grid_propagate(False)  # its size comes from outside
        self.bind("<Configure>", lambda event: self._fit(event.width, event.height))
        self.show(None)

    def show(self, prediction: Prediction | None) -> None:
        """Show what a net made of a drawing; None, for an empty canvas: nothing at all."""
        self._prediction = prediction
        self._show_image(prediction.image if prediction else bytes(FIELD * FIELD))
        shares = prediction.shares if prediction else None
        self.bars.show(shares)
        if shares is None:
            words = ("loading…", "the model is on its way") if prediction else ("", "")
            self._say("", *words, sure=True)
            self.brief.set(words[0])
            return
        guesses = top_guesses(shares, self.threshold)
        words, brief = (guesses.headline, guesses.alternative), guesses.summary
        if prediction.number:  # of which the big digit is the newest
            words = number_read(prediction.number, self.threshold), f"{guesses.sign}: {words[0]}"
            brief = ", ".join(words)
        self.brief.set(brief)
        self._say(guesses.sign, *words, sure=guesses.sure)

    @property
    def prediction(self) -> Prediction | None:
        """What is shown."""
        return self._prediction

    def set_threshold(self, threshold: float) -> None:
        """Call a guess "not sure" below this probability."""
        self.threshold = threshold
        self.show(self._prediction)

    def colour(self, theme: Theme) -> None:
        """Take on the colours of a theme."""
        self.bars.colour(theme)

    def _fit(self, width: int, height: int) -> None:
        """Let letters, bars and picture grow and shrink with the panel."""
        least = [self._look.pixels(length) for length in LEAST]
        factor = min(width / least[0], height / least[1])
        self._look.digit.configure(size=-self._look.pixels(56 * factor))
        self._look.bold.configure(size=-self._look.pixels(18.7 * min(factor, 1.6)))
        half = self._look.digit.metrics("linespace") // 2
        self.rowconfigure((0, 1), minsize=half)
        self.bars.resize(width, self._look.pixels(16 * factor))
        self.zoom = max(1, int(self._look.pixels(88) * factor) // FIELD)
        side = self.zoom * FIELD
        self._enlarged.configure(width=side, height=side)
        self.columnconfigure(0, minsize=side)
        self._room = max(1, width - side - self._look.pixels(8))
        self.show(self._prediction)

    def _say(self, digit: str, headline: str, second: str, *, sure: bool) -> None:
        if not self._shown.changes("words", (digit, headline, second, sure, self._room)):
            return
        style = "Digit.TLabel" if sure else "Unsure.Digit.TLabel"
        self.digit.configure(text=digit, style=style)
        self._head(headline)
        self.second.configure(text=second)

    def _head(self, text: str) -> None:
        """Show the headline large, or, where it has no room, in lines beside the upper half of the digit."""
        look, style = self._look, "Headline.TLabel"
        if look.bold.measure(text) > self._room > 0:
            lines = look.digit.metrics("linespace") // 2 // look.text.metrics("linespace")
            letters = self._room // look.text.measure("0") - 1
            text = "\n".join(wrapped(text, letters, max(1, lines)))
            style = "TLabel"
        self.headline.configure(text=text, style=style)

    def _show_image(self, image: bytes) -> None:
        if not self._shown.changes("image", (image, self.zoom)):
            return
        self._seen.configure(data=pgm(image, FIELD))
        if self.zoom:
            self._enlarged.tk.call(self._enlarged, "copy", self._seen, "-zoom", self.zoom)
