"""Finding all digits of a picture: rows of pieces, and which pieces may be one digit.

A piece is a connected component, or several of them one above the other, or a part of a component that may be
two digits which touch. Neighbouring pieces together, or each for itself, are candidates; only a net can tell
which of them are digits, so every candidate comes with an image to be read, and with what speaks against it.
"""

import itertools
from typing import NamedTuple

import numpy as np
from PIL import Image

from tinycnn.preprocessing.components import find_components
from tinycnn.preprocessing.cutting import cut_in_two
from tinycnn.preprocessing.lines_of_writing import page_angle, rows_of
from tinycnn.preprocessing.mnist_format import place_foreground
from tinycnn.preprocessing.pieces import Piece, merged, whole_pieces
from tinycnn.preprocessing.placement import Placement, moved
from tinycnn.preprocessing.segmentation import foreground_strength, nearly_black_and_white, to_grey

_SEEN = 0.35  # of the strength of ink: weaker pixels connect nothing
_MOST_PIECES = 4  # in a candidate
_WIDEST, _FARTHEST = 1.5, 0.4  # of the row's height: a candidate's width, a gap within it
_NARROW, _LOW = 1.0, 0.6  # width by height of most digits; height by the row's
_TURNED = 3  # degrees: a page that is turned by more is turned back

# What speaks against a candidate, as -log of a probability: two pieces in one, the gap between them, a width
# over the height, and a height under 0.6 of the row's. Of a cut, see there, each side bears a half.
_JOIN, _GAP, _WIDE, _SMALL = 1.5, 6.0, 8.0, 8.0
_ALL = 1.5  # what speaks, at most, against all that is in a picture being one digit


class Candidate(NamedTuple):
    """What may be one digit: the pieces `first` to `last` - 1 of its row.

    image: uint8 (28, 28), prepared as MNIST was.
    box: (top, left, bottom, right) in pixels of the picture.
    cost: what speaks against it, -log of a probability.
    placement: from pixels of the picture to those of the image; on a page that is turned, to its middle.
    """

    first: int
    last: int
    image: np.ndarray
    box: tuple[int, int, int, int]
    cost: float
    placement: Placement = moved(0, 0)


def find_candidates(picture: np.ndarray) -> list[list[Candidate]]:
    """Return what may be digits in a picture, row by row from top to bottom, in a row from left to right.

    Args:
        picture: see `tinycnn.preprocessing.to_mnist`; more than one digit in rows, also on ruled or squared
            paper, turned by up to 20 degrees.

    Returns:
        For each row its candidates. Each piece of it, from 0 on, is a candidate by itself; others hold up to
        four pieces, and if there are no more in the picture, all of them.

    Raises:
        ValueError: the array is no picture, or has no foreground.

    Example:
        >>> picture = np.full((90, 120), 255, np.uint8)
        >>> picture[20:70, 30:36] = picture[20:70, 80:86] = 0  # 1 1
        >>> [[one.box for one in row] for row in find_candidates(picture)]
        [[(20, 30, 70, 36), (20, 80, 70, 86), (20, 30, 70, 86)]]
    """
    strength = foreground_strength(to_grey(picture), several=True)
    values = strength.values
    labels, boxes, areas = find_components(values > _SEEN * _strength_of_ink(values))
    pieces, height = whole_pieces(labels, boxes, areas)
    angle = page_angle(pieces, height)
    page = _Page(values, labels, angle, strength.times, strength.is_drawing)
    rows = [_candidates(row, page) for row in rows_of(pieces, angle, height)]
    return [_with_all(rows[0], pieces, page)] if len(rows) == 1 else rows


class _Page(NamedTuple):
    """What candidates are cut from: strengths (h, w), labels (h, w), the angle in radians, the scale."""

    values: np.ndarray
    labels: np.ndarray
    angle: float
    times: int
    is_drawing: bool


def _strength_of_ink(values: np.ndarray) -> float:
    """Return how strong lines are: twice the mean at their edges, where the strength changes most."""
    change = np.abs(np.diff(values, axis=0, prepend=0)) + np.abs(np.diff(values, prepend=0))
    weights = np.square(change)
    return float(2 * (weights * values).sum() / max(weights.sum(), 1e-30))


def _candidates(row: list[Piece], page: _Page) -> list[Candidate]:
    """Return the candidates of a row of whole pieces."""
    height = float(np.median([piece.height for piece in row]))
    parts = [(part, cut) for piece in row for part, cut in cut_in_two(piece, height)]
    found = []
    for first in range(len(parts)):
        for last in range(first + 1, min(first + _MOST_PIECES, len(parts)) + 1):
            some = parts[first:last]
            cost = _cost(some, height)
            together = merged([piece for piece, _ in some])
            if last > first + 1 and (cost is None or together.width > _WIDEST * height):
                break
            after = parts[last][1] if last < len(parts) else 0.0
            cost += (some[0][1] + after) / 2
            cost += _WIDE * max(0.0, together.width / together.height - _NARROW)
            cost += _SMALL * max(0.0, _LOW - together.height / height)
            found.append(_candidate(first, last, together, page, cost))
    return found


def _with_all(row: list[Candidate], pieces: list[Piece], page: _Page) -> list[Candidate]:
    """Return the candidates of the only row: if the pieces are few, one of them is all that there is."""
    count = max(one.last for one in row)
    if not 1 < count <= _MOST_PIECES:
        return row
    whole = merged(pieces)
    others = [one for one in row if (one.first, one.last) != (0, count)]
    return [*others, _candidate(0, count, whole, page, _ALL)]


def _candidate(first: int, last: int, piece: Piece, page: _Page, cost: float) -> Candidate:
    """Return a candidate that is a piece."""
    image, placement = _placed(piece, page)
    return Candidate(first, last, image, _box(piece, page), cost, placement)


def _cost(parts: list[tuple[Piece, float]], height: float) -> float | None:
    """Return what speaks against joining neighbours in a row; None: they lie too far apart."""
    cost = 0.0
    for (before, _), (piece, cut) in itertools.pairwise(parts):
        gap = max(piece.box[1] - before.box[3], 0) / height
        if gap > _FARTHEST:
            return None
        cost += 0 if cut else _JOIN + _GAP * gap
    return cost


def _box(piece: Piece, page: _Page) -> tuple[int, int, int, int]:
    """Return a piece's box in pixels of the picture."""
    top, left, bottom, right = (int(side) * page.times for side in piece.box)
    return top, left, bottom, right


def _placed(piece: Piece, page: _Page) -> tuple[np.ndarray, Placement]:
    """Return a piece prepared as MNIST was, uint8 (28, 28), and its placement."""
    top, left, bottom, right = piece.box
    area = np.s_[top:bottom, left:right]
    values = page.values[area] * (piece.mask | (page.labels[area] == 0))
    if not page.is_drawing:
        values = nearly_black_and_white(values)
    if abs(page.angle) > np.radians(_TURNED):
        image = Image.fromarray(np.pad(values.astype(np.float32), 2))
        values = image.rotate(np.degrees(page.angle), Image.Resampling.BICUBIC, expand=True)
        values = np.clip(np.asarray(values), 0, 1)
    image, placement = place_foreground(values)
    height, width = values.shape  # larger around the same middle, if it was turned
    down, across = (height - bottom - top) / 2, (width - right - left) / 2
    smaller = Placement((1 / page.times, 1 / page.times), (0.0, 0.0))
    return image, smaller.then(moved(down, across)).then(placement)
