"""What a hand makes of lines: bent, leaning, trembling strokes that start and end beside their places.

Every drawing is of another hand, by the numbers below; lengths are shares of the character's height.
"""

import numpy as np

from tinycnn.preprocessing.drawn.loose import loosened
from tinycnn.preprocessing.strokes import lengths

_BEND = 0.03  # of each coefficient of a bent plane, standard deviation
_MISPLACED, _MISSIZED = 0.02, 0.05  # of each stroke beside the others, standard deviations
_SLANT, _SLANTS = 0.08, 0.18  # tangent: mean, standard deviation; to the right
_TURN, _STRETCH = 6.0, 0.17  # degrees, logarithm of the aspect: standard deviations
_MOST = 2.3  # standard deviations: nobody leans, turns or stretches more
_SLIP, _LONGEST_SLIP = 0.03, 0.08  # how far a stroke ends too early or too late: deviation, most
_HOOKED, _HOOK = 0.12, (0.02, 0.09)  # how many ends have a hook, and its length
_BROKEN, _GAP = 0.05, (0.02, 0.08)  # how many strokes have a gap, and its length
_SPACING = (0.015, 0.13)  # between the points of a mouse, which may be few
_TREMOR, _WAVE = 0.014, 0.14  # how far a point trembles at most (a deviation), and over what length
_SHUFFLED, _REVERSED = 0.2, 0.15  # how many drawings have another order, strokes another direction
_SIZE, _CANVAS = (50, 460), 560  # pixels of the screen


def written(
    lines: list[np.ndarray], rng: np.random.Generator, loose: float = 0
) -> list[list[np.ndarray]]:
    """Return drawings of lines, each by another hand.

    Args:
        lines: of each stroke float (n, m, 2), in the unit box; n drawings are made.
        rng: random numbers.
        loose: 0 to 1, how loosely at most: see `loosened`.

    Returns:
        n drawings: lists of strokes, float (points, 2), (x, y) in whole pixels on a canvas of 560 x 560
        or a little outside. A stroke with a gap has become two.

    Example:
        >>> bar = np.array([[[0.5, 0.0], [0.5, 1.0]]])
        >>> drawing, = written([bar], np.random.default_rng(1))
        >>> len(drawing), drawing[0].shape[1]
        (1, 2)
    """
    placed = _placed(loosened(lines, rng, loose) if loose else lines, rng)
    return [_drawing([line[i] for line in placed], rng) for i in range(len(lines[0]))]


def _placed(lines: list[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    """Return lines, each (n, m, 2), misplaced, bent, leaning and turned, about (0, 0)."""
    count = len(lines[0])
    bend = rng.normal(0, _BEND, (count, 5, 2))
    linear = _linear(count, rng)
    placed = []
    for line in lines:
        centre = (line.min(axis=1, keepdims=True) + line.max(axis=1, keepdims=True)) / 2
        size = rng.normal(1, _MISSIZED, (count, 1, 2))
        points = centre + (line - centre) * size + rng.normal(0, _MISPLACED, (count, 1, 2)) - 0.5
        x, y = 2 * points[..., 0], 2 * points[..., 1]  # -1 to 1
        bent = points + np.stack([x * x, x * y, y * y, x * y * y, y**3], axis=2) @ bend
        placed.append(bent @ linear)
    return placed


def _linear(count: int, rng: np.random.Generator) -> np.ndarray:
    """Return matrices (n, 2, 2) that lean, turn and stretch points (x, y) from their left."""
    normal = np.clip(rng.normal(0, 1, (3, count)), -_MOST, _MOST)
    slant = _SLANT + normal[0] * _SLANTS
    cos, sin = np.cos(np.radians(_TURN * normal[1])), np.sin(np.radians(_TURN * normal[1]))
    wide, none = np.exp(_STRETCH * normal[2]), np.zeros(count)
    # Of each drawing [[wide, 0], [-slant, 1]]: y is down, so that the top goes to the right
    lean = np.stack([wide, none, -slant, none + 1], axis=1).reshape(-1, 2, 2)
    return lean @ np.stack([cos, sin, -sin, cos], axis=1).reshape(-1, 2, 2)


def _drawing(lines: list[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    """Return the strokes of one drawing, in pixels, given its lines, each (m, 2)."""
    spacing = np.exp(rng.uniform(*np.log(_SPACING)))
    tremor = rng.uniform(0, _TREMOR)
    strokes = [part for line in lines for part in _stroke(line, spacing, tremor, rng)]
    if rng.random() < _SHUFFLED:
        strokes = [strokes[i] for i in rng.permutation(len(strokes))]
    size = np.exp(rng.uniform(*np.log(_SIZE)))
    middle = rng.uniform(size / 2, _CANVAS - size / 2, 2)
    return [np.rint(stroke * size + middle) for stroke in strokes]


def _stroke(
    line: np.ndarray, spacing: float, tremor: float, rng: np.random.Generator
) -> list[np.ndarray]:
    """Return a line (m, 2) as the pen drew it, (points, 2); with a gap it is two."""
    points = _sampled(line, spacing, tremor, rng)
    points = _hooked(_hooked(points, rng)[::-1], rng)  # now backwards
    if rng.random() >= _REVERSED:
        points = points[::-1]
    gap = round(rng.uniform(*_GAP) / spacing)
    if rng.random() >= _BROKEN or gap < 1 or len(points) < gap + 4:
        return [points]
    start = rng.integers(2, len(points) - gap - 1)
    return [points[:start], points[start + gap :]]


def _sampled(
    line: np.ndarray, spacing: float, tremor: float, rng: np.random.Generator
) -> np.ndarray:
    """Return trembling points (k, 2) at equal distances along a line (m, 2), or a little beyond it."""
    line = np.concatenate([_beyond(line), line, _beyond(line[::-1])])
    length = lengths(line)
    inside = max(length[-1] - 2 * _LONGEST_SLIP, 0)
    most = min(_LONGEST_SLIP, inside / 5)  # a dot stays a dot
    early, late = np.clip(rng.normal(0, _SLIP, 2), -most, most)
    start, end = _LONGEST_SLIP - early, length[-1] - _LONGEST_SLIP + late
    distances = np.linspace(start, end, max(int((end - start) / spacing) + 2, 4))
    knots = np.arange(int(length[-1] / _WAVE) + 2) * _WAVE
    shaken = rng.normal(0, tremor, (2, len(knots)))
    lines = zip(line.T, shaken, strict=True)
    return np.column_stack(
        [np.interp(distances, length, x) + np.interp(distances, knots, by) for x, by in lines]
    )


def _beyond(line: np.ndarray) -> np.ndarray:
    """Return the point before the first of a line (m, 2) where it could have begun earlier: (1, 2)."""
    step = line[:1] - line[min(2, len(line) - 1)]
    return line[:1] + step * (_LONGEST_SLIP / max(np.hypot(*step[0]), 1e-9))


def _hooked(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a stroke (k, 2), now and then with a point more at its end: the pen was not lifted in time."""
    if rng.random() >= _HOOKED:
        return points
    step = points[-1] - points[-2]
    angle = np.arctan2(step[1], step[0]) + rng.choice([-1, 1]) * rng.uniform(1.6, 3.0)
    hook = rng.uniform(*_HOOK) * np.array([np.cos(angle), np.sin(angle)])
    return np.concatenate([points, points[-1:] + hook])
