"""A model of digits that needs no training: by the likeness to the mean of each class, for any input."""

import functools

import numpy as np

from tinycnn import datasets
from tinycnn.layers import Dense, Flatten, Input
from tinycnn.models import Sequential
from tinycnn.pretrained.digit_input import USUAL, DigitInput

SHARPNESS = 0.25  # of the scores, with which a probability says about how often a guess is right


@functools.cache
def classes():
    """Return the mean picture of each digit, float64 (10, 28, 28), 0 to 255."""
    digits = datasets.load("sample")
    return np.stack([digits.x_train[digits.y_train == digit].mean(axis=0) for digit in range(10)])


def mean_digits(wanted: DigitInput = USUAL, layers=()):
    """Return a net that wants its digits as told; `layers` come between the input and the dense layer."""
    model = Sequential([Input(wanted.shape), *layers, Flatten(), Dense(10, activation="softmax")])
    # The scores are linear in the pixels p = (x - background) / (foreground - background).
    span = wanted.foreground - wanted.background
    pixels = classes() / 255
    pictures = wanted.as_picture(np.zeros((10, *wanted.shape)))  # (10, h, w, channels)
    inner = slice(wanted.margin, wanted.margin + 28)
    pictures[:, inner, inner] = SHARPNESS * pixels[..., None] / span / pictures.shape[-1]
    weights = pictures.reshape(10, -1)
    bias = -SHARPNESS * np.square(pixels).sum(axis=(1, 2)) / 2 - wanted.background * weights.sum(
        axis=1
    )
    model.set_weights([weights.T.astype("f4"), bias.astype("f4")])
    return model
