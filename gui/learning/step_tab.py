"""One step of learning on the drawing: what it does to the loss, the bars and the first kernels."""

import math
import tkinter as tk
from tkinter import ttk

from gui.learning.pictures import MOST, extent, mosaic, square
from gui.learning.steps import Change
from gui.learning.widgets import DigitRow, PairBars, Picture, RateSlider, Wrapped, palette
from gui.widgets.seen import Seen
from gui.widgets.theme import Theme

HINT = (
    "Grey bars: before; blue: now. Draw another digit and see what overfitting is: taught one drawing "
    "alone, the net forgets the rest."
)
TOO_LARGE = (
    "That step was too large: the net computes no numbers any more. Undo it, and take a lower rate."
)
ROOM = 86  # pixels a side for the kernels of a net, on a screen of 96 dots an inch


class StepTab(ttk.Frame):
    """The part of the pane for single steps.

    Args:
        parent: where it lies.
        pane: that it belongs to.
    """

    def __init__(self, parent: tk.Misc, pane: object) -> None:
        super().__init__(parent)
        self._pane, look = pane, pane.look
        self._seen = Seen()
        self._change: Change | None = None
        self._fresh = False  # whether the drawing is still the one that was learnt from
        self._after: list[float] = []  # what it was read as behind a step, until it is read anew
        gap = look.pixels(6)
        DigitRow(self, look, pane.digit, self.tell).grid(row=0, column=0, columnspan=2, sticky="w")
        self._buttons(gap).grid(row=1, column=0, columnspan=2, sticky="w", pady=gap)
        self.bars = PairBars(self, look, (look.pixels(215), look.pixels(148)))
        self.bars.grid(row=2, column=0, sticky="nw")
        self._kernels(look).grid(row=2, column=1, sticky="nw", padx=(2 * gap, 0))
        hint = Wrapped(self, text=HINT, style="Faint.TLabel")
        hint.grid(row=3, column=0, columnspan=2, sticky="w", pady=(gap, 0))

    def _buttons(self, gap: int) -> ttk.Frame:
        row = ttk.Frame(self)
        self.buttons = {
            "step": ttk.Button(row, text="Step", command=lambda: self._pane.step(1)),
            "ten": ttk.Button(row, text="Ten steps", command=lambda: self._pane.step(10)),
            "back": ttk.Button(row, text="Undo step", command=self._pane.undo_step),
        }
        for button in self.buttons.values():
            button.pack(side="left", padx=(0, gap))
        self.rate = RateSlider(row, self._pane.look)
        self.rate.set(1.0)
        self.rate.pack(side="left", padx=(gap, 0))
        return row

    def _kernels(self, look: object) -> ttk.Frame:
        frame, gap = ttk.Frame(self), look.pixels(10)
        self.loss = ttk.Label(frame, style="Headline.TLabel")
        self.loss.grid(row=0, column=0, columnspan=3, sticky="w", pady=(0, gap // 2))
        self._about = ttk.Label(frame, style="Faint.TLabel")
        self._about.grid(row=1, column=0, columnspan=3, sticky="w")
        self._pictures, self._captions = {}, {}
        for column, name in enumerate(("before", "after", "difference")):
            room = look.pixels(ROOM)
            self._pictures[name] = Picture(frame, (room, room), look.pixels(8))
            self._captions[name] = ttk.Label(frame, style="Faint.TLabel")
            for row, widget in ((2, self._captions), (3, self._pictures)):
                widget[name].grid(row=row, column=column, sticky="nw", padx=(0, gap))
        return frame

    def show(self, change: Change, *, learnt: bool) -> None:
        """Show what a step has done; learnt: the drawing is the one that it was taken on."""
        self._change, self._fresh = change, learnt
        self._after = change.after.shares if learnt else []
        self._show_kernels()
        self.tell()
        if not change.after.shares:
            self._pane.window.view.say(TOO_LARGE, wrong=True)

    def forget(self) -> None:
        """Another drawing lies there: what is shown of a step is not about it."""
        self._fresh = False
        self.read()

    def read(self) -> None:
        """The drawing was read anew."""
        self._after = []
        self.tell()

    def tell(self) -> None:
        """Show bars and loss of the drawing as it is read now, and of before the last step on it."""
        now = self._after or self._pane.shares
        fresh = self._fresh and self._change is not None
        before = self._change.before.shares if fresh else []
        self.bars.show(before if now else [], now)
        digit = self._pane.digit.get()
        if not now or digit < 0:
            self._tell_loss("Loss: which digit is it?" if now else "Loss")
            return
        texts = [f"{-math.log(max(shares[digit], 1e-7)):.3g}" for shares in (before, now) if shares]
        self._tell_loss(f"Loss {' → '.join(texts)}")

    def _tell_loss(self, text: str) -> None:
        if self._seen.changes("loss", text):
            self.loss.configure(text=text)

    def _show_kernels(self) -> None:
        before, after = self._change.before.kernels, self._change.after.kernels
        if not before or not after:
            for name in self._pictures:
                self._pictures[name].empty()
                self._captions[name].configure(text="")
            self._about.configure(text="No convolution to be shown")
            return
        shown = f"{MOST} of " if len(before) > MOST else ""
        size = f"{len(before[0])} × {len(before[0][0])}"
        about = f"First kernels, {shown}{len(before)} of {size}: blue above 0, orange below"
        self._about.configure(text=about)
        difference = subtracted(after, before)
        scale, small = extent([*before, *after]), extent(difference)
        times = "" if before == after else f" × {scale / small:,.0f}"
        self._show_tiles("before", "before", before, scale)
        self._show_tiles("after", "after", after, scale)
        self._show_tiles("difference", f"difference{times}", difference, small)

    def _show_tiles(self, name: str, caption: str, tiles: list, scale: float) -> None:
        colours = palette(self._pane.look.theme)
        self._pictures[name].show(*mosaic(tiles, square(len(tiles)), scale, colours))
        self._captions[name].configure(text=caption)

    def enable(self, *, busy: bool) -> None:
        """Let those buttons be pressed that mean something now."""
        undoable = self._change is not None and self._change.count
        for name, button in self.buttons.items():
            possible = not busy and (name != "back" or undoable)
            button.state(["!disabled" if possible else "disabled"])

    def colour(self, theme: Theme) -> None:
        """Take on the colours of a theme."""
        self.bars.colour(theme)
        if self._change is not None:
            self._show_kernels()


def subtracted(a: list, b: list) -> list:
    """Return a minus b, number by number.

    Args:
        a, b: (count, h, w), as lists.

    Example:
        >>> subtracted([[[3.0, 1.0]]], [[[1.0, 1.0]]])
        [[[2.0, 0.0]]]
    """
    return [
        [[x - y for x, y in zip(*rows, strict=True)] for rows in zip(*tiles, strict=True)]
        for tiles in zip(a, b, strict=True)
    ]
