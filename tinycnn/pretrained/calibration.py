"""Temperature scaling: a net whose probabilities say how often it is right.

A net's scores are divided by one number, the temperature: no answer changes, only how sure it is.

Source: Guo et al., "On Calibration of Modern Neural Networks", 2017, section 4.2.
"""

import numpy as np

from tinycnn.activations import softmax
from tinycnn.models import Sequential

LOWEST, HIGHEST = 0.05, 20.0
HALVINGS = 50


def temperature(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Return the temperature at which the mean cross-entropy is least, 0.05 to 20.

    Args:
        probabilities: of a softmax, (n, classes).
        labels: int (n,), the right classes, n from 1.

    Raises:
        ValueError: there is nothing, or what is not finite.

    Example:
        >>> sure = np.repeat([[0.99, 0.01], [0.01, 0.99]], 50, axis=0)
        >>> labels = np.repeat([0, 1], 50)
        >>> labels[:10] = 1  # a tenth of one half: it is right less often than it says
        >>> 1 < temperature(sure, labels) < 3
        True
    """
    if not (probabilities.size and np.isfinite(probabilities).all()):
        raise ValueError(
            "a temperature is found with finite probabilities of one sample or more. "
            f"Received: shape {probabilities.shape}, some of them NaN or infinite, or none at all"
        )
    scores = np.log(np.maximum(probabilities.astype(np.float64), 1e-30))
    right = scores[np.arange(len(scores)), labels]
    low, high = 1 / HIGHEST, 1 / LOWEST
    for _ in range(HALVINGS):
        # With b = 1 / temperature: loss = mean(log sum exp(b scores) - b right), convex in b, and
        # dloss/db = mean(sum softmax(b scores) scores - right)
        middle = (low + high) / 2
        expected = (softmax(middle * scores) * scores).sum(axis=1)
        low, high = (low, middle) if np.mean(expected - right) > 0 else (middle, high)
    return 2 / (low + high)


def scale(model: Sequential, temperature: float) -> None:
    """Divide a model's scores by a temperature: the weights of its last layer change.

    Args:
        model: its last layer is `Dense` with a softmax.
        temperature: above 0.
    """
    last = model.layers[-1]
    last.set_weights([weight / np.float32(temperature) for weight in last.get_weights()])
