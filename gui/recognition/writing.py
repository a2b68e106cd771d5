"""Reading a drawn number: of the ways to take its strokes together, the surest. No Tk in here.

What is heavy is imported inside of the functions: they run behind the open window.
"""

from collections.abc import Callable
from typing import NamedTuple

from gui.drawing.drawing import Items, Stroke
from gui.drawing.number import SMALLEST, candidates, surest
from gui.drawing.rows import rows_of

LEAST = 1e-6  # probability: below it, one doubt is as good as another


class Written(NamedTuple):
    """A digit of a drawing.

    items: its strokes.
    image: uint8 (28, 28), what the net sees.
    placement: from the unit square to the pixels of the image, a `Placement`.
    """

    items: Items
    image: object
    placement: object


def read_number(items: Items, classify: Callable) -> list[Written]:
    """Return the digits of a drawing from left to right.

    Where strokes may be one digit or two, both are tried, and the surer reading kept: all that may be
    digits are classified at once. Nothing is, where there is no doubt.

    Args:
        items: strokes.
        classify: returns the probabilities (n, 10) of images, uint8 (n, 28, 28).

    Raises:
        ValueError: there is no point in the strokes.
    """
    import numpy as np

    found = candidates(items)
    written = [Written(one.items, *placed(one.items)) for one in found]
    if all(one.last == one.first + 1 for one in found):
        return written
    shares = classify(np.stack([one.image for one in written])).max(axis=1)
    chosen = surest(found, (-np.log(np.maximum(shares, LEAST))).tolist())
    return [written[number] for number in chosen]


def in_rows(written: list[Written]) -> list[list[Written]]:
    """Return digits of a drawing, from left to right, in rows from top to bottom."""
    return [[written[n] for n in row] for row in rows_of([one.items for one in written])]


def newest(written: list[Written], items: Items) -> Written:
    """Return the digit of a drawing that was drawn last.

    Args:
        written: from `read_number`.
        items: all strokes of the drawing.
    """
    return next(digit for digit in written if digit.items[-1] is items[-1])


def placed(items: Items) -> tuple:
    """Return strokes as MNIST would have them: see `tinycnn.preprocessing.place_strokes`."""
    from tinycnn.preprocessing import place_strokes

    return place_strokes([points(stroke) for stroke in items], SMALLEST)


def points(stroke: Stroke) -> object:
    """Return the points of a stroke, float64 (n, 2)."""
    import numpy as np

    return np.array(stroke.points).reshape(-1, 2)
