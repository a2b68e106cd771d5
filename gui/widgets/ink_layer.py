"""The ink on the paper: one Tk picture that is renewed tile by tile where the ink has changed."""

import time
import tkinter as tk
from collections.abc import Iterable

import numpy as np

from gui.drawing.drawing import Stroke
from gui.drawing.ink import Box, Frame, Ink
from gui.widgets.theme import Theme

AT_ONCE = 0.005  # seconds of drawing before Tk may look for events again
TILE = 128  # pixels a side of what Tk is given at a time


class InkLayer:
    """Shows strokes on a Tk canvas. What takes long is done in parts, between Tk's events.

    Args:
        canvas: where it is shown.
    """

    def __init__(self, canvas: tk.Canvas) -> None:
        self._canvas = canvas
        self.ink = Ink(1)
        self._colours = np.zeros((256, 3), np.uint8)  # of each coverage
        self._tiles: dict[tuple[int, int], None] = {}  # that Tk still has to be given, oldest first
        self._due: str | None = None
        self.image = tk.PhotoImage(master=canvas, width=1, height=1)
        canvas.create_image(0, 0, image=self.image, anchor="nw")

    def fit(self, side: int, strokes: Iterable[Stroke]) -> None:
        """Draw strokes anew, and nothing else, on so many pixels a side."""
        self.ink = Ink(side)
        self.ink.add(strokes)
        self.image.configure(width=side, height=side)
        self._renew((0, 0, side, side))
        self._work()

    def colour(self, theme: Theme, *, faded: bool = False) -> None:
        """Take on the colours of a theme; faded: lines are faint, so that what lies over them is seen."""
        line = theme.trough if faded else theme.line
        ends = [self._canvas.winfo_rgb(colour) for colour in (theme.canvas, line)]
        paper, line = np.array(ends) / 257
        share = np.linspace(0, 1, 256)[:, None]
        self._colours = np.rint(paper + share * (line - paper)).astype(np.uint8)
        side = len(self.ink.coverage)
        self._renew((0, 0, side, side))
        self._work()

    def add(self, strokes: Iterable[Stroke]) -> None:
        """Draw more strokes."""
        self.ink.add(strokes)
        self._work()

    def draw(self, stroke: Stroke) -> None:
        """Draw a short stroke now, before all that waits."""
        for box in self.ink.draw(stroke):
            self._renew(box)
        self._work()

    def redraw(self, frame: Frame, width: float, strokes: Iterable[Stroke]) -> None:
        """Draw anew what a pen of some width can have touched whose way lies in a frame."""
        box = self.ink.reach(frame, width)
        self.ink.wipe(box)
        self.ink.add(strokes, box)
        self._renew(box)
        self._work()

    def _renew(self, box: Box) -> None:
        left, top, right, bottom = box
        for row in range(top // TILE, -(-bottom // TILE)):
            for column in range(left // TILE, -(-right // TILE)):
                self._tiles[row, column] = None

    def _work(self) -> None:
        """Do a part of what is to be done, and the rest after Tk has looked for events."""
        end = time.perf_counter() + AT_ONCE
        for box in self.ink.work(end):
            self._renew(box)
        while self._tiles:
            tile = next(iter(self._tiles))
            del self._tiles[tile]
            self._put(*tile)
            if time.perf_counter() >= end:
                break
        if self._due is None and (self.ink.waits or self._tiles):
            self._due = self._canvas.after(1, self._continue)

    def _continue(self) -> None:
        self._due = None
        self._work()

    def _put(self, row: int, column: int) -> None:
        top, left = row * TILE, column * TILE
        cover = self.ink.coverage[top : top + TILE, left : left + TILE]
        if cover.size:
            data = (
                b"P6 %d %d 255\n" % cover.shape[::-1] + self._colours.take(cover, axis=0).tobytes()
            )
            self.image.tk.call(self.image, "put", data, "-format", "ppm", "-to", left, top)
