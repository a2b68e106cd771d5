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

__all__ = ["CLASSES", "Input", "Layer", "layers_from_config", *sorted(CLASSES)]


def layers_from_config(config: dict) -> list[Layer]:
    """Return the layers that a model's plain configuration describes.

    Raises:
        ValueError, TypeError: for a class or an argument that is not there.
    """
    made = []
    for described in config["layers"]:
        name = described["class_name"]
        if name not in CLASSES:
            raise ValueError(f"There is no layer {name!r}, only {sorted(CLASSES)}.")
        made.append(CLASSES[name](**described["config"]))
    return made
