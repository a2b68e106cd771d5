"""Whether a model knows how sure it can be: calibration, and answers that the window calls sure."""

from typing import NamedTuple

import numpy as np

BINS = 15  # of equal width, over the confidence from 0 to 1


class Calibration(NamedTuple):
    """What holds of a model's answers, as shares."""

    right: float
    confident: float  # the mean confidence
    error: float  # the expected calibration error
    unsure: float  # answers below the threshold
    sure_right: float  # right ones among the others


def calibration(probabilities, digits, threshold):
    """Return the `Calibration` of probabilities (n, 10 or 11), given the digits (n,) and a threshold."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == digits
    sure = confidence >= threshold
    return Calibration(
        right.mean(),
        confidence.mean(),
        calibration_error(confidence, right),
        1 - sure.mean(),
        right[sure].mean() if sure.any() else np.nan,
    )


def calibration_error(confidence, right):
    """Return the expected calibration error: how far, on average, confidence is from the share of right ones.

    Args:
        confidence: float (n,), 0 to 1.
        right: bool (n,).

    Source: Guo et al., "On Calibration of Modern Neural Networks", 2017.
    """
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    # Of each bin: its samples times the distance of their mean confidence from their share of right ones
    surplus = np.bincount(bins, confidence - right, BINS)
    return np.abs(surplus).sum() / len(confidence)


def sure_digits(probabilities, threshold):
    """Return which answers are a sure digit, bool (n,); an eleventh class means "no digit"."""
    return (probabilities.argmax(axis=1) < 10) & (probabilities.max(axis=1) >= threshold)
