"""How well a model reads drawings: simulated ones, always the same."""

import numpy as np

from tinycnn.models import Sequential
from tinycnn.preprocessing.drawn import drawn_digits
from tinycnn.pretrained.digit_input import USUAL, DigitInput
from tinycnn.pretrained.reading import SURE

DRAWINGS, PART = 300, 10  # in all, and how many are drawn at a time
SEED = 2026  # trainings draw by other random numbers: see `rng_at`


def drawing_accuracy(model: Sequential, digit_input: DigitInput = USUAL) -> float:
    """Return the share of 300 simulated drawings, as the window makes them, that a model reads right.

    What has a probability below one half is not read: there the window says "no digit".

    Args:
        model: of ten digits.
        digit_input: how it wants its digits.

    Example:
        >>> from tinycnn import pretrained
        >>> drawing_accuracy(pretrained.load()) > 0.95
        True
    """
    parts = [simulated(part) for part in range(DRAWINGS // PART)]
    images, digits = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    shares = model.predict(digit_input.prepare(images), verbose=0)  # (n, 10)
    return float(np.mean((shares.argmax(axis=1) == digits) & (shares.max(axis=1) >= SURE)))


def simulated(part: int) -> tuple[np.ndarray, np.ndarray]:
    """Return ten of the simulated drawings, always the same: images uint8 (10, 28, 28), digits (10,).

    Args:
        part: 0 to 29.
    """
    return drawn_digits(np.random.default_rng([SEED, part]), PART)[:2]
