"""Which strokes of a drawing are one digit, where several were drawn: a number, from left to right."""

from gui.drawing.drawing import Items, Picture

SHARED = 0.3  # of the narrower one's width, that strokes of one digit lie above each other
CLOSE = 0.05  # of the drawing's height: so near beside each other, they are one digit, too
BELOW = 0.4  # of that height, at most, from the lower end of one to the upper end of the other

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


def newest_digit(items: Items) -> Items:
    """Return the items of the digit that was drawn last.

    Args:
        items: see `digits_of`.
    """
    for digit in digits_of(items):
        if digit[-1] is items[-1]:
            return digit
    return items


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
