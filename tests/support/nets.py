"""Small nets, data for them, and a comparison to the last bit, shared by the tests of the face."""

import numpy as np

from tinycnn import utils
from tinycnn.layers import (
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Input,
    MaxPooling2D,
)
from tinycnn.models.sequential import Sequential

RNG = np.random.default_rng(0)
X = RNG.normal(size=(10, 4)).astype(np.float32)
Y = np.arange(10) % 3
ONE_HOT = np.eye(3)[Y]
IMAGES = RNG.random((10, 8, 8, 1)).astype(np.float32)


def dense(loss="sparse_categorical_crossentropy", metrics=("accuracy",), optimizer="sgd", seed=1):
    utils.set_random_seed(seed)
    model = Sequential([Input((4,)), Dense(5, activation="relu"), Dense(3, activation="softmax")])
    model.compile(optimizer, loss, metrics=list(metrics))
    return model


def conv(**options):
    utils.set_random_seed(1)
    model = Sequential(
        [
            Input((8, 8, 1)),
            Conv2D(4, 3, activation="relu"),
            MaxPooling2D(),
            Dropout(0.5),
            Flatten(),
            Dense(3, activation="softmax"),
        ]
    )
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"], **options)
    return model


def same(one, other):
    return all(a.tobytes() == b.tobytes() for a, b in zip(one, other, strict=True))
