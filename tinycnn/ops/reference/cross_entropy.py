"""Softmax and cross-entropy as one step: the loss is -log of the probability given to the true class.

It is computed from the scores before the softmax ("logits"). So nothing over- or underflows, and the
gradient does not vanish where a wrong class has a probability of nearly 1.
"""

import numpy as np


def cross_entropy_forward(logits: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the loss of each sample, and the probabilities kept for the backward step.

    Args:
        logits: scores (n, classes).
        target: the true probabilities, (n, classes), such as one-hot rows.

    Returns:
        losses (n,) = -Σ target · log softmax(logits), and probabilities (n, classes).

    Example:
        >>> losses, _ = cross_entropy_forward(np.zeros((1, 2)), np.array([[1.0, 0.0]]))
        >>> round(losses.item(), 4)
        0.6931
    """
    with np.errstate(invalid="ignore"):  # inf - inf and 0 · inf give NaN, without a warning
        shifted = logits - logits.max(axis=-1, keepdims=True)
        powers = np.exp(shifted)
        total = powers.sum(axis=-1, keepdims=True)
        terms = np.where(target == 0, target, target * (np.log(total) - shifted))
    return terms.sum(axis=-1), powers / total


def cross_entropy_backward(probabilities: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the gradient of each sample's loss with respect to its logits.

    It is predicted minus true probability, where the target sums to 1.

    Args:
        probabilities: from the forward step, (n, classes).
        target: (n, classes).

    Returns:
        dlogits (n, classes).
    """
    # forward: losses = -Σ target · log softmax(logits)
    return probabilities * target.sum(axis=-1, keepdims=True) - target
