"""Rasterising strokes: a stroke is a list of points (x, y) that a round pen went along."""

from collections.abc import Iterable, Sequence

import numpy as np
from PIL import Image, ImageDraw

# For smooth edges a picture is drawn enlarged and then averaged down.
_TIMES = 8  # how many times enlarged,
_FINEST = 4096  # but to at most this many pixels a side; a larger picture is drawn as it is
_DISCS = 8  # discs on the length of the pen's diameter: the line's width then varies by 1/500


def rasterise(strokes: Sequence[np.ndarray], widths: Sequence[float], side: int) -> np.ndarray:
    """Return a picture of strokes drawn with a round pen, with smooth edges.

    Args:
        strokes: each a float (n, 2) array of points (x, y), x to the right and y down, 0 to 1 over
            the picture, joined by straight lines. What lies outside is cut off. One point is a dot.
        widths: the pen's width for each stroke, above 0, as a share of the picture's side.
        side: pixels a side of the picture, 1 or more.

    Returns:
        uint8 (side, side): foreground 255 on 0.

    Raises:
        ValueError: a stroke that is not (n, 2) or not finite, a width that is not above 0, another
            number of widths than strokes, or no pixels.

    Example:
        >>> rasterise([np.array([[0.5, 0.0], [0.5, 1.0]])], [0.5], 4).tolist()[1]
        [0, 255, 255, 0]
    """
    strokes, widths = list(strokes), np.asarray(widths, np.float64)
    _check_pen(len(strokes), widths, side)
    times = min(_TIMES, max(_FINEST // side, 1))
    fine = side * times  # side of the enlarged picture
    lines, diameters = [], []  # in pixels of the enlarged picture
    for stroke, width in zip(strokes, widths * fine, strict=True):
        points = check_stroke(stroke) * fine
        if len(points):
            lines.append(along(points, max(width / _DISCS, 1.0)))
            diameters.append(width)
    image = Image.fromarray(draw(lines, diameters, fine))
    return np.array(image.reduce(times))


def check_stroke(stroke: np.ndarray) -> np.ndarray:
    """Return a copy of a stroke as float64 (n, 2), n from 0.

    Raises:
        ValueError: another shape, or coordinates that are not finite numbers.

    Example:
        >>> check_stroke([(3, 4)])
        array([[3., 4.]])
    """
    points = np.array(stroke, np.float64)
    if points.size == 0:
        return points.reshape(0, 2)
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(f"a stroke holds points (x, y), shape (n, 2), received {points.shape}")
    if not np.isfinite(points).all():
        raise ValueError("a stroke has coordinates that are not finite numbers")
    return points


def along(points: np.ndarray, step: float) -> np.ndarray:
    """Return points (m, 2) at equal distances of at most `step` along the line through points (n, 2).

    Args:
        points: float (n, 2), n from 1; the first and the last are in the result.
        step: the largest distance between neighbours, in the unit of the points.

    Example:
        >>> along(np.array([[0.0, 0.0], [3.0, 4.0]]), 2.0).round(2).tolist()
        [[0.0, 0.0], [1.0, 1.33], [2.0, 2.67], [3.0, 4.0]]
    """
    return evenly(points, int(np.ceil(lengths(points)[-1] / step)) + 1)


def evenly(points: np.ndarray, count: int) -> np.ndarray:
    """Return `count` points, (count, 2), at equal distances along the line through points (n, 2).

    Example:
        >>> evenly(np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 2.0]]), 3).tolist()
        [[0.0, 0.0], [3.0, 0.0], [4.0, 2.0]]
    """
    length = lengths(points)
    distances = np.linspace(0, length[-1], count)
    return np.column_stack([np.interp(distances, length, points[:, axis]) for axis in (0, 1)])


def lengths(points: np.ndarray) -> np.ndarray:
    """Return how far along the line through points (n, 2) each of them is, (n,).

    Example:
        >>> lengths(np.array([[0.0, 0.0], [3.0, 4.0], [3.0, 5.0]])).tolist()
        [0.0, 5.0, 6.0]
    """
    return np.concatenate([[0.0], np.hypot(*np.diff(points, axis=0).T).cumsum()])


def draw(lines: Iterable[np.ndarray], diameters: Iterable[float], side: int) -> np.ndarray:
    """Return a picture with a filled disc on every point: uint8 (side, side), discs 255, the rest 0.

    Args:
        lines: each an array of points (x, y), float (n, 2), in pixels.
        diameters: of the discs of each line, in pixels.
        side: rows and columns of the picture.
    """
    image = Image.new("L", (side, side))
    pen = ImageDraw.Draw(image)
    for points, diameter in zip(lines, diameters, strict=True):
        # Pillow truncates fractions, and the last pixel of a box belongs to it: hence rounded numbers,
        # and one less.
        across = max(round(diameter), 2)  # Pillow leaves out what is smaller
        first = np.rint(points - across / 2).astype(int)
        for box in np.hstack([first, first + across - 1]).tolist():
            pen.ellipse(box, fill=255)
    return np.asarray(image)


def _check_pen(strokes: int, widths: np.ndarray, side: int) -> None:
    """Raise ValueError unless there is one width above 0 for each stroke, and side is at least 1.

    Args:
        strokes: how many there are.
        widths: should be (strokes,).
        side: pixels of the picture.
    """
    if widths.shape != (strokes,):
        raise ValueError(f"there are {strokes} strokes, and widths of shape {widths.shape}")
    if not (np.isfinite(widths) & (widths > 0)).all():
        raise ValueError("a pen's width must be a number above 0")
    if side < 1:
        raise ValueError(f"a picture has 1 pixel a side or more, received {side}")
