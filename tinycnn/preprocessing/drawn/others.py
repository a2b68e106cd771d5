"""What is drawn and is no digit: letters, symbols, scribbles, two digits, parts of digits.

Letters that are written as digits are (O, l, I, S, Z, B, g, q, b) are not among them.
"""

from collections.abc import Callable, Collection

import numpy as np

from tinycnn.preprocessing.drawn.choice import check_names, chosen, one_of
from tinycnn.preprocessing.drawn.hand import written
from tinycnn.preprocessing.drawn.rendering import images_of
from tinycnn.preprocessing.drawn.styles import lines_of, load_styles, through

NO_DIGIT = 10  # the label, after the ten digits

Lines = list[np.ndarray]  # of each stroke float (m, 2), in the unit box


def scribble(rng: np.random.Generator) -> Lines:
    """Return a line that goes anywhere."""
    count = int(rng.integers(7, 20))
    return [through(count) @ rng.uniform(0, 1, (count, 2))]


def zigzag(rng: np.random.Generator) -> Lines:
    """Return a line to and fro, with corners or round, wide or high, that may be dense."""
    count = int(rng.integers(5, 18))
    across = np.arange(count) % 2 * rng.uniform(0.3, 1) + rng.normal(0, 0.05, count)
    points = np.stack([np.linspace(0, 1, count), across], axis=1)
    points = points[:, :: rng.choice([-1, 1])]
    return [through(count) @ points if rng.random() < 0.5 else points]


def spiral(rng: np.random.Generator) -> Lines:
    """Return a spiral of two turns and more."""
    turns, start = rng.uniform(2, 4.5), rng.uniform(0, 2 * np.pi)
    share = np.linspace(0, 1, int(turns * 14))
    angles = start + rng.choice([-1, 1]) * 2 * np.pi * turns * share
    radius = 0.5 * share ** rng.uniform(0.6, 1)
    return [0.5 + radius[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)]


def coil(rng: np.random.Generator) -> Lines:
    """Return loops in a row, as of a joined-up e."""
    turns = rng.integers(3, 7)
    angles = np.linspace(0, 2 * np.pi * turns, turns * 14)
    x = angles / angles[-1] + rng.uniform(0.08, 0.16) * np.cos(angles)
    return [np.stack([x, 0.5 - rng.uniform(0.15, 0.4) * np.sin(angles)], axis=1)]


def two_digits(rng: np.random.Generator) -> Lines:
    """Return two digits side by side, which may touch."""
    left, right = _digit(rng), _digit(rng)
    edge = np.concatenate(left).max(axis=0)[0] - np.concatenate(right).min(axis=0)[0]
    shift = np.array([edge + rng.uniform(-0.02, 0.35), rng.normal(0, 0.06)])
    return left + [line + shift for line in right]


def part_of_digit(rng: np.random.Generator) -> Lines:
    """Return a piece of a ring's stroke: less than half, and not as straight as a 1."""
    while True:
        line = _digit(rng, "069")[0]
        length = int(len(line) * rng.uniform(0.25, 0.45))
        start = rng.integers(0, len(line) - length + 1)
        part = line[start : start + length]
        sides = np.ptp(part, axis=0) if length > 5 else np.array([0, 1])
        if sides.min() > 0.4 * sides.max():
            return [(part - part.min(axis=0)) / sides.max()]


def random_sign(rng: np.random.Generator) -> Lines:
    """Return a sign that no writing has: two to four strokes, straight, bent or round, anywhere.

    Now and then one comes out as a digit would, or as a letter that was left out; that is rare.
    """
    lines = [_random_stroke(rng) for _ in range(int(rng.integers(2, 5)))]
    points = np.concatenate(lines)
    return [(line - points.min(axis=0)) / np.ptp(points, axis=0).max() for line in lines]


def _random_stroke(rng: np.random.Generator) -> np.ndarray:
    """Return a straight line, a bent one, or an arc of up to a full turn, (m, 2)."""
    kind, ends = rng.integers(3), rng.uniform(0, 1, (2, 2))
    if kind == 0:
        return np.linspace(*ends, 12)
    if kind == 1:
        count = int(rng.integers(3, 5))
        return through(count) @ rng.uniform(0, 1, (count, 2))
    sweep = rng.choice([-1, 1]) * rng.uniform(1.5, 2 * np.pi)
    angles = rng.uniform(0, 2 * np.pi) + sweep * np.linspace(0, 1, 24)
    radius = rng.uniform(0.15, 0.5, 2)
    return ends[0] + radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)


SHAPES: dict[str, Callable[[np.random.Generator], Lines]] = {
    shape.__name__.replace("_", " "): shape
    for shape in (scribble, zigzag, spiral, coil, two_digits, part_of_digit, random_sign)
}
# How often each of these is drawn, beside one letter or symbol; the random signs make nets unsure of signs
# that they have never seen, too.
_OF_SHAPE, _OF_RANDOM_SIGN = 8.0, 40.0


def other_styles() -> tuple[str, ...]:
    """Return the names of all that is no digit: letters ("A", "a printed"), symbols, shapes ("coil")."""
    return (*load_styles("signs.json"), *SHAPES)


def drawn_other(
    rng: np.random.Generator, style: str | None = None
) -> tuple[int, str, list[np.ndarray]]:
    """Draw what is no digit, of one of `other_styles()` or any: arguments and result as of `drawn_digit`.

    Raises:
        ValueError: an unknown style.

    Example:
        >>> label, style, strokes = drawn_other(np.random.default_rng(0), "plus")
        >>> label, len(strokes)
        (10, 2)
    """
    name = one_of(_weights(()), style, rng)
    return NO_DIGIT, name, _drawings(rng, name, 1, 0)[0]


def drawn_others(
    rng: np.random.Generator,
    count: int,
    without: Collection[str] = (),
    pen: tuple[float, float] | None = None,
    loose: float = 0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw many things that are no digits, as images; arguments and result as of `drawn_digits`.

    Raises:
        ValueError: an unknown style, no style is left, or `loose` is none from 0 to 1.

    Example:
        >>> images, labels, styles = drawn_others(np.random.default_rng(0), 2)
        >>> images.shape, labels.tolist()
        ((2, 28, 28), [10, 10])
    """
    names = chosen(_weights(without), count, rng)
    images = images_of(names, _drawings, rng, pen, loose)
    return images, np.full(count, NO_DIGIT, np.int64), names


def _weights(without: Collection[str]) -> dict[str, float]:
    """Return how often each style is drawn that is left."""
    weights = {name: style.weight for name, style in load_styles("signs.json").items()}
    weights |= dict.fromkeys(SHAPES, _OF_SHAPE) | {"random sign": _OF_RANDOM_SIGN}
    check_names("without", without, weights)
    return {name: weight for name, weight in weights.items() if name not in without}


def _drawings(
    rng: np.random.Generator, style: str, count: int, loose: float
) -> list[list[np.ndarray]]:
    """Return `count` drawings of one style."""
    if style in SHAPES:
        shapes = [SHAPES[style](rng) for _ in range(count)]
        return [written([line[None] for line in lines], rng, loose)[0] for lines in shapes]
    return written(lines_of(load_styles("signs.json")[style], count, rng), rng, loose)


def _digit(rng: np.random.Generator, digits: str = "0123456789") -> Lines:
    """Return the lines of any style of these digits."""
    styles = load_styles("digits.json")
    name = rng.choice([name for name in styles if name[0] in digits])
    return [line[0] for line in lines_of(styles[name], 1, rng)]
