"""The pen and the eraser, from the moment they touch the canvas until they leave it."""

from array import array

from gui.drawing.drawing import Items, Stroke, together
from gui.drawing.eraser import Point, erase

ERASER = 0.05  # radius, as a share of the canvas's side


class Pen:
    """Draws one stroke.

    Example:
        >>> pen = Pen((), (0.5, 0.25), 0.1)
        >>> pen.move((0.5, 2.0))
        >>> list(pen.items[0].points)
        [0.5, 0.25, 0.5, 1.0]
    """

    def __init__(self, items: Items, point: Point, width: float) -> None:
        self._items = items
        self._points = array("d", _on_canvas(point))
        self.width = width

    def move(self, point: Point) -> None:
        """Draw a straight line to a point; what lies beyond the canvas is drawn along its edge."""
        point = _on_canvas(point)
        if point != self.last:
            self._points.extend(point)

    @property
    def last(self) -> Point:
        """Where the pen is."""
        return self._points[-2], self._points[-1]

    @property
    def items(self) -> Items:
        """What is on the canvas now."""
        return together(self._items, Stroke(self._points[:], self.width))


class Eraser:
    """Takes away what it touches."""

    def __init__(self, items: Items, point: Point) -> None:
        self.last = point
        self.items = items
        self.move(point)

    def move(self, point: Point) -> None:
        """Erase along a straight line to a point."""
        self.items = erase(self.items, self.last, point, ERASER)
        self.last = point


def _on_canvas(point: Point) -> Point:
    return min(1.0, max(0.0, point[0])), min(1.0, max(0.0, point[1]))
