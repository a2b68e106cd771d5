"""Drawings made images: as the window makes them, or as pictures of a thick pen."""

from collections.abc import Callable

import numpy as np

from tinycnn.preprocessing.mnist_format import FIELD, centre, fit_box, strokes_to_mnist
from tinycnn.preprocessing.strokes import rasterise
from tinycnn.utils.validation import check_number

_SIDE, _FILLED = 80, 0.9  # pixels of a picture, and how much of it a drawing fills


def images_of(
    names: np.ndarray,
    drawings_of: Callable[[np.random.Generator, str, int, float], list[list[np.ndarray]]],
    rng: np.random.Generator,
    pen: tuple[float, float] | None,
    loose: float = 0,
) -> np.ndarray:
    """Return an image of a new drawing for each name, uint8 (n, 28, 28).

    Args:
        names: str (n,), what to draw, by a function of rng, a name, a number of drawings, and `loose`.
        pen: the range of its width, or None: see `rendered`.
        loose: see `written`.

    Raises:
        ValueError: `loose` is none from 0 to 1.
    """
    check_number("loose", loose, 0, 1)
    images = np.zeros((len(names), FIELD, FIELD), np.uint8)
    for name in np.unique(names):  # all of a name together: much faster
        places = np.flatnonzero(names == name)
        drawings = drawings_of(rng, str(name), len(places), loose)
        for place, strokes in zip(places, drawings, strict=True):
            images[place] = rendered(strokes, pen and rng.uniform(*pen))
    return images


def rendered(strokes: list[np.ndarray], pen: float | None = None) -> np.ndarray:
    """Return a drawing as an image prepared as MNIST's were: uint8 (28, 28).

    Args:
        strokes: float (n, 2) each, points (x, y) in any unit.
        pen: None: drawn by `strokes_to_mnist`, as in the window, whose lines are always as thick. A
            number from 0 to 1: a picture, drawn with a pen that wide, as a share of its longer side from
            edge to edge of the ink; a third fills the loops of most digits.

    Example:
        >>> bar = [np.array([[5.0, 0.0], [5.0, 30.0]])]
        >>> np.ptp(np.argwhere(rendered(bar, 0.3)), axis=0).tolist()
        [19, 6]
    """
    if pen is None:
        return strokes_to_mnist(strokes)
    points = np.concatenate(strokes)
    first, last = points.min(axis=0), points.max(axis=0)
    scale = _FILLED * (1 - pen) / max(*(last - first), 1e-9)
    placed = [(stroke - (first + last) / 2) * scale + 0.5 for stroke in strokes]
    picture = rasterise(placed, [_FILLED * pen] * len(placed), _SIDE)
    return centre(fit_box(picture))
