"""Sigmoid and cross-entropy as one step: -log of the probability given to what is true, yes or no.

It is computed from the scores before the sigmoid ("logits"), so that nothing overflows, and the gradient
does not vanish where a wrong answer has a probability of nearly 1.
"""

import numpy as np

from tinycnn.ops.reference.activations import sigmoid_forward


def binary_cross_entropy_forward(
    logits: np.ndarray, target: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the loss of each number, and the probabilities kept for the backward step.

    Args:
        logits: scores (n, ...).
        target: the true probabilities, (n, ...), mostly 0 or 1.

    Returns:
        errors (n, ...) = -target · log p - (1 - target) · log(1 - p) with p = sigmoid(logits), and p.

    Example:
        >>> errors, _ = binary_cross_entropy_forward(np.zeros(1), np.ones(1))
        >>> round(errors.item(), 4)
        0.6931
    """
    # -log p = log(1 + exp(-z)) and -log(1 - p) = z - log p, without an exp of something large
    losses = np.maximum(logits, 0) - logits * target + np.log1p(np.exp(-np.abs(logits)))
    return losses, sigmoid_forward(logits)


def binary_cross_entropy_backward(probabilities: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the gradient of each number's loss with respect to its logit: predicted minus true probability.

    Args:
        probabilities: from the forward step, (n, ...).
        target: (n, ...).

    Returns:
        dlogits (n, ...).
    """
    # forward: errors = -target · log sigmoid(logits) - (1 - target) · log(1 - sigmoid(logits))
    return probabilities - target
