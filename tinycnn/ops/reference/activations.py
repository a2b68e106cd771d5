"""Activation functions: what is not linear in a net. Without them all layers would be one linear map.

x may have any shape; y, dy and dx have the same one. A backward step needs y, the result of its forward
step, and dy, the gradient of the loss with respect to y; it returns dx. Those of silu, gelu and bounded
ReLU, where two x have the same y, need x instead of y.
"""

import math

import numpy as np

LEAK = 0.2  # slope of `leaky_relu` below 0
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772  # G. Klambauer et al., 2017


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


def bounded_relu_forward(
    x: np.ndarray, max_value: float, negative_slope: float, threshold: float
) -> np.ndarray:
    """Return x, at most max_value, where x > threshold; elsewhere negative_slope · (x - threshold).

    A. Krizhevsky, "Convolutional Deep Belief Networks on CIFAR-10", 2010, has the largest value, 6.
    """
    limit, slope, threshold = map(x.dtype.type, (max_value, negative_slope, threshold))
    below = slope * (x - threshold) if slope else x.dtype.type(0)  # 0 times an infinite x is NaN
    return np.where(x <= threshold, below, np.minimum(x, limit))


def bounded_relu_backward(
    dy: np.ndarray, x: np.ndarray, max_value: float, negative_slope: float, threshold: float
) -> np.ndarray:
    """Return dx: dy where threshold < x < max_value, negative_slope · dy up to the threshold, else 0."""
    # forward: y = negative_slope · (x - threshold) where x <= threshold, else min(x, max_value)
    above = np.where(x < max_value, dy, dy.dtype.type(0))
    return np.where(x <= threshold, dy.dtype.type(negative_slope) * dy, above)


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


def log_softmax_forward(x: np.ndarray) -> np.ndarray:
    """Return the logarithm of `softmax_forward`, x - log Σ exp(x)."""
    shifted = x - x.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def log_softmax_backward(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return dy - exp(y) Σ dy: every score lowers all by its share."""
    # forward: y = x - log Σ exp(x)
    return dy - np.exp(y) * dy.sum(axis=-1, keepdims=True)


def leaky_relu_forward(x: np.ndarray) -> np.ndarray:
    """Return x where x > 0, else LEAK · x."""
    return np.where(x > 0, x, x.dtype.type(LEAK) * x)


def leaky_relu_backward(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return dy where y > 0, else LEAK · dy."""
    # forward: y = x where x > 0, else LEAK · x: both have the same sign
    return np.where(y > 0, dy, dy.dtype.type(LEAK) * dy)


def elu_forward(x: np.ndarray) -> np.ndarray:
    """Return x where x > 0, else exp(x) - 1. (Of x > 0 no power is taken: it might overflow.)"""
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


def elu_backward(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return dy where y > 0, else dy (y + 1)."""
    # forward: y = x where x > 0, else exp(x) - 1, whose slope is exp(x) = y + 1
    return np.where(y > 0, dy, dy * (y + 1))


def selu_forward(x: np.ndarray) -> np.ndarray:
    """Return SELU_SCALE · x where x > 0, else SELU_SCALE · SELU_ALPHA · (exp(x) - 1)."""
    below = x.dtype.type(SELU_ALPHA) * np.expm1(np.minimum(x, 0))
    return x.dtype.type(SELU_SCALE) * np.where(x > 0, x, below)


def selu_backward(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return SELU_SCALE · dy where y > 0, else dy (y + SELU_SCALE · SELU_ALPHA)."""
    # forward: y = SCALE · x where x > 0, else SCALE · ALPHA · (exp(x) - 1)
    scale, product = y.dtype.type(SELU_SCALE), y.dtype.type(SELU_SCALE * SELU_ALPHA)
    return np.where(y > 0, scale * dy, dy * (y + product))


def softplus_forward(x: np.ndarray) -> np.ndarray:
    """Return log(1 + exp(x))."""
    return np.logaddexp(x.dtype.type(0), x)


def softplus_backward(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return dy (1 - exp(-y))."""
    # forward: y = log(1 + exp(x)), whose slope is exp(x) / (1 + exp(x)) = 1 - exp(-y)
    return -dy * np.expm1(-y)


def silu_forward(x: np.ndarray) -> np.ndarray:
    """Return x / (1 + exp(-x))."""
    return x * sigmoid_forward(x)


def silu_backward(dy: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return dy s (1 + x (1 - s)), where s = 1 / (1 + exp(-x))."""
    # forward: y = x · s
    s = sigmoid_forward(x)
    return dy * s * (1 + x * (1 - s))


def normal_distribution(x: np.ndarray) -> np.ndarray:
    """Return which share of a normal distribution lies below x."""
    erf = np.vectorize(math.erf, otypes=[np.float64])
    return (0.5 * (1 + erf(x / math.sqrt(2)))).astype(x.dtype) if x.size else x


def gelu_forward(x: np.ndarray) -> np.ndarray:
    """Return x · (the share of a normal distribution below x). D. Hendrycks, K. Gimpel, 2016."""
    return x * normal_distribution(x)


def gelu_backward(dy: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return dy (the share below x + x · the density at x)."""
    # forward: y = x · share(x)
    density = np.exp(-0.5 * x * x) / x.dtype.type(math.sqrt(2 * math.pi))
    return dy * (normal_distribution(x) + x * density)
