"""Looser writing than most hands', to train on: what a net has seen in it prepares it for styles it has not.

Proportions are others, strokes beside their places, corners cut, ends cut off or run out in a curl. Lengths
are shares of the character's height; each writing is as loose as a random share of all this.
"""

import numpy as np

from tinycnn.preprocessing.strokes import evenly, lengths

_PROPORTION = 0.13  # how far the middle of a character moves: standard deviation,
_FARTHEST = 0.2  # and at most; below a quarter, points stay in their order
_MISPLACED, _MISSIZED = 0.03, 0.08  # of each stroke, standard deviations
_CUT = 0.45  # over what length corners are cut at most
_SHORT, _SHORTENED = 0.3, 0.1  # how many ends are cut off at most, and how far,
_MOST_OFF = 0.15  # but never more than this share of a line
_CURLED = 0.3  # how many ends curl at most,
_CURL, _TURN = (0.04, 0.26), (0.2, 2.7)  # over what lengths, by how many radians
_DOT = 0.1  # what is smaller does not curl
_POINTS = 96  # on a loose line


def loosened(
    lines: list[np.ndarray], rng: np.random.Generator, most: float = 1
) -> list[np.ndarray]:
    """Return other lines, each of another looseness.

    Args:
        lines: of each stroke float (n, m, 2), in the unit box, as of `lines_of`; they stay as they are.
        rng: random numbers.
        most: how loose at most, 0 (not at all) to 1.

    Returns:
        For each stroke float (n, 96, 2).

    Example:
        >>> bar = np.array([[[0.5, 0.0], [0.5, 1.0]]])
        >>> loosened([bar], np.random.default_rng(0))[0].shape
        (1, 96, 2)
    """
    loose = rng.uniform(0, most, (len(lines[0]), 1, 1))
    middle = loose * np.clip(rng.normal(0, _PROPORTION, (len(loose), 1, 2)), -_FARTHEST, _FARTHEST)
    return [_loose_lines(line + middle * _from_the_edges(line), loose, rng) for line in lines]


def _from_the_edges(points: np.ndarray) -> np.ndarray:
    """Return 0 for coordinates at the edges of the box and beyond, 1 for those in its middle."""
    return np.clip(4 * points * (1 - points), 0, 1)


def _loose_lines(lines: np.ndarray, loose: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return one stroke of all drawings, (n, m, 2), as loosely as said, (n, 1, 1): (n, 96, 2)."""
    centre = (lines.min(axis=1, keepdims=True) + lines.max(axis=1, keepdims=True)) / 2
    normal = rng.normal(0, 1, (2, len(lines), 1, 2))
    placed = centre + (lines - centre) * (1 + _MISSIZED * loose * normal[0])
    placed += _MISPLACED * loose * normal[1]
    return np.stack([_loose(*pair, rng) for pair in zip(placed, loose.ravel(), strict=True)])


def _loose(line: np.ndarray, loose: float, rng: np.random.Generator) -> np.ndarray:
    """Return a line (m, 2) with its corners cut and its ends changed: (96, 2)."""
    line = _cut_corners(evenly(line, _POINTS), _CUT * loose * rng.random())
    for _ in range(2):
        line = _curled(_shortened(line, loose, rng), loose, rng)[::-1]
    return evenly(line, _POINTS)


def _cut_corners(line: np.ndarray, over: float) -> np.ndarray:
    """Return a line (96, 2) whose points are means over a length; its ends stay."""
    step = np.hypot(*(line[1] - line[0])) + 1e-9
    half = min(int(over / step / 2), _POINTS // 4)
    if not half:
        return line
    weights = np.bartlett(2 * half + 3)[1:-1]
    before, after = 2 * line[0] - line[half:0:-1], 2 * line[-1] - line[-2 : -half - 2 : -1]
    padded = np.concatenate([before, line, after])
    return np.column_stack([np.convolve(x, weights / weights.sum(), "valid") for x in padded.T])


def _shortened(line: np.ndarray, loose: float, rng: np.random.Generator) -> np.ndarray:
    """Return a line (m, 2), now and then without its last points."""
    if rng.random() >= _SHORT * loose:
        return line
    off = min(rng.uniform(0, _SHORTENED) / (lengths(line)[-1] + 1e-9), _MOST_OFF)
    return line[: len(line) - int(off * len(line))]


def _curled(line: np.ndarray, loose: float, rng: np.random.Generator) -> np.ndarray:
    """Return a line (m, 2) that now and then goes on beyond its end, in an arc."""
    if rng.random() >= _CURLED * loose or np.ptp(line, axis=0).max() < _DOT:
        return line
    length = _CURL[0] + (_CURL[1] - _CURL[0]) * rng.random() ** 2  # most are short
    turn = rng.choice([-1, 1]) * rng.uniform(*_TURN)
    step = line[-1] - line[-4]
    angles = np.arctan2(step[1], step[0]) + turn * np.arange(1, 9) / 8
    steps = np.stack([np.cos(angles), np.sin(angles)], axis=1) * (length / 8)
    return np.concatenate([line, line[-1] + steps.cumsum(axis=0)])
