"""How well a model reads drawings: simulated ones, always the same."""

import numpy as np

from tinycnn.models import Sequential
from tinycnn.preprocessing.drawn import drawn_digits
from tinycnn.pretrained.digit_input import USUAL, DigitInput

DRAWINGS = 300
SEED = 2026  # trainings draw by other random numbers: see `rng_at`


def drawing_accuracy(model: Sequential, digit_input: DigitInput = USUAL) -> float:
    """Return the share of 300 simulated drawings, as the window makes them, that a model reads right.

    Args:
        model: of ten digits.
        digit_input: how it wants its digits.

    Example:
        >>> from tinycnn import pretrained
        >>> drawing_accuracy(pretrained.load()) > 0.95
        True
    """
    images, digits, _ = drawn_digits(np.random.default_rng(SEED), DRAWINGS)
    answers = model.predict(digit_input.prepare(images), verbose=0).argmax(axis=1)
    return float(np.mean(answers == digits))
