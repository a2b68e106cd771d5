"""Cutting pieces that are wide enough for two digits, where they may touch."""

import numpy as np

from tinycnn.preprocessing.pieces import Piece, pen_width

_WIDE = 0.85  # of its height: a piece that is wider may be two digits
_APART = 0.22  # of the row's height: from cut to cut, and from a cut to the piece's ends
_MOST = 0.45  # of the row's height: what a cut may go through in one place,
_TWICE = 2.8  # and of the pen's width, in two places
_SHEARS = (
    0.0,
    0.1,
    0.2,
    0.3,
    0.4,
    0.5,
    -0.1,
    -0.2,
)  # columns for a row, by which cuts lean to the right
_LIKELIEST = 2  # cuts for every height of width
_ONCE_COST, _TWICE_COST = 1.0, 1.5  # what speaks against a cut, as -log of a probability


def cut_in_two(piece: Piece, height: float) -> list[tuple[Piece, float]]:
    """Return a piece in parts from left to right, and what speaks against the cut that each begins at.

    A cut goes from top to bottom, upright or leaning, through a thin place, or through two.

    Args:
        piece: of a row.
        height: of the row's digits, in pixels.

    Returns:
        Parts, and -log of the probability of the cut to the left; 0 where there is none.

    Example:
        >>> mask = np.zeros((20, 23), bool)
        >>> mask[:, :3] = mask[:, 20:] = mask[8:11] = True  # two bars and what joins them
        >>> [(part.box, cost) for part, cost in cut_in_two(Piece((0, 4, 20, 27), mask), 20.0)]
        [((0, 4, 20, 9), 0.0), ((8, 9, 11, 14), 1.0), ((0, 14, 20, 27), 1.0)]
    """
    if piece.width <= _WIDE * piece.height:
        return [(piece, 0.0)]
    y, x = np.nonzero(piece.mask)
    number, costs = np.zeros(len(x), int), [0.0]
    for place, shear, cost in _cuts(y, x, piece, height):
        beyond = x + shear * (y - piece.height / 2) >= place
        number += beyond
        costs.append(cost)
    return [
        (_part(piece.box, y[number == k], x[number == k]), cost)
        for k, cost in enumerate(costs)
        if (number == k).any()
    ]


def _cuts(
    y: np.ndarray, x: np.ndarray, piece: Piece, height: float
) -> list[tuple[float, float, float]]:
    """Return where to cut: columns in the piece's middle row, how much each cut leans, and its cost."""
    apart, pen = _APART * height, pen_width(piece.mask)
    found = []
    for shear in _SHEARS:
        columns = np.rint(x + shear * (y - piece.height / 2)).astype(int) + piece.height
        count = np.bincount(columns)
        first, last = np.full(len(count), piece.height), np.zeros(len(count), int)
        np.minimum.at(first, columns, y)
        np.maximum.at(last, columns, y)
        once = (last - first < count) & (count <= _MOST * height)
        thin = (count > 0) & (once | (count <= _TWICE * pen))
        for column in np.flatnonzero(thin):
            place = column - piece.height
            if apart <= place <= piece.width - apart:
                cost = _ONCE_COST if once[column] else _TWICE_COST
                found.append((cost, int(count[column]), abs(shear), place, shear))
    chosen: list[tuple[float, float, float]] = []
    for cost, _, _, place, shear in sorted(found):
        if all(abs(place - other) >= apart for other, _, _ in chosen):
            chosen.append((float(place), shear, cost))
    return sorted(chosen[: round(_LIKELIEST * piece.width / height)])


def _part(box: tuple[int, int, int, int], y: np.ndarray, x: np.ndarray) -> Piece:
    """Return the pixels (y, x) of a piece with this box as a piece."""
    top, left = int(y.min()), int(x.min())
    mask = np.zeros((int(y.max()) - top + 1, int(x.max()) - left + 1), bool)
    mask[y - top, x - left] = True
    corner = box[0] + top, box[1] + left
    return Piece((*corner, corner[0] + mask.shape[0], corner[1] + mask.shape[1]), mask)
