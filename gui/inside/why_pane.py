"""The row "Why?": over the paper, the pixels that a guess hangs on."""

import tkinter as tk
from tkinter import ttk

from gui.drawing.drawing import Items
from gui.inside.colours import palette
from gui.inside.why_messages import (
    GRADIENT,
    OCCLUSION,
    Because,
    Overlay,
    Question,
    WhyWish,
    asked_of,
)
from gui.widgets.keyboard import make_one_stop
from gui.widgets.side import BasePane
from gui.widgets.theme import Theme
from gui.widgets.tooltip import Tooltip

LEGEND = (64, 10)  # width and height, at 96 dots an inch
PAUSE = 40  # milliseconds between two answers
REST = 150  # milliseconds without a change, until what takes longer is asked for
LIVE = 800  # pixels a side of the paper: on a larger one Tk draws the colours too slowly for a moving hand
BLANK = Overlay(0, 0, b"")
TIPS = {
    "first": "Which pixels spoke for the first guess, which against it",
    "second": "What would have to change for the second guess to win",
    GRADIENT: "By the slope of the scores: pixel × gradient",
    OCCLUSION: "By covering the picture, square by square: how far the score falls",
}


class Pane(BasePane):
    """Asks why, and lays the answer over the paper.

    Args: see `BasePane`.
    """

    def __init__(self, parent: tk.Misc, window: object) -> None:
        super().__init__(parent, window)
        self.configure(padding=(0, 0, 0, self.look.pixels(8)))
        pad = self.look.pixels(4), self.look.pixels(3)
        ttk.Style(self).configure("Small.Toolbutton", padding=pad)
        self.guess = tk.StringVar(self, "first")
        self.method = tk.StringVar(self, GRADIENT)
        self._wanted: tuple[int, Items] = (0, ())
        self._asked = self._stale = self._open = False
        self._timer = ""
        self.shown: Because | None = None
        self.choices: dict[str, ttk.Radiobutton] = {}
        for variable, values in (
            (self.guess, ("first", "second")),
            (self.method, (GRADIENT, OCCLUSION)),
        ):
            for value in values:
                self._choice(variable, value)
            make_one_stop({value: self.choices[value] for value in values}, variable)
            ttk.Frame(self, width=self.look.pixels(10)).pack(side="left")
        self.choices[GRADIENT].configure(text="Gradient")
        self.choices[OCCLUSION].configure(text="Occlusion")
        self._legend = tk.PhotoImage(master=self)
        self.below = ttk.Label(self, style="Faint.TLabel")
        self.above = ttk.Label(self, style="Faint.TLabel")
        gap = self.look.pixels(4)
        for widget in (self.below, ttk.Label(self, image=self._legend), self.above):
            widget.pack(side="left", padx=(0, gap))
        window.view.canvas.bind("<Configure>", self._resized, add=True)
        self._say()

    def _choice(self, variable: tk.StringVar, value: str) -> None:
        choice = ttk.Radiobutton(
            self, style="Small.Toolbutton", variable=variable, value=value, command=self._turned
        )  # fmt: skip
        choice.pack(side="left", padx=(0, self.look.pixels(2)))
        Tooltip(choice, TIPS[value], self.look)
        self.choices[value] = choice

    @property
    def question(self) -> Question:
        """What is asked."""
        return Question(self.guess.get() == "second", self.method.get())

    # What the window tells.

    def opened(self) -> None:
        """Lay the answer over the paper from now on."""
        self._open = True
        self._fade(True)

    def shut(self) -> None:
        """Take it away."""
        self._open = False
        self._clear()
        self._fade(False)

    def show_drawing(self, version: int, items: Items) -> None:
        """Ask about the drawing as it is now."""
        self._wanted = version, items
        slow = self.method.get() == OCCLUSION or self.window.view.canvas.side > LIVE
        if slow or not items:
            self._clear()
        if self._timer:
            self.after_cancel(self._timer)
        self._timer = self.after(REST if slow else 0, self._rested)

    def _rested(self) -> None:
        self._timer = ""
        self._ask()

    def show_model(self) -> None:
        """Ask the other model."""
        self._ask()

    def colour(self, theme: Theme) -> None:
        """Take on the colours of a theme."""
        self._ask()

    def _fade(self, faded: bool) -> None:
        """Make the strokes faint, or as they were."""
        canvas = self.window.view.canvas
        canvas.faded = faded
        canvas.colour(self.look.theme)

    def _turned(self) -> None:
        self._clear()
        self._say()
        self._ask()

    def _resized(self, event: tk.Event) -> None:
        """Take away what was made for another size of the paper."""
        if self.shown is not None and self.shown.wish.side != self.window.view.canvas.side:
            self._clear()
            self._ask()

    # One wish at a time is asked for, of the newest drawing.

    def _ask(self) -> None:
        self._stale = True
        version, items = self._wanted
        if self._asked or not self._open or not items:
            return
        self._asked, self._stale = True, False
        legend = tuple(map(self.look.pixels, LEGEND))
        side, colours = self.window.view.canvas.side, palette(self.look.theme)
        wish = WhyWish(version, items, self.question, side, legend, colours)
        self.window.worker.submit_newest("why.look", wish)

    def look_done(self, because: Because) -> None:
        """Lay the answer over the paper, and ask on after a while, in which guesses have their turn."""
        if not self._open:
            self._asked = False
            return
        fits = because.wish.side == self.window.view.canvas.side
        more = because.guesses is not None and because.overlay is None
        if fits and because.wish.question == self.question and because.overlay and self._wanted[1]:
            self._show(because)
        self.after(1 if more else PAUSE, self._go_on, more or not fits)

    def _go_on(self, unfinished: bool) -> None:
        self._asked = False
        if self._stale or unfinished:
            self._ask()

    def _show(self, because: Because) -> None:
        newest = because.wish.version == self._wanted[0]
        if newest or because.wish.question.method == GRADIENT:
            self.shown = because
            overlay = because.overlay
            self.window.view.canvas.lay_over(overlay.left, overlay.top, overlay.data)
            self._legend.configure(data=because.legend)
            self._say()

    def _clear(self) -> None:
        self.shown = None
        self.window.view.canvas.lay_over(BLANK.left, BLANK.top, BLANK.data)

    def _say(self) -> None:
        """Name the guesses and the meaning of the colours."""
        if self.shown is None:
            self.choices["first"].configure(text="First guess")
            self.choices["second"].configure(text="Second guess")
            for label in (self.below, self.above):
                label.configure(text="")
            return
        first, second = self.shown.guesses
        self.choices["first"].configure(text=asked_of(first, self.shown.is_digit))
        self.choices["second"].configure(text=f"What makes it a {second}?")
        above, below = self.question.meaning(first, second)
        self.above.configure(text=above)
        self.below.configure(text=below)

    def failed(self, sentence: str) -> None:
        """Say what went wrong, clear away what was said before, and be ready for the next drawing."""
        super().failed(sentence)
        self._asked = False
        self._clear()
        self._say()
