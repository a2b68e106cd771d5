"""Ink: how much of each pixel strokes cover, with smooth edges; drawn piece by piece, as there is time."""

import math
import time
from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np

from gui.drawing.drawing import Stroke

LONGEST = 64  # pixels of a piece: a long line is drawn as several, each in a small box

Frame = tuple[float, float, float, float]  # least x, least y, greatest x, greatest y
Box = tuple[int, int, int, int]  # pixels: left, top, and the first beyond right and bottom
Piece = tuple[float, float, float, float, float]  # x0, y0, x1, y1 and radius in pixels


class Ink:
    """Each pixel is covered as far as the piece of a stroke does that covers it most.

    So pieces may come in any order, and one that comes twice changes nothing.

    Args:
        side: pixels a side of the square.

    Example:
        >>> from array import array
        >>> ink = Ink(4)
        >>> ink.add([Stroke(array("d", [0.0, 0.5, 1.0, 0.5]), 0.5)])
        >>> while ink.waits:
        ...     boxes = ink.work(time.perf_counter() + 1)
        >>> ink.coverage[1].tolist(), ink.coverage[3].tolist()
        ([255, 255, 255, 255], [0, 0, 0, 0])
    """

    def __init__(self, side: int) -> None:
        self.coverage = np.zeros((side, side), np.uint8)
        self._waiting: deque[tuple[Stroke, Iterator[Piece], Box]] = deque()

    @property
    def waits(self) -> bool:
        """Whether something is still to be drawn."""
        return bool(self._waiting)

    def add(self, strokes: Iterable[Stroke], box: Box | None = None) -> None:
        """Have strokes drawn in their turn, or what of them lies in a box."""
        side = len(self.coverage)
        box = box or (0, 0, side, side)
        for stroke in strokes:
            if overlap(self.reach(stroke.frame, stroke.width), box):
                self._waiting.append((stroke, pieces(stroke, side, box), box))

    def forget(self, strokes: Iterable[Stroke]) -> bool:
        """Draw nothing more of some strokes; return whether any of them still waited."""
        gone = {*strokes}
        left = [entry for entry in self._waiting if entry[0] not in gone]
        waited = len(left) < len(self._waiting)
        self._waiting = deque(left)
        return waited

    def work(self, end: float) -> list[Box]:
        """Draw what waits until `time.perf_counter()` is at an end; return the boxes that were touched."""
        touched = []
        while self._waiting:
            _, left, box = self._waiting[0]
            for piece in left:
                touched.append(self._draw(piece, box))
                if time.perf_counter() >= end:
                    return touched
            self._waiting.popleft()
        return touched

    def draw(self, stroke: Stroke) -> list[Box]:
        """Draw a stroke at once; return the boxes that were touched."""
        side = len(self.coverage)
        box = (0, 0, side, side)
        return [self._draw(piece, box) for piece in pieces(stroke, side, box)]

    def wipe(self, box: Box) -> None:
        """Take all ink in a box away."""
        left, top, right, bottom = box
        self.coverage[top:bottom, left:right] = 0

    def reach(self, frame: Frame, width: float) -> Box:
        """Return the pixels that a pen of some width can touch whose way lies in a frame."""
        side = len(self.coverage)
        left, top, right, bottom = (value * side for value in frame)
        return self._around(left, top, right, bottom, width * side / 2)

    def _around(self, left: float, top: float, right: float, bottom: float, radius: float) -> Box:
        side = len(self.coverage)
        low = (math.floor(value - radius) - 1 for value in (left, top))
        high = (math.ceil(value + radius) + 1 for value in (right, bottom))
        return (*(max(0, value) for value in low), *(min(side, value) for value in high))

    def _draw(self, piece: Piece, box: Box) -> Box:
        """Cover the pixels near a piece: wholly up to its radius, and half a pixel farther less and less."""
        x0, y0, x1, y1, radius = piece
        around = self._around(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1), radius)
        left, top, right, bottom = touched = overlap(around, box) or (0, 0, 0, 0)
        x = np.arange(left, right, dtype=np.float32) + np.float32(0.5 - x0)
        y = np.arange(top, bottom, dtype=np.float32)[:, None] + np.float32(0.5 - y0)
        distance = _distance(x, y, np.float32(x1 - x0), np.float32(y1 - y0))  # (h, w)
        cover = 255 * np.clip(np.float32(radius + 0.5) - distance, 0, 1) + np.float32(0.5)
        old = self.coverage[top:bottom, left:right]
        np.maximum(old, cover.astype(np.uint8), out=old)
        return touched


def pieces(stroke: Stroke, side: int, box: Box) -> Iterator[Piece]:
    """Yield the straight pieces of a stroke, on a square of so many pixels, that come near a box."""
    points = np.array(stroke.points).reshape(-1, 2) * side
    starts, ends = points[: max(1, len(points) - 1)], points[min(1, len(points) - 1) :]
    radius = stroke.width * side / 2
    low, high = np.array(box[:2]) - radius - 1, np.array(box[2:]) + radius + 1
    near = ((np.maximum(starts, ends) >= low) & (np.minimum(starts, ends) <= high)).all(axis=1)
    for start, end in zip(starts[near].tolist(), ends[near].tolist(), strict=True):
        count = max(1, math.ceil(math.dist(start, end) / LONGEST))
        step = [(b - a) / count for a, b in zip(start, end, strict=True)]
        for i in range(count):
            x, y = start[0] + i * step[0], start[1] + i * step[1]
            yield x, y, x + step[0], y + step[1], radius


def overlap(one: Box, other: Box) -> Box | None:
    """Return the box that lies in both boxes; None if there is none.

    Example:
        >>> overlap((0, 0, 5, 5), (3, -1, 9, 2)), overlap((0, 0, 2, 2), (2, 0, 3, 3))
        ((3, 0, 5, 2), None)
    """
    left, top = max(one[0], other[0]), max(one[1], other[1])
    right, bottom = min(one[2], other[2]), min(one[3], other[3])
    return (left, top, right, bottom) if left < right and top < bottom else None


def _distance(x: np.ndarray, y: np.ndarray, across: np.float32, down: np.float32) -> np.ndarray:
    """Return how far points are from the straight line between (0, 0) and another point."""
    length = across * across + down * down
    if not length:
        return np.sqrt(x * x + y * y)
    share = np.clip((x * across + y * down) / length, 0, 1)
    return np.sqrt((x - share * across) ** 2 + (y - share * down) ** 2)
