"""The squared error: how far a number is from the one that it should be, squared."""

import numpy as np


def squared_error_forward(y_pred: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the error of each number, and the differences kept for the backward step.

    Args:
        y_pred: predictions (n, ...).
        target: what they should be, (n, ...).

    Returns:
        errors (n, ...) = (y_pred - target)², and differences (n, ...).

    Example:
        >>> squared_error_forward(np.array([3.0]), np.array([1.0]))[0]
        array([4.])
    """
    difference = y_pred - target
    return difference * difference, difference


def squared_error_backward(difference: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the gradient of each number's error with respect to it.

    Args:
        difference: from the forward step, (n, ...).
        target: (n, ...).

    Returns:
        dy_pred (n, ...).
    """
    # forward: errors = difference², difference = y_pred - target
    return 2 * difference
