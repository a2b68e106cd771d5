"""The absolute error: how far a number is from the one that it should be."""

import numpy as np


def absolute_error_forward(y_pred: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the error of each number, and the differences kept for the backward step.

    Args:
        y_pred: predictions (n, ...).
        target: what they should be, (n, ...).

    Returns:
        errors (n, ...) = |y_pred - target|, and differences (n, ...).

    Example:
        >>> absolute_error_forward(np.array([3.0]), np.array([5.0]))[0]
        array([2.])
    """
    difference = y_pred - target
    return np.abs(difference), difference


def absolute_error_backward(difference: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the gradient of each number's error with respect to it: 1 above the target, -1 below, 0 on it.

    Args:
        difference: from the forward step, (n, ...).
        target: (n, ...).

    Returns:
        dy_pred (n, ...).
    """
    # forward: errors = |difference|, difference = y_pred - target
    return np.sign(difference)
