"""Styles: the ways to write a character, read from a file of data, and their lines in a unit box.

A style's strokes are texts of tokens. `x,y` is a point, x to the right and y down, 0 to 1 over the box;
`x,y,across,down,start,sweep` is an arc round a point with its two radii, its angles in degrees, 0 to the
right and 90 down. A smooth curve leads through them all, but `/` makes a corner of the point before it.
Any number may have terms of the style's free parameters: `.5-.3w`.
"""

import functools
import importlib.resources
import json
import re
from dataclasses import dataclass

import numpy as np

_TERM = re.compile(r"([+-]?)([\d.]*)([a-z]?)")
_ARC = 9  # points on an arc: at most 50 degrees apart, where a smooth curve is round to 1 %
_FINE = 8  # points of a smooth curve from one of its points to the next
_SPREAD = 0.015  # how far hands miss a style's points, standard deviation, as a share of the box,
_ERRORS = np.array([1, 1, 1, 1, 180, 180])  # times this: of an arc's angles in degrees


@dataclass(frozen=True)
class Style:
    """A way to write a character."""

    weight: float  # how often it is written, beside the others
    low: np.ndarray  # ranges of the free parameters, (p,)
    high: np.ndarray
    # For each its pieces between corners; of each its tokens: float (2 or 6, 1 + p), the constant of
    # each number and the factors of the parameters
    strokes: list[list[list[np.ndarray]]]


@functools.cache
def load_styles(file: str) -> dict[str, Style]:
    """Return the styles of a file in this folder, by name."""
    text = importlib.resources.files(__package__).joinpath(file).read_text(encoding="utf-8")
    return {name: read_style(*data) for name, data in json.loads(text).items()}


def read_style(free: dict[str, list], strokes: list[str], weight: float = 1) -> Style:
    """Return a style from its data: the ranges of its free parameters (letters), strokes, and weight.

    Example:
        >>> read_style({"c": [-0.1, 0.1]}, [".5,0 .5+c,1"]).strokes[0][0][1].tolist()
        [[0.5, 1.0], [1.0, 0.0]]
    """
    low, high = np.array([*free.values()], float).T
    tokens = [[piece.split() for piece in stroke.split("/")] for stroke in strokes]
    read = [[[_numbers(token, [*free]) for token in piece] for piece in part] for part in tokens]
    return Style(weight, low, high, read)


def _numbers(token: str, names: list[str]) -> np.ndarray:
    """Return a token's numbers: float (2 or 6, 1 + p), of each the constant and the factors."""
    numbers = token.split(",")
    factors = np.zeros((len(numbers), 1 + len(names)))
    for row, number in zip(factors, numbers, strict=True):
        for sign, size, name in filter(any, _TERM.findall(number)):
            row[1 + names.index(name) if name else 0] += float(f"{sign}{size or 1}")
    return factors


def lines_of(style: Style, count: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Return the lines of a style, written `count` times, each with other parameters and errors.

    Returns:
        For each stroke float (count, m, 2): m points along it, (x, y) in the unit box or a little outside.
    """
    parameters = rng.uniform(style.low, style.high, (count, len(style.low)))
    terms = np.column_stack([np.ones(count), parameters])  # (n, 1 + p)
    # People are more or less careful: each writing has a spread of its own, (n, 1)
    spread = rng.uniform(0, 2 * _SPREAD, (count, 1))
    return [_line(stroke, terms, spread, rng) for stroke in style.strokes]


def _line(
    stroke: list[list[np.ndarray]], terms: np.ndarray, spread: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return the points along one stroke, float (n, m, 2); a piece begins where the one before ended."""
    parts: list[np.ndarray] = []
    for piece in stroke:
        points = [_points(token, terms, spread, rng) for token in piece]
        joined = np.concatenate([part[:, -1:] for part in parts[-1:]] + points, axis=1)
        parts.append(through(joined.shape[1]) @ joined)
    return np.concatenate(parts, axis=1)


def _points(
    token: np.ndarray, terms: np.ndarray, spread: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return the points that a token stands for, with errors: float (n, 1 or 9, 2)."""
    values = terms @ token.T  # (n, 2 or 6)
    values += rng.normal(0, 1, values.shape) * spread * _ERRORS[: values.shape[1]]
    if values.shape[1] == 2:
        return values[:, None]
    x, y, across, down, start, sweep = values.T[:, :, None]
    angles = np.radians(start + sweep * np.linspace(0, 1, _ARC))  # (n, 9)
    return np.stack([x + across * np.cos(angles), y + down * np.sin(angles)], axis=2)


@functools.cache
def through(count: int) -> np.ndarray:
    """Return the weights that make a smooth curve of `count` points: float (8 (count - 1) + 1, count).

    Example:
        >>> (through(3) @ np.array([0, 1, 4]))[::8].tolist()
        [0.0, 1.0, 4.0]

    Source: Catmull & Rom, "A Class of Local Interpolating Splines", 1974.
    """
    if count == 1:
        return np.eye(1)
    ends = np.eye(count)
    ends = np.concatenate([2 * ends[:1] - ends[1:2], ends, 2 * ends[-1:] - ends[-2:-1]])
    before, here, after, last = (ends[i : i + count - 1, None] for i in range(4))
    t = np.linspace(0, 1, _FINE, endpoint=False)[:, None]
    quadratic = 2 * before - 5 * here + 4 * after - last
    cubic = 3 * here - before - 3 * after + last
    curve = here + ((after - before) * t + quadratic * t**2 + cubic * t**3) / 2
    return np.concatenate([curve.reshape(-1, count), np.eye(count)[-1:]])
