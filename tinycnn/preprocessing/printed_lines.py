"""Taking the lines of ruled and squared paper out of a picture's foreground.

Printed lines are straight, and run across the whole picture, all in one direction. In that direction the sums
along parallel lines have high peaks, as no handwriting has. There are several, or they run from edge to edge
and are fainter than the ink, as the bar of a tightly cropped 7 is not. A line's pixels become 0,
but for those that are clearly stronger than it or lie between foreground above it and below it: ink.
"""

import numpy as np

from tinycnn.preprocessing.components import find_components

LEAST_SIDE = 100  # pixels: smaller pictures are digits by themselves
_FEWEST = 3  # lines: two bars may belong to a digit
_WHOLE = 0.9  # of its way across: seen on that, it runs from edge to edge
_CORE = 0.7  # of that share: where less is seen beside such a line, it has ended
_COVERED = 0.55  # of its way across the picture, that a line must be seen on
_EDGE = (
    0.45  # of that way: beside its middle a line ends where less is seen; a row of digits is less
)
_THICKEST, _THICKEST_WHOLE = 0.02, 0.035  # of the picture's longer side
_FAINTER = 1.2  # times as strong as one or two lines: ink
_STEEPEST = 22  # degrees that a picture may be turned
_STRONGER = 1.4  # times as strong as the line around it: ink
_CROSSED = 2.0  # times as strong as a line: not even where two of them cross
_POINTS = 15000  # of the mask, that directions are judged by
_PART = 16  # windows along a line, in which its strength is measured


def without_printed_lines(strength: np.ndarray, least: float) -> np.ndarray:
    """Return a foreground without the printed lines that run across it, if there are some.

    Args:
        strength: float32 (h, w), how strong the foreground is, 0 for background.
        least: weaker pixels are not seen.

    Returns:
        float32 (h, w); the argument itself, if there are none.

    Example:
        >>> page = np.zeros((200, 200), np.float32)
        >>> page[20::40] = 0.2
        >>> page[70:130, 90:100] = 0.8  # a 1
        >>> int((without_printed_lines(page, 0.1) > 0).sum())  # 600, and 4 of a line beside it
        604
    """
    if min(strength.shape) < LEAST_SIDE:
        return strength
    cleared, printed = strength.copy(), np.zeros_like(strength)
    for _ in range(2):  # level lines, then, transposed, upright ones
        _erase_level_lines(cleared, printed, least)
        cleared, printed = cleared.T, printed.T
    if not printed.any():
        return strength
    _erase_rests(cleared, printed, least)
    return cleared


def _erase_level_lines(strength: np.ndarray, printed: np.ndarray, least: float) -> None:
    """Set lines that are level, or up to 22 degrees steep, to 0, in place.

    Args:
        strength, least: see `without_printed_lines`.
        printed: float32 (h, w); where lines were, it becomes their usual strength.
    """
    mask = strength > least
    y, x = np.nonzero(mask)
    if len(y) == 0:
        return
    x = x - mask.shape[1] / 2
    slope = _direction(y, x)
    bands = _bands(y, x, slope, mask.shape)
    if len(bands) < _FEWEST and not _are_faint(strength[mask], y - x * slope, bands):
        return
    for first, last in bands:
        _erase(strength, printed, slope, (first, last), least)


def _erase_rests(strength: np.ndarray, printed: np.ndarray, least: float) -> None:
    """Set to 0, in place, what is left of printed lines: it lies where they were, as ink does not."""
    labels, _, areas = find_components(strength > least)
    weak = strength <= _CROSSED * printed
    rests = np.bincount(labels[weak], minlength=len(areas) + 1)[1:] == areas
    strength[np.concatenate([[False], rests])[labels]] = 0


def _direction(y: np.ndarray, x: np.ndarray) -> float:
    """Return the slope, rows for a column, along which the points (y, x) gather most on lines."""
    some = slice(None, None, max(len(y) // _POINTS, 1))
    y, x = y[some], x[some]

    def gathered(degrees: float) -> float:
        rows = np.rint(y - x * np.tan(np.radians(degrees))).astype(int)
        return float(np.square(np.bincount(rows - rows.min()).astype(float)).sum())

    best = max(np.arange(-_STEEPEST, _STEEPEST + 0.1, 0.5), key=gathered)
    best = max(best + np.arange(-0.4, 0.41, 0.1), key=gathered)
    return float(np.tan(np.radians(best + 0.0)))


def _bands(
    y: np.ndarray, x: np.ndarray, slope: float, shape: tuple[int, int]
) -> list[tuple[int, int]]:
    """Return (first, last) of the rows, counted in the middle column, that each line covers there."""
    height, width = shape
    rows = np.rint(y - x * slope).astype(int)
    beyond = int(np.ceil(abs(slope) * width / 2)) + 1  # rows above and below that reach the picture
    seen = np.bincount(rows + beyond, minlength=height + 2 * beyond)
    middle = np.arange(len(seen)) - beyond
    # Of each row, from which column to which it is within the picture
    across = np.arange(width) - width / 2
    ways = (across * slope).round().astype(int)[:, None] + middle[None]
    way = ((ways >= 0) & (ways < height)).sum(axis=0)
    share = np.where(way >= width / 8, seen / np.maximum(way, 1), 0)
    bands, whole = [], []
    inside = np.flatnonzero(np.diff(np.concatenate([[0], share > _EDGE, [0]]).astype(int)))
    for start, stop in inside.reshape(-1, 2):
        most = share[start:stop].max()
        if most > _WHOLE:  # what is seen on less of the way beside it is ink
            seen_most = start + np.flatnonzero(share[start:stop] > _CORE * most)
            start, stop = seen_most[0], seen_most[-1] + 1
        thickest = _THICKEST_WHOLE if most > _WHOLE else _THICKEST
        if most > _COVERED and stop - start <= max(thickest * max(shape), 4):
            bands.append((int(middle[start]), int(middle[stop - 1])))
            whole.append(most > _WHOLE)
    return bands if len(bands) >= _FEWEST or all(whole) else []


def _are_faint(values: np.ndarray, rows: np.ndarray, bands: list[tuple[int, int]]) -> bool:
    """Return whether a few lines are fainter than what else is seen.

    Args:
        values: (n,), how strong the points are.
        rows: (n,), where they lie, counted in the middle column.
        bands: see `_bands`.
    """
    within = np.zeros(len(rows), bool)
    for first, last in bands:
        within |= (rows > first - 2) & (rows < last + 2)
    if not within.any() or within.all():
        return False
    return bool(np.quantile(values[~within], 0.75) > _FAINTER * np.median(values[within]))


def _erase(
    strength: np.ndarray, printed: np.ndarray, slope: float, band: tuple[int, int], least: float
) -> None:
    """Set the pixels of one line to 0, but for those of ink, and mark where it was: in place."""
    (first, last), (height, width) = band, strength.shape
    columns = np.arange(width)
    level = ((columns - width / 2) * slope).round().astype(int)
    within = (level + last >= 0) & (level + first < height)
    columns, level = columns[within], level[within]
    offsets = np.arange(first - 4, last + 5)  # the line's soft edges, two rows each, and two beyond
    rows = level[None] + offsets[:, None]  # (offsets, columns)
    inside = (rows >= 0) & (rows < height)
    values = np.where(inside, strength[np.clip(rows, 0, height - 1), columns[None]], 0)
    peak = values[2:-2].max(axis=0)
    usual = np.empty_like(peak)  # how strong the line is, a window at a time
    for part in np.array_split(np.arange(len(peak)), min(_PART, len(peak))):
        usual[part] = np.quantile(peak[part], 0.4)
    # A bar of a large digit may cover a window.
    usual = np.minimum(usual, _STRONGER * np.median(usual))
    above, below = (values[side].max(axis=0) > least for side in (slice(0, 2), slice(-2, None)))
    through = _near(above) & _near(below)
    kept = (values > _STRONGER * usual) | through
    across = np.broadcast_to(columns, rows.shape)
    printed[rows[inside], across[inside]] = np.median(usual)
    where = inside & ~kept
    where[:2] = where[-2:] = False
    strength[rows[where], across[where]] = 0


def _near(flags: np.ndarray) -> np.ndarray:
    """Return where one of the flags (n,) is set at most two places away."""
    padded = np.pad(flags, 2)
    return np.logical_or.reduce([padded[i : i + len(flags)] for i in range(5)])
