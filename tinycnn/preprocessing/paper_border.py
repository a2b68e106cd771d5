"""Taking out of a photo what is seen beyond the paper along an edge: a table, or a strip of another tone.

There the light changes at once, along a straight line from one side of the picture to the other, and stays
other up to the edge: as it does at no line of ink or print, and not in a shadow, whose edge is softer. A bar
of a tightly cropped 7 does not count, since somewhere ink goes on below it.
"""

import math

import numpy as np

_LEAST_SIDE = 100  # pixels: smaller pictures are digits by themselves
_DEEPEST = 0.125  # of the picture: so far from the edge the paper begins at most
_STEEPEST = 0.06  # rows for a column, by which the border may lean
_SLOPES = 25  # that are tried
_PARTS = 32  # along the edge; in each of them the light must change
_REACH = 0.005  # of the longer side: within that, light changes at a border
_LEAST_STEP = 0.2  # of the light on the lighter side,
# and beside strips so thin, as shares of the longer side, that printed lines may be taken for them
_THIN, _LEAST_STEP_THIN = 0.02, 0.4
_BESIDE = 0.1  # of the edge's length: a window on the paper, to see past what is written there


def without_surroundings(grey: np.ndarray) -> np.ndarray:
    """Return a photo, the paper in it continued to those edges along which something else is seen.

    Args:
        grey: float32 (h, w), 0..1, 0 black.

    Example:
        >>> photo = np.full((200, 300), 0.9, np.float32)
        >>> photo[:, 280:] = 0.2  # a table
        >>> round(float(without_surroundings(photo).min()), 2)
        0.9
    """
    if min(grey.shape) < _LEAST_SIDE:
        return grey
    for _ in range(4):
        grey = np.rot90(_without_top(grey))
    return np.ascontiguousarray(grey)


def _without_top(grey: np.ndarray) -> np.ndarray:
    """Return a picture, the paper in it continued to the upper edge, if it ends below that."""
    reach = math.ceil(_REACH * max(grey.shape))
    border = _border(grey, reach)
    if border is None:
        return grey
    columns = np.arange(grey.shape[1])
    first = border + reach  # the first row that is paper only
    beside = np.mean([grey[first + k, columns] for k in range(reach)], axis=0)
    usual = np.median(grey)
    if abs(np.median(beside) - usual) > abs(np.median(grey[0]) - usual):
        return grey  # the paper is at the edge, beside a bar of a digit
    window = 2 * int(_BESIDE * len(columns) / 2) + 1
    windows = np.lib.stride_tricks.sliding_window_view(
        np.pad(beside, window // 2, "reflect"), window
    )
    deepest = first.max()
    beyond = np.arange(deepest)[:, None] < first
    grey = grey.copy()
    grey[:deepest] = np.where(beyond, np.median(windows, axis=1), grey[:deepest])
    return grey


def _border(grey: np.ndarray, reach: int) -> np.ndarray | None:
    """Return the row at which the paper begins in each column, int (w,); None if it begins at the edge."""
    height, width = grey.shape
    deepest = int(_DEEPEST * height)
    middles = (np.arange(_PARTS) + 0.5) * width / _PARTS - width / 2
    parts = np.array_split(grey[: deepest + 6 * reach], _PARTS, axis=1)
    light = np.stack([part.mean(axis=1) for part in parts], axis=1)
    sums = np.pad(light.astype(np.float64).cumsum(axis=0), [(1, 0), (0, 0)])  # (rows + 1, parts)
    starts, best = np.arange(1, deepest + 1), (0.0, 0, 0.0)
    least = np.where(starts < _THIN * max(grey.shape), _LEAST_STEP_THIN, _LEAST_STEP)
    for slope in np.linspace(-_STEEPEST, _STEEPEST, _SLOPES):
        rows = np.rint(starts[:, None] + slope * middles).astype(int)
        steps = _step(sums, np.clip(rows, 1, deepest), reach)
        steps[steps < least] = 0
        k = int(steps.argmax())
        best = max(best, (float(steps[k]), int(starts[k]), float(slope)))
    step, start, slope = best
    if step == 0:
        return None
    rows = np.rint(start + slope * (np.arange(width) - width / 2)).astype(int)
    return np.clip(rows, 1, deepest)


def _step(sums: np.ndarray, rows: np.ndarray, reach: int) -> np.ndarray:
    """Return by how much the light changes at lines, of the lighter side, where it does least: (n,).

    Args:
        sums: of the light in the rows above each, (rows + 1, parts).
        rows: of the lines, int (n, parts).
        reach: see `_without_top`.
    """

    def mean(first: np.ndarray, last: np.ndarray) -> np.ndarray:
        """Return the mean light in the rows from the first to the last, without that."""
        parts = np.arange(sums.shape[1])
        return (sums[last, parts] - sums[first, parts]) / (last - first)

    top = np.zeros_like(rows)
    # Near the line, and farther away: there a printed line does not reach; and at the very edge: between
    # it and a bar of a digit, or a whole 1, there is paper.
    farther = np.where(rows > 3 * reach, rows - 2 * reach, rows)
    near = mean(rows + reach, rows + 2 * reach)
    sides = (
        (near, mean(np.maximum(rows - reach, 0), rows)),
        (mean(rows + 2 * reach, rows + 6 * reach), mean(top, farther)),
        (near, mean(top, np.ones_like(rows))),
    )
    steps = [
        (paper - beyond) / np.maximum(np.maximum(paper, beyond), 1e-3) for paper, beyond in sides
    ]
    darker, lighter = np.min(steps, axis=(0, 2)), -np.max(steps, axis=(0, 2))
    # Between a thick printed line and the edge there is paper, lighter than the line.
    return np.maximum(darker, np.where(lighter < _LEAST_STEP_THIN, 0, lighter))
