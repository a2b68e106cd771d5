"""Nets that say the same of every picture, for tests of what is made of an answer."""

import numpy as np

from tinycnn import layers, models


def constant_net(shares):
    """Return a model of digits that gives every picture these ten probabilities."""
    model = models.Sequential()
    model.add(layers.Flatten(input_shape=(28, 28, 1)))
    model.add(layers.Dense(10, activation="softmax"))
    kernel, _ = model.get_weights()
    model.set_weights([np.zeros_like(kernel), np.log(np.asarray(shares, kernel.dtype))])
    return model


def one_share(digit, share):
    """Return ten probabilities: this one for a digit, and the rest for all others alike."""
    return [share if k == digit else (1 - share) / 9 for k in range(10)]
