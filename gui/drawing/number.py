"""Which strokes of a drawing are one digit, where several were drawn: a number, from left to right."""

from gui.drawing.drawing import Items, Picture

SHARED = 0.3  # of the narrower one's width, that strokes of one digit lie above each other
CLOSE = 0.05  # of the drawing's height: so near beside each other, they are one digit, too
BELOW = 0.4  # of that height, at most, from the lower end of one to the upper end of the other

ROW = 0.7  # of the higher one's height: so far from middle to middle, neighbours are in one row

MOST = 30  # digits of a number; what falls apart into more is none, and a page of marks takes no longer

Frame = tuple[float, float, float, float]


def digits_of(items: Items) -> list[Items]:
    """Return the items of each digit, from left to right, in each the order in which they were drawn.

    A detached bar of a 5 lies above its bowl, and the stem of a 4 crosses its hook: strokes that share a part
    of their width are one digit. What would be more than `MOST` is taken for one.

    Args:
        items: strokes, or one picture, which is always one digit.

    Example:
        >>> from array import array
        >>> from gui.drawing.drawing import Stroke
        >>> one, other = (Stroke(array("d", [x, 0.2, x, 0.8]), 0.05) for x in (0.7, 0.2))
        >>> digits_of((one, other)) == [(other,), (one,)]
        True
    """
    if not items or isinstance(items[0], Picture):
        return [items] if items else []
    height = max(stroke.frame[3] - stroke.frame[1] for stroke in items)
    groups: list[tuple[Frame, list[int]]] = []
    for number, stroke in enumerate(items):
        frame, numbers = stroke.frame, [number]
        while near := [group for group in groups if _are_one(group[0], frame, height)]:
            groups.remove(near[0])  # a stroke may join two that were apart before
            frame, numbers = _around(near[0][0], frame), near[0][1] + numbers
        groups.append((frame, numbers))
        if len(groups) > MOST:
            return [items]
    groups.sort(key=lambda group: group[0][0] + group[0][2])
    return [tuple(items[number] for number in sorted(numbers)) for _, numbers in groups]


def rows_of(digits: list[Items]) -> list[list[Items]]:
    """Return digits in rows, from top to bottom; a row may rise or fall.

    Args:
        digits: strokes each, from left to right, as `digits_of` returns them.

    Example:
        >>> from array import array
        >>> from gui.drawing.drawing import Stroke
        >>> ends = [0.6, 0.1, 0.6, 0.3], [0.2, 0.6, 0.2, 0.8]
        >>> above, below = ((Stroke(array("d", points), 0.05),) for points in ends)
        >>> rows_of([below, above]) == [[above], [below]]
        True
    """
    rows: list[list[Items]] = []
    for digit in digits:
        far = [_between_lines(row[-1], digit) for row in rows]
        if rows and min(far) <= ROW:
            rows[far.index(min(far))].append(digit)
        else:
            rows.append([digit])
    return sorted(rows, key=lambda row: sum(map(_middle, row)) / len(row))


def newest_digit(items: Items) -> Items:
    """Return the items of the digit that was drawn last.

    Args:
        items: see `digits_of`.
    """
    for digit in digits_of(items):
        if digit[-1] is items[-1]:
            return digit
    return items


def _between_lines(a: Items, b: Items) -> float:
    """Return how far one digit's middle lies from another's, as a share of the greater height."""
    heights = (max(s.frame[3] for s in one) - min(s.frame[1] for s in one) for one in (a, b))
    return abs(_middle(a) - _middle(b)) / (max(heights) or 1.0)


def _middle(digit: Items) -> float:
    """Return how far down a digit's middle is."""
    return (min(s.frame[1] for s in digit) + max(s.frame[3] for s in digit)) / 2


def _are_one(a: Frame, b: Frame, height: float) -> bool:
    """Return whether two frames, (left, top, right, bottom), lie one above the other, or touch."""
    shared = min(a[2], b[2]) - max(a[0], b[0])
    below = max(a[1], b[1]) - min(a[3], b[3])
    narrower = min(a[2] - a[0], b[2] - b[0])
    return below <= BELOW * height and (
        shared >= max(SHARED * narrower, 0) or 0 > shared >= -CLOSE * height
    )


def _around(a: Frame, b: Frame) -> Frame:
    """Return the frame around two frames."""
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])
