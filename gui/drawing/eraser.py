"""What an eraser takes away: the points of strokes that it touches, which may part a stroke in two."""

import itertools
import math
from array import array

from gui.drawing.drawing import Items, Stroke

Point = tuple[float, float]


def erase(items: Items, start: Point, end: Point, radius: float) -> Items:
    """Return the items without what a round eraser touched on its straight way.

    Args:
        items: strokes are parted; pictures stay as they are.
        start, end: (x, y) of the eraser's middle, in the unit square of the canvas.
        radius: of the eraser, as a share of the canvas's side, above 0.

    Example:
        >>> line = Stroke(array("d", [0.1, 0.5, 0.9, 0.5]), 0.01)
        >>> [(round(part.points[0], 2), round(part.points[-2], 2))
        ...  for part in erase((line,), (0.5, 0.5), (0.5, 0.5), 0.1)]
        [(0.1, 0.38), (0.62, 0.9)]
    """
    left = []
    for item in items:
        distance = radius + item.width / 2 if isinstance(item, Stroke) else 0.0
        if isinstance(item, Stroke) and _may_touch(item, start, end, distance):
            left += _split(item, start, end, distance)
        else:
            left.append(item)
    return tuple(left)


def _may_touch(stroke: Stroke, start: Point, end: Point, distance: float) -> bool:
    """Return whether the frames of a stroke and of the eraser's way come within a distance."""
    left, top, right, bottom = stroke.frame
    return (
        min(start[0], end[0]) - distance <= right
        and max(start[0], end[0]) + distance >= left
        and min(start[1], end[1]) - distance <= bottom
        and max(start[1], end[1]) + distance >= top
    )


def _split(stroke: Stroke, start: Point, end: Point, distance: float) -> list[Stroke]:
    """Return the runs of a stroke's points that the eraser did not touch.

    Points of a quick stroke lie far apart, so more are put between them first; a stroke that was
    not touched at all keeps its own.
    """
    parts, run, touched = [], array("d"), False
    for x, y in _dense(stroke.points, distance / 4):
        if _distance((x, y), start, end) <= distance:
            touched = True
            if run:
                parts.append(run)
            run = array("d")
        else:
            run.extend((x, y))
    if run:
        parts.append(run)
    return [Stroke(part, stroke.width) for part in parts] if touched else [stroke]


def _dense(points: array, step: float) -> list[Point]:
    """Return a stroke's points with others between them, so that none are farther apart than `step`."""
    pairs = list(zip(points[::2], points[1::2], strict=True))
    dense = pairs[:1]
    for (x0, y0), (x1, y1) in itertools.pairwise(pairs):
        count = max(1, math.ceil(math.hypot(x1 - x0, y1 - y0) / step))
        for i in range(1, count):
            share = i / count
            dense.append((x0 + share * (x1 - x0), y0 + share * (y1 - y0)))
        dense.append((x1, y1))
    return dense


def _distance(point: Point, start: Point, end: Point) -> float:
    """Return how far a point is from the line between two others."""
    along, across = end[0] - start[0], end[1] - start[1]
    length = along * along + across * across
    share = 0.0
    if length:
        share = ((point[0] - start[0]) * along + (point[1] - start[1]) * across) / length
        share = min(1.0, max(0.0, share))
    return math.hypot(point[0] - start[0] - share * along, point[1] - start[1] - share * across)
