"""Pieces of a page: connected components that are whole and no dust, those of one digit joined."""

from typing import NamedTuple

import numpy as np

_DUST = 0.2  # of the height of digits: smaller pieces are dust
_LARGEST = 3.0  # of that height, both ways: a stain, or the edge of a table
_THICKEST = 2.2  # of the usual pen: a piece of wider lines is a finger, or a stain
_SOLID = 0.35  # of its longer side: a piece of wider lines is a spot,
_FINGER = 0.25  # and one that comes in from one edge may be a finger
# Of its box, and times its longer side: what covers more with longer lines is texture. An 8's have 4.
_DENSE, _LONGEST = 0.25, 15.0
_LOWEST = 6  # pixels: of lower digits nothing can be read
_LEVEL = 2.2  # times as long as thick: a line between two edges, up to 22 degrees steep, is printed
_FLAT = 4.0  # times as long as thick: a level line from edge to edge is printed; along an edge, a table's
_TABLE = 0.5  # of its box: a piece along a whole edge that covers more is a table
_LEAST = 0.015  # of the picture's longer side: smaller pieces are what erased lines left
_BESIDE = 0.5  # of the narrower one's width, that pieces one above the other share
_ABOVE, _TALLEST = 0.35, 1.45  # of the height of digits: the gap between them, and both together


class Piece(NamedTuple):
    """A part of a page's foreground.

    box: (top, left, bottom, right) in pixels, the last two one beyond.
    mask: bool (bottom - top, right - left), its pixels.
    """

    box: tuple[int, int, int, int]
    mask: np.ndarray

    @property
    def height(self) -> int:
        """Pixels from top to bottom."""
        return self.box[2] - self.box[0]

    @property
    def width(self) -> int:
        """Pixels from left to right."""
        return self.box[3] - self.box[1]


def whole_pieces(
    labels: np.ndarray, boxes: np.ndarray, areas: np.ndarray
) -> tuple[list[Piece], float]:
    """Return the pieces of a page that may be digits, and how high digits are on it, in pixels.

    Args:
        labels, boxes, areas: see `components.Components`.

    Raises:
        ValueError: there is none.
    """
    sides = boxes[:, 2:] - boxes[:, :2]
    largest = int(areas.argmax()) if len(areas) else 0
    if len(areas) and _is_texture(_piece(labels, largest, boxes[largest])):
        raise ValueError("no ink in the picture that forms a digit: there is texture all over it")
    at_edge = _at_edges(boxes, labels.shape)
    edge = at_edge.any(axis=1)
    large = sides.max(axis=1) >= _LEAST * max(labels.shape)
    large &= ~_is_background(at_edge, sides, areas)
    kept = large & ~edge if (large & ~edge).any() else large
    if not kept.any():
        raise ValueError("no ink in the picture that forms a digit: there is nothing but dust")
    height = _weighted_median(sides[kept].max(axis=1), areas[kept])
    highest = min(height, sides[kept, 0].max())
    if highest < _LOWEST:
        cause = f"its marks are only {highest:.0f} pixels high as it is read"
        raise ValueError(f"no ink in the picture that forms a digit: {cause}")
    kept &= (sides.max(axis=1) >= _DUST * height) & (sides.min(axis=1) <= _LARGEST * height)
    pieces = [_piece(labels, number, boxes[number]) for number in np.flatnonzero(kept)]
    pens = np.array([pen_width(piece.mask) for piece in pieces])
    longest = sides[kept].max(axis=1)
    usual = float(np.median(pens[longest >= height / 2]))
    solid = np.where(at_edge[kept].sum(axis=1) == 1, _FINGER, _SOLID)
    lines = (pens <= _THICKEST * usual) & (pens <= solid * longest)
    if not lines.any():
        raise ValueError("no ink in the picture that forms a digit: there are spots, and no lines")
    return _joined([pieces[k] for k in np.flatnonzero(lines)], height), height


def _is_texture(piece: Piece) -> bool:
    """Return whether a piece fills its box with lines longer than a digit's; those of a table fill little."""
    area = piece.mask.sum()
    longest = max(piece.mask.shape)
    dense = area > _DENSE * piece.mask.size
    return bool(dense and area > _LONGEST * longest * pen_width(piece.mask))


def _at_edges(boxes: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return which edges of a picture the boxes touch, bool (n, 4): top, left, bottom, right."""
    return np.concatenate([boxes[:, :2] <= 1, boxes[:, 2:] >= np.array(shape) - 1], axis=1)


def _is_background(at_edge: np.ndarray, sides: np.ndarray, areas: np.ndarray) -> np.ndarray:
    """Return which components are a printed line, or a table beyond the paper: bool (n,).

    Args:
        at_edge: see `_at_edges`.
        sides: height and width of their boxes, (n, 2).
        areas: see `components.Components`.
    """
    height, width = sides.T
    top, left, bottom, right = at_edge.T
    level, upright = width > _FLAT * height, height > _FLAT * width
    printed = (at_edge.sum(axis=1) >= 2) & (width > _LEVEL * height)
    along = (left ^ right) & upright & ~(top & bottom) | (top ^ bottom) & level
    table = (at_edge.sum(axis=1) == 3) & (areas > _TABLE * height * width)
    return printed | along | table


def pen_width(mask: np.ndarray) -> float:
    """Return how wide lines are, in pixels: twice the area by the perimeter.

    Example:
        >>> round(pen_width(np.ones((90, 3), bool)), 1)
        2.9
    """
    padded = np.pad(mask, 1).astype(np.float32)  # of int8, hypot is float16, whose sum may overflow
    down, across = np.diff(padded, axis=0)[:, :-1], np.diff(padded, axis=1)[:-1]
    return float(2 * mask.sum() / np.hypot(down, across).sum())


def merged(pieces: list[Piece]) -> Piece:
    """Return several pieces as one.

    Example:
        >>> dot = np.ones((1, 1), bool)
        >>> merged([Piece((3, 4, 4, 5), dot), Piece((3, 6, 4, 7), dot)]).mask.tolist()
        [[True, False, True]]
    """
    sides = np.array([piece.box for piece in pieces])
    (top, left), (bottom, right) = sides[:, :2].min(axis=0), sides[:, 2:].max(axis=0)
    mask = np.zeros((bottom - top, right - left), bool)
    for (up, to_left, down, to_right), own in pieces:
        mask[up - top : down - top, to_left - left : to_right - left] |= own
    return Piece((int(top), int(left), int(bottom), int(right)), mask)


def _piece(labels: np.ndarray, number: int, box: np.ndarray) -> Piece:
    """Return one component as a piece."""
    top, left, bottom, right = box.tolist()
    return Piece((top, left, bottom, right), labels[top:bottom, left:right] == number + 1)


def _weighted_median(values: np.ndarray, weights: np.ndarray) -> float:
    """Return the value below which half of the weights lie."""
    order = np.argsort(values, kind="stable")
    total = weights[order].cumsum()
    return float(values[order][np.searchsorted(total, total[-1] / 2)])


def _joined(pieces: list[Piece], height: float) -> list[Piece]:
    """Return the pieces, those joined that lie one above the other as the bar above a 5 does."""
    pieces, place = list(pieces), 0
    while place < len(pieces):
        fitting = [k for k, one in enumerate(pieces) if _are_one(pieces[place], one, height)]
        fitting = [k for k in fitting if k != place]
        if fitting:
            other = pieces.pop(fitting[0])
            place -= fitting[0] < place
            pieces[place] = merged([pieces[place], other])
            place = 0
        else:
            place += 1
    return pieces


def _are_one(a: Piece, b: Piece, height: float) -> bool:
    """Return whether two pieces lie one above the other, close enough for one digit."""
    (top, left, bottom, right), (up, to_left, down, to_right) = a.box, b.box
    shared = min(right, to_right) - max(left, to_left)
    gap = max(top, up) - min(bottom, down)
    tall = max(bottom, down) - min(top, up)
    near = gap <= _ABOVE * height and tall <= _TALLEST * height
    return near and shared >= _BESIDE * min(a.width, b.width)
