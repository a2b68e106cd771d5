"""Which digits of a drawing, or frames, are in one row."""

from gui.drawing.drawing import Items

ROW = 0.7  # of the higher one's height: so far from middle to middle, neighbours are in one row

Frame = tuple[float, float, float, float]  # left, top, right, bottom


def rows_of(digits: list[Items]) -> list[list[int]]:
    """Return the rows of digits, from top to bottom, as their numbers in the list; a row may rise or fall.

    Args:
        digits: strokes each, from left to right, as `digits_of` returns them.

    Example:
        >>> from array import array
        >>> from gui.drawing.drawing import Stroke
        >>> ends = [0.6, 0.1, 0.6, 0.3], [0.2, 0.6, 0.2, 0.8]
        >>> above, below = ((Stroke(array("d", points), 0.05),) for points in ends)
        >>> rows_of([below, above])
        [[1], [0]]
    """
    return rows_of_frames([_frame(digit) for digit in digits])


def rows_of_frames(frames: list[Frame]) -> list[list[int]]:
    """Return the rows of frames: see `rows_of`.

    Args:
        frames: from left to right.

    Example:
        >>> rows_of_frames([(0.1, 0.6, 0.2, 0.8), (0.3, 0.1, 0.4, 0.3), (0.5, 0.6, 0.6, 0.8)])
        [[1], [0, 2]]
    """
    rows: list[list[int]] = []
    for number, frame in enumerate(frames):
        far = [_between_lines(frames[row[-1]], frame) for row in rows]
        if rows and min(far) <= ROW:
            rows[far.index(min(far))].append(number)
        else:
            rows.append([number])
    return sorted(rows, key=lambda row: sum(_middle(frames[number]) for number in row) / len(row))


def _between_lines(a: Frame, b: Frame) -> float:
    """Return how far one frame's middle lies from another's, as a share of the greater height."""
    return abs(_middle(a) - _middle(b)) / (max(a[3] - a[1], b[3] - b[1]) or 1.0)


def _middle(frame: Frame) -> float:
    """Return how far down a frame's middle is."""
    return (frame[1] + frame[3]) / 2


def _frame(digit: Items) -> Frame:
    """Return the frame around all strokes of a digit."""
    lefts, tops, rights, bottoms = zip(*(stroke.frame for stroke in digit), strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)
