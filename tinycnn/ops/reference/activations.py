"""Activation functions: what is not linear in a net. Without them all layers would be one linear map.

Every backward step needs only y, the result of its forward step.
"""

import numpy as np


def linear_forward(x: np.ndarray) -> np.ndarray:
    """Return x."""
    return x


def linear_backward(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return dy."""
    return dy


def relu_forward(x: np.ndarray) -> np.ndarray:
    """Return max(x, 0), and NaN for NaN (a maximum would hide it)."""
    return np.where(x < 0, x.dtype.type(0), x)


def relu_backward(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return dy where the unit was active. At exactly 0 the slope is taken as 0."""
    # forward: y = where(x < 0, 0, x)
    return np.where(y > 0, dy, dy.dtype.type(0))


def sigmoid_forward(x: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-x)), written so that exp never overflows."""
    small = np.exp(-np.abs(x))  # in (0, 1]
    return np.where(x < 0, small, x.dtype.type(1)) / (1 + small)


def sigmoid_backward(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return dy · y (1 - y)."""
    # forward: y = 1 / (1 + exp(-x))
    return dy * y * (1 - y)


def tanh_forward(x: np.ndarray) -> np.ndarray:
    """Return tanh(x)."""
    return np.tanh(x)


def tanh_backward(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return dy (1 - y²)."""
    # forward: y = tanh(x)
    return dy * (1 - y * y)


def softmax_forward(x: np.ndarray) -> np.ndarray:
    """Turn scores into probabilities along the last axis: exp(x) / Σ exp(x).

    The largest score of each row is taken off first: it changes nothing but keeps exp in range.
    """
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def softmax_backward(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return y (dy - Σ dy y): only what differs from the mean changes the shares."""
    # forward: y = exp(x) / Σ exp(x)
    return y * (dy - (dy * y).sum(axis=-1, keepdims=True))
