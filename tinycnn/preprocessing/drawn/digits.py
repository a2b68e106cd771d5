"""Digits drawn as people write them round the world, to train on: every style of `digits.json`."""

import collections
from collections.abc import Collection

import numpy as np

from tinycnn.preprocessing.drawn.choice import check_names, chosen, one_of
from tinycnn.preprocessing.drawn.hand import written
from tinycnn.preprocessing.drawn.rendering import images_of
from tinycnn.preprocessing.drawn.styles import lines_of, load_styles


def digit_styles() -> tuple[str, ...]:
    """Return the names of all styles, each beginning with its digit: "7 crossed"."""
    return tuple(load_styles("digits.json"))


def drawn_digit(
    rng: np.random.Generator, digit: int | None = None, style: str | None = None
) -> tuple[int, str, list[np.ndarray]]:
    """Draw a digit.

    Args:
        rng: random numbers; the same state gives the same drawing.
        digit: 0 to 9; None: any, all as often.
        style: one of `digit_styles()`; None: any of the digit's, by their weights.

    Returns:
        The digit, the style, and the strokes: float (n, 2) each, points (x, y), x to the right and y
        down, whole pixels of a screen.

    Raises:
        ValueError: an unknown digit or style, or a style of another digit.

    Example:
        >>> digit, style, strokes = drawn_digit(np.random.default_rng(0), style="7 crossed")
        >>> digit, len(strokes), strokes[0].shape[1]
        (7, 2, 2)
    """
    name = one_of(_weights(digit, ()), style, rng)
    return int(name[0]), name, _drawings(rng, name, 1, 0)[0]


def drawn_digits(
    rng: np.random.Generator,
    count: int,
    digit: int | None = None,
    without: Collection[str] = (),
    pen: tuple[float, float] | None = None,
    loose: float = 0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw many digits, as images.

    Args:
        rng, digit: see `drawn_digit`.
        count: n, how many.
        without: styles that are left out.
        pen: None: images as the window makes them of strokes. Or from which to which width pens go,
            as shares of the longer side of the ink: images of pictures that such pens draw.
        loose: 0 to 1, how much more loosely than most people they are written at most, to train on.

    Returns:
        Images uint8 (n, 28, 28), bright on 0; digits int64 (n,); and the names of styles, str (n,).

    Raises:
        ValueError: an unknown digit or style, no style is left, or `loose` is none from 0 to 1.

    Example:
        >>> images, digits, styles = drawn_digits(np.random.default_rng(0), 3, digit=8)
        >>> images.shape, digits.tolist(), styles[0][0]
        ((3, 28, 28), [8, 8, 8], '8')
    """
    names = chosen(_weights(digit, without), count, rng)
    images = images_of(names, _drawings, rng, pen, loose)
    return images, np.array([int(name[0]) for name in names], np.int64), names


def _drawings(
    rng: np.random.Generator, style: str, count: int, loose: float
) -> list[list[np.ndarray]]:
    """Return `count` drawings of one style."""
    return written(lines_of(load_styles("digits.json")[style], count, rng), rng, loose)


def _weights(digit: int | None, without: Collection[str]) -> dict[str, float]:
    """Return how often each style is drawn that is left: every digit as often as the others."""
    styles = load_styles("digits.json")
    check_names("without", without, styles)
    left = [name for name in styles if name not in without and digit in (None, int(name[0]))]
    of_digit: collections.Counter = collections.Counter()
    for name in left:
        of_digit[name[0]] += styles[name].weight
    return {name: styles[name].weight / of_digit[name[0]] for name in left}
