"""The dense layer: every output is a weighted sum of every input."""

import numpy as np


def dense_forward(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Return x @ kernel + bias.

    Args:
        x: inputs (n, c).
        kernel: weights (c, f).
        bias: (f,).

    Returns:
        y (n, f).

    Example:
        >>> dense_forward(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]), np.array([0.5]))
        array([[11.5]])
    """
    return x @ kernel + bias


def dense_backward_input(dy: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Return dx, the gradient of the loss with respect to the inputs.

    Args:
        dy: gradient of the loss with respect to y, (n, f).
        kernel: (c, f).

    Returns:
        dx (n, c).
    """
    # forward: y = x @ kernel + bias
    return dy @ kernel.T


def dense_backward_kernel(dy: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradients of the loss with respect to kernel and bias, summed over all samples.

    Args:
        dy: gradient of the loss with respect to y, (n, f).
        x: (n, c), that of the forward step.

    Returns:
        dkernel (c, f) and dbias (f,).
    """
    # forward: y = x @ kernel + bias
    return x.T @ dy, dy.sum(axis=0)
