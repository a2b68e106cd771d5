"""The layers, by their Keras names: each holds its parameters and says how signals pass, both ways."""

from tinycnn.layers.activation import Activation, ReLU, Softmax
from tinycnn.layers.base import Layer
from tinycnn.layers.conv2d import Conv2D
from tinycnn.layers.dense import Dense
from tinycnn.layers.dropout import Dropout
from tinycnn.layers.flatten import Flatten
from tinycnn.layers.input import Input, InputLayer
from tinycnn.layers.pooling import AveragePooling2D, MaxPooling2D

CLASSES = {
    cls.__name__: cls
    for cls in (
        Activation,
        AveragePooling2D,
        Conv2D,
        Dense,
        Dropout,
        Flatten,
        InputLayer,
        MaxPooling2D,
        ReLU,
        Softmax,
    )
}

__all__ = ["CLASSES", "Input", "Layer", *sorted(CLASSES)]
