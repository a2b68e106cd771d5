"""Cutting pieces that are wide enough for two digits, where they may touch."""

import numpy as np

from tinycnn.preprocessing.pieces import Piece

_WIDE = 0.85  # of its height: a piece that is wider may be two digits
_APART = 0.22  # of the row's height: from cut to cut, and from a cut to the piece's ends
_MOST = 2.2  # of the pen's width: what a cut may go through
_SHEARS = (0.0, 0.2, 0.4, -0.2)  # columns for a row, by which cuts lean to the right
_LIKELIEST = 3  # cuts for every height of width


def cut_in_two(piece: Piece, height: float) -> list[tuple[Piece, bool]]:
    """Return a piece in parts from left to right, and for each whether it begins at a cut.

    A cut goes from top to bottom, upright or leaning, through a single thin place.

    Args:
        piece: of a row.
        height: of the row's digits, in pixels.

    Example:
        >>> mask = np.zeros((20, 31), bool)
        >>> mask[:, 4:7] = mask[:, 24:27] = mask[8:11, 4:27] = True  # two bars and what joins them
        >>> [(part.box, cut) for part, cut in cut_in_two(Piece((0, 4, 20, 27), mask[:, 4:27]), 20.0)][0]
        ((0, 4, 20, 12), False)
    """
    if piece.width <= _WIDE * piece.height:
        return [(piece, False)]
    y, x = np.nonzero(piece.mask)
    parts, start = np.zeros(len(x), int), piece.box
    for place, shear in _cuts(y, x, piece, height):
        parts += x + shear * (y - piece.height / 2) >= place
    cut = [_part(start, y[parts == k], x[parts == k]) for k in np.unique(parts)]
    return [(part, number > 0) for number, part in enumerate(cut)]


def _cuts(y: np.ndarray, x: np.ndarray, piece: Piece, height: float) -> list[tuple[float, float]]:
    """Return where to cut: columns in the piece's middle row, and by how much each cut leans."""
    apart = _APART * height
    found = []
    for shear in _SHEARS:
        columns = np.rint(x + shear * (y - piece.height / 2)).astype(int) + piece.height
        count = np.bincount(columns)
        first, last = np.full(len(count), piece.height), np.zeros(len(count), int)
        np.minimum.at(first, columns, y)
        np.maximum.at(last, columns, y)
        for column in np.flatnonzero((count > 0) & (last - first < _MOST * _pen(piece.mask))):
            place = column - piece.height
            if apart <= place <= piece.width - apart:
                found.append((int(last[column] - first[column]), abs(shear), place, shear))
    chosen: list[tuple[float, float]] = []
    for _, _, place, shear in sorted(found):
        if all(abs(place - other) >= apart for other, _ in chosen):
            chosen.append((float(place), shear))
    return sorted(chosen[: round(_LIKELIEST * piece.width / height)])


def _pen(mask: np.ndarray) -> float:
    """Return how wide the lines of a piece are, in pixels: twice the area by the perimeter."""
    padded = np.pad(mask, 1).astype(np.int8)
    down, across = np.diff(padded, axis=0)[:, :-1], np.diff(padded, axis=1)[:-1]
    return float(2 * mask.sum() / np.hypot(down, across).sum())


def _part(box: tuple[int, int, int, int], y: np.ndarray, x: np.ndarray) -> Piece:
    """Return the pixels (y, x) of a piece with this box as a piece."""
    top, left = int(y.min()), int(x.min())
    mask = np.zeros((int(y.max()) - top + 1, int(x.max()) - left + 1), bool)
    mask[y - top, x - left] = True
    corner = box[0] + top, box[1] + left
    return Piece((*corner, corner[0] + mask.shape[0], corner[1] + mask.shape[1]), mask)
