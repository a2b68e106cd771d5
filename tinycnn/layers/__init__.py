"""The layers, by their Keras names: each holds its parameters and says how signals pass, both ways.

Every class in this folder that has a forward step of its own is a layer: a new one is a new file.
"""

import importlib
import pkgutil

from tinycnn.layers.base import Layer
from tinycnn.layers.input import Input

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")


def _below(cls: type[Layer]) -> list[type[Layer]]:
    """Return a class and all classes made from it."""
    return [cls, *(each for below in cls.__subclasses__() for each in _below(below))]


CLASSES = {cls.__name__: cls for cls in _below(Layer) if cls.forward is not Layer.forward}
globals().update(CLASSES)

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
