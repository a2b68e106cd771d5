"""Small nets for pixels that every dtype holds, shared by the tests of what is handed to a model."""

import numpy as np

from tinycnn import utils
from tinycnn.layers import Conv2D, Dense, Flatten, Input, MaxPooling2D
from tinycnn.models.sequential import Sequential

PIXELS = np.random.default_rng(4).integers(0, 2, (6, 8, 8, 2))
LABELS = np.arange(6) % 3


def pixel_net(*layers, loss="sparse_categorical_crossentropy", optimizer="sgd", shape=(8, 8, 2)):
    utils.set_random_seed(2)
    kinds = layers or (Conv2D(4, 3, activation="relu"), MaxPooling2D(), Flatten())
    model = Sequential([Input(shape), *kinds, Dense(3, activation="softmax")])
    model.compile(optimizer, loss, metrics=["accuracy"])
    return model
