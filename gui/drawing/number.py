"""Which strokes of a drawing are one digit, where several were drawn: a number, from left to right.

Strokes that surely belong together are a piece. Neighbouring pieces may be one digit or two: all ways to take
them are candidates, with what speaks against them; only a net can tell which of them are digits.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from gui.drawing.drawing import Items, Picture
from gui.drawing.rows import Frame, rows_of_frames

MOST = 30  # digits of a number; what falls apart into more is none, and a page of marks takes no longer
MOST_PIECES = 3  # of a digit
SMALLEST = 0.05  # of the canvas: the least height that a drawing counts as; a tap is not enlarged

# Of the drawing's height, across measured along the slant of the writing.
INTO = 0.15  # strokes of one digit surely reach so far into each other,
WIDE = 0.85  # if they are not wider together;
INSIDE = (
    0.05  # or the one begins and ends so far within the other, as a ring within a long slash does
)
APART = 0.3  # strokes of two digits surely lie so far beside each other,
WIDEST = 1.4  # or are wider together,
BELOW = 0.4  # or one lies so far below the other

# What speaks for one digit and not for two, the logarithm of the odds: so many times how far the one reaches
# into the other. They are even where there is a small gap.
ODDS, EVEN = 2.0, -0.1
# What speaks against a candidate, as -log of a probability: a width over 0.8 of the height, and a height
# under 0.6 of the drawing's.
NARROW, WIDER, LOW, LOWER = 0.8, 6.0, 0.6, 8.0

HIGH = 0.35  # of the drawing's height: lower pieces, as bars, are no rows by themselves

UPRIGHT = 0.05  # how much speaks for no slant, beside the strokes

Piece = tuple[Frame, list[int]]  # and the numbers of its strokes


class Candidate(NamedTuple):
    """What may be one digit: the pieces `first` to `last` - 1.

    items: its strokes, in the order in which they were drawn.
    cost: what speaks against it, -log of a probability.
    across: how far to the right its middle is.
    """

    first: int
    last: int
    items: Items
    cost: float = 0.0
    across: float = 0.0


def digits_of(items: Items) -> list[Items]:
    """Return the items of each digit, from left to right, in each the order in which they were drawn.

    No net is asked: what is in doubt is taken as it is likeliest.

    Args:
        items: strokes, or one picture, which is always one digit.

    Example:
        >>> from array import array
        >>> from gui.drawing.drawing import Stroke
        >>> one, other = (Stroke(array("d", [x, 0.2, x, 0.8]), 0.05) for x in (0.7, 0.2))
        >>> digits_of((one, other)) == [(other,), (one,)]
        True
    """
    found = candidates(items)
    return [found[number].items for number in surest(found, [0.0] * len(found))]


def newest_digit(items: Items) -> Items:
    """Return the items of the digit that was drawn last.

    Args:
        items: see `digits_of`.
    """
    for digit in digits_of(items):
        if digit[-1] is items[-1]:
            return digit
    return items


def candidates(items: Items) -> list[Candidate]:
    """Return what may be digits, by their first piece; where nothing is in doubt, each piece is one.

    The bar of a 5 lies above its bowl, and the stem of a 4 crosses its hook: strokes that reach far into each
    other are one piece. What would be more than `MOST` is taken for one digit.

    Args:
        items: see `digits_of`.

    Example:
        >>> from array import array
        >>> from gui.drawing.drawing import Stroke
        >>> strokes = tuple(Stroke(array("d", [x, 0.2, x, 0.8]), 0.05) for x in (0.9, 0.2, 0.3))
        >>> [(one.first, one.last, len(one.items)) for one in candidates(strokes)]
        [(0, 1, 1), (0, 2, 2), (1, 2, 1), (2, 3, 1)]
    """
    if len(items) < 2 or isinstance(items[0], Picture):
        return [Candidate(0, 1, items)] if items else []
    frames = frames_along_slant(items)
    height = max(SMALLEST, *(bottom - top for _, top, _, bottom in frames))
    pieces = _pieces(frames, height)
    if len(pieces) > MOST:
        return [Candidate(0, 1, items)]
    odds = [_odds(a[0], b[0], height) for a, b in pairwise(pieces)]
    apart = [max(one, 0.0) / 2 for one in (0.0, *odds, 0.0)]  # of a boundary each side bears a half
    found = []
    for first, last in _runs(pieces, height):
        frame, numbers = _joined(pieces[first:last])
        cost = apart[first] + apart[last] - sum(min(one, 0.0) for one in odds[first : last - 1])
        own = tuple(items[number] for number in numbers)
        across = (frame[0] + frame[2]) / 2
        found.append(Candidate(first, last, own, cost + _cost(frame, height), across))
    return found


def surest(found: list[Candidate], doubts: Sequence[float]) -> list[int]:
    """Return which candidates take every piece once, and cost least together, from left to right.

    Args:
        found: see `candidates`.
        doubts: what else speaks against each: -log of the probability that it is a digit.

    Example:
        >>> found = [Candidate(0, 1, ()), Candidate(0, 2, ()), Candidate(1, 2, ())]
        >>> surest(found, [0.1, 0.3, 0.1]), surest(found, [0.1, 0.3, 0.5])
        ([0, 2], [1])
    """
    # For the first k pieces: the least cost, and the candidates
    best: list[tuple[float, list[int]]] = [(0.0, [])]
    best += [(float("inf"), [])] * max((one.last for one in found), default=0)
    for number, (one, doubt) in enumerate(zip(found, doubts, strict=True)):
        cost, before = best[one.first]
        cost += one.cost + doubt
        if cost < best[one.last][0]:
            best[one.last] = cost, [*before, number]
    return sorted(best[-1][1], key=lambda number: found[number].across)


def frames_along_slant(items: Items) -> list[Frame]:
    """Return the frame of each stroke, were the slant of the writing taken from it.

    Args:
        items: strokes.

    Example:
        >>> from array import array
        >>> from gui.drawing.drawing import Stroke
        >>> leaning = Stroke(array("d", [0.5, 0.2, 0.2, 0.8]), 0.05)
        >>> left, _, right, _ = leaning.frame
        >>> [(narrow, _, wide, _)] = frames_along_slant((leaning,))
        >>> round(right - left, 2), round(wide - narrow, 2)
        (0.3, 0.02)
    """
    import numpy as np

    points = np.frombuffer(b"".join(stroke.points for stroke in items)).reshape(-1, 2)
    starts = np.cumsum([0, *(len(stroke.points) // 2 for stroke in items[:-1])])
    steps = points[1:] - points[:-1]
    steps[starts[1:] - 1] = 0  # between strokes is no line
    across, down = steps.T
    length = np.hypot(across, down) + 1e-12
    steep = down**2 / length**2  # bars tell nothing of the slant
    slant = -(steep * across * down / length).sum()
    slant /= (steep * down**2 / length + UPRIGHT * length).sum() + 1e-12
    upright = np.array([points[:, 0] + slant * points[:, 1], points[:, 1]])
    least, most = (
        edge.reduceat(upright, starts, axis=1).tolist() for edge in (np.minimum, np.maximum)
    )
    return list(zip(*least, *most, strict=True))


def _pieces(frames: list[Frame], height: float) -> list[Piece]:
    """Return which strokes surely belong together, from left to right; more than `MOST` only begun."""
    pieces: list[Piece] = []
    for number, frame in enumerate(frames):
        numbers = [number]
        while near := [piece for piece in pieces if _are_one(piece[0], frame, height)]:
            pieces.remove(near[0])  # a stroke may join two that were apart before
            frame, numbers = _around(near[0][0], frame), near[0][1] + numbers
        pieces.append((frame, numbers))
        if len(pieces) > MOST:
            break
    return _by_rows(sorted(pieces, key=lambda piece: piece[0][0] + piece[0][2]), height)


def _by_rows(pieces: list[Piece], height: float) -> list[Piece]:
    """Return pieces, from left to right, row by row: between a 5 and its bar comes none of another row.

    A low piece belongs to the row of the high one that is nearest.
    """
    high = [piece for piece in pieces if piece[0][3] - piece[0][1] >= HIGH * height]
    rows = rows_of_frames([frame for frame, _ in high])
    if len(rows) < 2:
        return pieces
    row_of = {number: row for row, numbers in enumerate(rows) for number in numbers}

    def row(piece: Piece) -> int:
        """Return which row a piece is in."""
        far = [(one is not piece, _gap(one[0], piece[0])) for one in high]
        return row_of[far.index(min(far))]

    return sorted(pieces, key=row)


def _runs(pieces: list[Piece], height: float) -> list[tuple[int, int]]:
    """Return first and last + 1 of the pieces that may be one digit."""
    runs = []
    for first in range(len(pieces)):
        runs.append((first, first + 1))
        for last in range(first + 1, min(first + MOST_PIECES, len(pieces))):
            left, top, right, bottom = _joined(pieces[first : last + 1])[0]
            wide = right - left > WIDEST * max(height, bottom - top)
            if wide or _are_two(pieces[last - 1][0], pieces[last][0], height):
                break
            runs.append((first, last + 1))
    return runs


def _joined(pieces: list[Piece]) -> Piece:
    """Return pieces as one."""
    frame, numbers = pieces[0]
    for other, more in pieces[1:]:
        frame, numbers = _around(frame, other), numbers + more
    return frame, sorted(numbers)


def _odds(a: Frame, b: Frame, height: float) -> float:
    """Return what speaks for two neighbours being one digit, and not two."""
    return 0.0 if _are_two(a, b, height) else ODDS * (_into(a, b) / height - EVEN)


def _cost(frame: Frame, height: float) -> float:
    """Return what speaks against a frame being that of a digit."""
    width, own = frame[2] - frame[0], frame[3] - frame[1]
    cost = WIDER * max(0.0, width / max(height, own) - NARROW)
    return cost + LOWER * max(0.0, LOW - own / height)


def _are_one(a: Frame, b: Frame, height: float) -> bool:
    """Return whether two frames are surely of one digit."""
    left, top, right, bottom = _around(a, b)
    narrow = right - left <= WIDE * max(height, bottom - top)
    inside = INSIDE * height + min(a[2] - a[0], b[2] - b[0])
    into = _into(a, b)
    far = into >= inside or (narrow and into >= INTO * height)
    return far and not _are_two(a, b, height)


def _are_two(a: Frame, b: Frame, height: float) -> bool:
    """Return whether two frames are surely of two digits."""
    return _below(a, b) > BELOW * height or _into(a, b) < -APART * height


def _gap(a: Frame, b: Frame) -> float:
    """Return how far apart two frames are, across or down."""
    return max(_below(a, b), -_into(a, b))


def _below(a: Frame, b: Frame) -> float:
    """Return how far the lower frame begins below the upper one's end; below 0 if it begins above."""
    return max(a[1], b[1]) - min(a[3], b[3])


def _into(a: Frame, b: Frame) -> float:
    """Return by how much one would have to move across to be beside the other; if it is, -1 times the gap."""
    return min(a[2] - b[0], b[2] - a[0])


def _around(a: Frame, b: Frame) -> Frame:
    """Return the frame around two frames."""
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])
