"""Losses, penalties and training written down once more, in plain NumPy: what the library is compared with.

A net of one dense layer is trained by the differences of its whole loss, without a single gradient.
"""

import numpy as np


def softmax(z):
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


ENDS = {"softmax": softmax, "sigmoid": lambda z: 1 / (1 + np.exp(-z)), "linear": lambda z: z}
LOSSES = {
    "mean_squared_error": lambda y, p: np.mean((y - p) ** 2),
    "mean_absolute_error": lambda y, p: np.mean(np.abs(y - p)),
    "binary_crossentropy": lambda y, p: np.mean(-y * np.log(p) - (1 - y) * np.log(1 - p)),
    "categorical_crossentropy": lambda y, p: np.mean(-np.sum(y * np.log(p), axis=-1)),
}


def whole_loss(weights, x, y, end, loss, penalty=lambda kernel, bias: 0.0):
    """Return the loss of a dense net with these weights, (kernel, bias), and its penalty."""
    kernel, bias = weights
    return LOSSES[loss](y, ENDS[end](x @ kernel + bias)) + penalty(kernel, bias)


def trained(weights, steps, rate, value):
    """Return weights after some steps of gradient descent on value(weights), by central differences."""
    weights = [array.copy() for array in weights]
    for _ in range(steps):
        gradients = [np.zeros_like(array) for array in weights]
        for array, gradient in zip(weights, gradients, strict=True):
            for place in np.ndindex(array.shape):
                before = array[place]
                array[place] = before + 1e-6
                up = value(weights)
                array[place] = before - 1e-6
                gradient[place] = (up - value(weights)) / 2e-6
                array[place] = before
        for array, gradient in zip(weights, gradients, strict=True):
            array -= rate * gradient
    return weights
