"""The pen and the eraser, from the moment they touch the canvas until they leave it."""

from array import array

from gui.drawing.drawing import Items, Stroke, together
from gui.drawing.eraser import Point, erase

ERASER = 0.05  # radius, as a share of the canvas's side
FARTHEST = (
    1.25  # times the distance within which points are erased, the next point that stays may be
)


class Pen:
    """Draws one stroke, or several where it leaves the canvas on its way.

    Example:
        >>> pen = Pen((), (0.5, 0.25), 0.1)
        >>> pen.move((0.5, 1.75))
        ((0.5, 0.25), (0.5, 1.0))
        >>> list(pen.items[0].points)
        [0.5, 0.25, 0.5, 1.0]
    """

    def __init__(self, items: Items, point: Point, width: float) -> None:
        self._items = items
        self._last = min(1.0, max(0.0, point[0])), min(1.0, max(0.0, point[1]))
        self._runs = [array("d", self._last)]
        self.width = width

    def move(self, point: Point) -> tuple[Point, Point] | None:
        """Draw a straight line to a point; return the part of it on the canvas, None if there is none.

        Where the pen comes back from beyond the canvas, a new stroke begins.
        """
        start, self._last = self._last, point
        piece = clipped(start, point)
        if piece is None:
            return None
        run = self._runs[-1]
        if piece[0] != tuple(run[-2:]):
            run = array("d", piece[0])
            self._runs.append(run)
        if piece[1] != piece[0]:
            run.extend(piece[1])
        return piece

    @property
    def items(self) -> Items:
        """What is on the canvas now."""
        items = self._items
        for run in self._runs:
            items = together(items, Stroke(run[:], self.width))
        return items


class Eraser:
    """Takes away what it touches; all that changes at a move lies in its `frame`."""

    def __init__(self, items: Items, point: Point) -> None:
        self.last = point
        self.items = items
        self.frame = (0.0, 0.0, 1.0, 1.0)
        self.move(point)

    def move(self, point: Point) -> None:
        """Erase along a straight line to a point."""
        widest = max((item.width for item in self.items if isinstance(item, Stroke)), default=0.0)
        farthest = FARTHEST * (ERASER + widest / 2)
        low, high = (tuple(map(end, self.last, point)) for end in (min, max))
        self.frame = (*(value - farthest for value in low), *(value + farthest for value in high))
        self.items = erase(self.items, self.last, point, ERASER)
        self.last = point


def clipped(start: Point, end: Point) -> tuple[Point, Point] | None:
    """Return the part of a straight line that lies in the unit square, None if there is none.

    After Liang and Barsky: from one share of the way to another, the line is on the inner side of all
    four edges.

    Example:
        >>> clipped((0.5, 0.5), (0.5, 1.5)), clipped((2, 0), (2, 1))
        (((0.5, 0.5), (0.5, 1.0)), None)
    """
    first, last = 0.0, 1.0
    for a, b in zip(start, end, strict=True):
        way = b - a
        if not way:
            if not 0 <= a <= 1:
                return None
            continue
        enters, leaves = sorted(((0 - a) / way, (1 - a) / way))
        first, last = max(first, enters), min(last, leaves)
    if first >= last:
        return None
    return _between(start, end, first), _between(start, end, last)


def _between(start: Point, end: Point, share: float) -> Point:
    """Return the point at a share of the way; exactly the end at 1, and never beyond the canvas."""
    x, y = (a + share * (b - a) for a, b in zip(start, end, strict=True)) if share < 1 else end
    return min(1.0, max(0.0, x)), min(1.0, max(0.0, y))
