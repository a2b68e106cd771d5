"""Nets that the pane "Inside" must be able to show, each with a drawing of its size."""

import pathlib

import numpy as np

from tinycnn import Sequential, pretrained, utils
from tinycnn.layers import (
    AveragePooling2D,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Input,
    LeakyReLU,
    MaxPooling2D,
)
from tinycnn.models import load_model

KERAS = pathlib.Path(__file__).parent / "keras_files" / "keras3_sgd.h5"
NAMES = ("classic", "lenet", "bundled", "keras")


def classic():
    """The net of the README, with fewer filters; nobody compiled it."""
    return [
        Input((28, 28, 1)),
        *(Conv2D(4, 3, activation="relu"), Conv2D(6, 3, activation="relu"), MaxPooling2D()),
        *(Dropout(0.25), Flatten(), Dense(16, activation="relu"), Dropout(0.5)),
        Dense(10, activation="softmax"),
    ]


def lenet():
    """LeNet-5 with tanh and average pooling, which ends in scores."""
    return [
        Conv2D(6, 5, padding="same", activation="tanh", input_shape=(28, 28, 1)),
        *(AveragePooling2D(), Conv2D(16, 5, activation="tanh"), AveragePooling2D(), Flatten()),
        *(Dense(120, activation="tanh"), Dense(84), LeakyReLU(), Dense(10)),
    ]


def net(name):
    """Return a model; "keras": made by Keras, with layers of nearly every kind."""
    if name == "bundled":
        return pretrained.load()
    if name == "keras":
        return load_model(KERAS)
    utils.set_random_seed(4)
    model = Sequential({"classic": classic, "lenet": lenet}[name]())
    rng = np.random.default_rng(1)
    model.set_weights([w + rng.normal(size=w.shape) * 0.05 for w in model.get_weights()])
    return model


def drawing(model):
    """Return a drawing as a model takes it, (1, h, w, 1)."""
    shape = 1, *model.input_shape[1:]
    return (np.random.default_rng(2).integers(0, 256, shape) / 255).astype(model.dtype)
