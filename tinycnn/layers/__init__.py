"""The layers, by their Keras names; each has its parameters, a `forward` and a `backward` method.

All modules of this folder are imported here, and every subclass of `Layer` in them that defines
`forward` is exported and put into `CLASSES`. So a new layer is a new file, and a line for type checkers.
"""

import importlib
import pkgutil
from typing import TYPE_CHECKING

from tinycnn.layers.base import Layer
from tinycnn.layers.input import Input
from tinycnn.utils.configurable import subclasses
from tinycnn.utils.registration import Classes

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")


CLASSES = Classes(Layer, (c for c in subclasses(Layer) if c.forward is not Layer.forward))
# Shorter names that Keras has, too.
OTHER_NAMES = {
    "AvgPool2D": "AveragePooling2D",
    "Convolution2D": "Conv2D",
    "GlobalAvgPool2D": "GlobalAveragePooling2D",
    "GlobalMaxPool2D": "GlobalMaxPooling2D",
    "MaxPool2D": "MaxPooling2D",
}
globals().update(CLASSES)
globals().update({name: CLASSES[longer] for name, longer in OTHER_NAMES.items()})

__all__ = ["CLASSES", "Input", "Layer", "layers_from_config", *sorted([*CLASSES, *OTHER_NAMES])]

# The same names once more, for what reads types without running this; tests/test_typing.py compares them.
if TYPE_CHECKING:
    from tinycnn.layers.activation import Activation as Activation
    from tinycnn.layers.activation import ReLU as ReLU
    from tinycnn.layers.activation import Softmax as Softmax
    from tinycnn.layers.batch_normalization import BatchNormalization as BatchNormalization
    from tinycnn.layers.conv2d import Conv2D as Conv2D
    from tinycnn.layers.dense import Dense as Dense
    from tinycnn.layers.dropout import Dropout as Dropout
    from tinycnn.layers.elu import ELU as ELU
    from tinycnn.layers.flatten import Flatten as Flatten
    from tinycnn.layers.global_pooling import GlobalAveragePooling2D as GlobalAveragePooling2D
    from tinycnn.layers.global_pooling import GlobalMaxPooling2D as GlobalMaxPooling2D
    from tinycnn.layers.input import InputLayer as InputLayer
    from tinycnn.layers.leaky_relu import LeakyReLU as LeakyReLU
    from tinycnn.layers.pooling import AveragePooling2D as AveragePooling2D
    from tinycnn.layers.pooling import MaxPooling2D as MaxPooling2D
    from tinycnn.layers.rescaling import Rescaling as Rescaling
    from tinycnn.layers.reshape import Reshape as Reshape
    from tinycnn.layers.zero_padding import ZeroPadding2D as ZeroPadding2D

    AvgPool2D = AveragePooling2D
    Convolution2D = Conv2D
    GlobalAvgPool2D = GlobalAveragePooling2D
    GlobalMaxPool2D = GlobalMaxPooling2D
    MaxPool2D = MaxPooling2D


def layers_from_config(config: dict) -> list[Layer]:
    """Return new layers, not built, as a model's configuration describes them.

    Args:
        config: as from `Sequential.get_config`: {"layers": [{"class_name": ..., "config": {...}}, ...]}.

    Raises:
        ValueError, TypeError: for a class or an argument that is not there.
    """
    layers = []
    for description in config["layers"]:
        name = description["class_name"]
        if name not in CLASSES:
            raise ValueError(f"There is no layer {name!r}, only {sorted(CLASSES)}.")
        layers.append(CLASSES[name].from_config(description["config"]))
    return layers
