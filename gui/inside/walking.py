"""From one number to the next by keys: within a map, to another map, to another layer. No Tk."""

from gui.inside.layout import BARS, Column, Position

STEPS = {"Left": (0, -1), "Right": (0, 1), "Up": (-1, 0), "Down": (1, 0)}
MAPS = {"Prior": -1, "Next": 1}


def within(column: Column, position: Position, key: str) -> Position:
    """Return the position beside another in the same layer.

    Args:
        column: of the layer.
        position: in its output.
        key: as Tk names it: an arrow for the next unit, Prior (page up) or Next for the next map.
    """
    *place, last = position
    if key in MAPS:
        return (*place, clamped(last + MAPS[key], column.maps))
    down, right = STEPS[key]
    if not place:
        across = 1 if column.kind == BARS else column.across
        return (clamped(last + down * across + right, column.maps),)
    rows, columns = column.shape[:2]
    return clamped(place[0] + down, rows), clamped(place[1] + right, columns), last


def across(position: Position, shape: Position, other: Position) -> Position:
    """Return the position in another layer that lies where one lies in this.

    Example:
        >>> across((12, 12, 5), (24, 24, 32), (12, 12, 64)), across((3,), (128,), (4, 4, 2))
        ((6, 6, 5), (2, 2, 1))
    """
    if len(other) == 1 or len(shape) == 1:
        middle = tuple(size // 2 for size in other[:-1])
        return (*middle, clamped(position[-1], other[-1]))
    pairs = zip(position[:-1], shape[:-1], other[:-1], strict=True)
    place = tuple(clamped((2 * one + 1) * size // (2 * old), size) for one, old, size in pairs)
    return (*place, clamped(position[-1], other[-1]))


def clamped(place: int, size: int) -> int:
    """Return the place nearest to this one of 0 to size - 1."""
    return min(max(0, place), size - 1)
