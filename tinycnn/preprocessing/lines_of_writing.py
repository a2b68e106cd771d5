"""Lines of writing: by which angle a page is turned, and which of its pieces are in one row."""

import numpy as np

from tinycnn.preprocessing.pieces import Piece

_NEAREST, _FARTHEST = 0.2, 2.2  # of the height of digits: how far to the right the next digit is
_STEEPEST = 0.6  # rows for a column, about 30 degrees
_SAME_ROW = 0.5  # of that height: how far from the row's middle
_FULL = 0.6  # of that height: lower pieces are parts, or dust, and make no row of their own


def page_angle(pieces: list[Piece], height: float) -> float:
    """Return by how much a page is turned clockwise, in radians: the usual way from a digit to the next.

    Args:
        pieces: in any order.
        height: of a digit, in pixels.

    Example:
        >>> dot = np.ones((10, 10), bool)
        >>> pieces = [Piece((2 * k, 10 * k, 2 * k + 10, 10 * k + 10), dot) for k in range(4)]
        >>> round(page_angle(pieces, 10.0), 2)
        0.2
    """
    middles = _middles([piece for piece in pieces if piece.height >= _FULL * height])
    slopes = []
    for place in middles:
        down, across = (middles - place).T
        near = (across > _NEAREST * height) & (across < _FARTHEST * height)
        near &= np.abs(down) < _STEEPEST * across
        if near.any():
            nearest = np.flatnonzero(near)[np.argmin(np.hypot(down, across)[near])]
            slopes.append(np.arctan2(down[nearest], across[nearest]))
    return float(np.median(slopes)) if slopes else 0.0


def rows_of(pieces: list[Piece], angle: float, height: float) -> list[list[Piece]]:
    """Return the pieces in rows, from top to bottom and from left to right.

    Args:
        pieces: in any order.
        angle: by which the page is turned clockwise, in radians.
        height: of a digit, in pixels.
    """
    places = _middles(pieces) @ _turned_back(angle)  # (down, across) for each
    full = [piece.height >= _FULL * height for piece in pieces]
    order = sorted(range(len(pieces)), key=lambda k: (not full[k], places[k, 0]))
    rows: list[list[int]] = []
    for k in order:  # the full ones first, from top to bottom
        distance = [abs(places[k, 0] - np.mean(places[row, 0])) for row in rows]
        reach = (_SAME_ROW if full[k] else 1.5 * _SAME_ROW) * height
        if rows and min(distance) <= reach:
            rows[int(np.argmin(distance))].append(k)
        elif full[k] or not rows:
            rows.append([k])
    rows.sort(key=lambda row: places[row, 0].mean())
    return [[pieces[k] for k in sorted(row, key=lambda k: places[k, 1])] for row in rows]


def _middles(pieces: list[Piece]) -> np.ndarray:
    """Return the middles of the pieces' boxes, float (n, 2): (down, across)."""
    boxes = np.array([piece.box for piece in pieces], float).reshape(-1, 4)
    return (boxes[:, :2] + boxes[:, 2:]) / 2


def _turned_back(angle: float) -> np.ndarray:
    """Return the matrix (2, 2) that points (down, across) are multiplied with."""
    return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
