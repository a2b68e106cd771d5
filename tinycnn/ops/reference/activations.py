"""Activation functions: what is not linear in a net. Without them all layers would be one linear map.

x may have any shape; y, dy and dx have the same one. Every backward step needs only y, the result of its
forward step, and dy, the gradient of the loss with respect to y; it returns dx.
"""

import numpy as np


def linear_forward(x: np.ndarray) -> np.ndarray:
    """Return x itself: no activation."""
    return x


def linear_backward(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return dy itself: the slope is 1."""
    return dy


def relu_forward(x: np.ndarray) -> np.ndarray:
    """Return x, and 0 where x < 0. A NaN stays NaN."""
    return np.where(x < 0, x.dtype.type(0), x)


def relu_backward(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return dx: dy where y > 0, else 0. So the slope at exactly 0 is taken as 0."""
    # forward: y = where(x < 0, 0, x)
    return np.where(y > 0, dy, dy.dtype.type(0))


def sigmoid_forward(x: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-x)), written so that exp never overflows."""
    small = np.exp(-np.abs(x))  # in (0, 1]
    return np.where(x < 0, small, x.dtype.type(1)) / (1 + small)


def sigmoid_backward(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return dx = dy · y · (1 - y)."""
    # forward: y = 1 / (1 + exp(-x))
    return dy * y * (1 - y)


def tanh_forward(x: np.ndarray) -> np.ndarray:
    """Return tanh(x)."""
    return np.tanh(x)


def tanh_backward(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return dx = dy · (1 - y²)."""
    # forward: y = tanh(x)
    return dy * (1 - y * y)


def softmax_forward(x: np.ndarray) -> np.ndarray:
    """Return exp(x) / Σ exp(x), the sum taken along the last axis: scores become probabilities.

    The largest score of each row is subtracted first: the quotient stays the same, and exp cannot overflow.
    """
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def softmax_backward(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return dx = y · (dy - Σ dy · y), the sum taken along the last axis."""
    # forward: y = exp(x) / Σ exp(x)
    return y * (dy - (dy * y).sum(axis=-1, keepdims=True))
