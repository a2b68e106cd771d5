"""What is on the canvas, and every step that led there: strokes as points, or an opened picture."""

import dataclasses
from array import array
from collections import deque

STEPS = 1000  # that can be undone; older ones are forgotten, so that memory stays flat


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class Stroke:
    """One pull of the pen: points in the unit square of the canvas, and the pen's width there.

    points: x0, y0, x1, y1, ... float64, 0 left or top, 1 right or bottom. One point is a dot.
    width: diameter of the pen as a share of the canvas's side.
    frame: least x, least y, greatest x, greatest y of the points.
    """

    points: array
    width: float
    frame: tuple[float, float, float, float] = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        across, down = self.points[::2], self.points[1::2]
        frame = min(across), min(down), max(across), max(down)
        object.__setattr__(self, "frame", frame)  # as frozen ones must


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class Picture:
    """A picture from a file, which takes the whole canvas.

    grey: float32 (h, w), 0 black to 1 white.
    name: what to call it.
    """

    grey: object
    name: str


Items = tuple[Stroke | Picture, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """One step: from `start` on, the items `old` gave way to `new`."""

    start: int
    old: Items
    new: Items


class Drawing:
    """The items on the canvas, with undo and redo.

    Example:
        >>> drawing = Drawing()
        >>> drawing.add(Stroke(array("d", [0.5, 0.2, 0.5, 0.8]), 0.08))
        >>> drawing.undo(), drawing.items
        (True, ())
        >>> drawing.redo(), len(drawing.items)
        (True, 1)
    """

    def __init__(self) -> None:
        self.items: Items = ()
        self._done: deque[Change] = deque(maxlen=STEPS)
        self._undone: list[Change] = []

    def add(self, item: Stroke | Picture) -> None:
        """Put one more item on the canvas, as `together` says."""
        self.replace(together(self.items, item))

    def replace(self, items: Items) -> None:
        """Make one step to other items; what is the same at both ends is not remembered twice."""
        items = tuple(items)
        start = _same(self.items, items)
        old, new = self.items[start:], items[start:]
        end = _same(old[::-1], new[::-1])
        change = Change(start, old[: len(old) - end], new[: len(new) - end])
        if change.old or change.new:
            self._done.append(change)
            self._undone.clear()
            self.items = items

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to take again."""
        return bool(self._undone)

    def undo(self) -> bool:
        """Take the last step back; return whether there was one."""
        if not self._done:
            return False
        change = self._done.pop()
        self._undone.append(change)
        self._put(change.start, len(change.new), change.old)
        return True

    def redo(self) -> bool:
        """Take the last undone step again; return whether there was one."""
        if not self._undone:
            return False
        change = self._undone.pop()
        self._done.append(change)
        self._put(change.start, len(change.old), change.new)
        return True

    def _put(self, start: int, count: int, new: Items) -> None:
        self.items = (*self.items[:start], *new, *self.items[start + count :])


def together(items: Items, item: Stroke | Picture) -> Items:
    """Return the items with one more: strokes lie beside each other, a picture shares with nobody."""
    alone = isinstance(item, Picture) or any(isinstance(one, Picture) for one in items)
    return (item,) if alone else (*items, item)


def _same(a: Items, b: Items) -> int:
    """Return how many items from the beginning on are the same in both."""
    for count, (one, other) in enumerate(zip(a, b, strict=False)):
        if one is not other:
            return count
    return min(len(a), len(b))
