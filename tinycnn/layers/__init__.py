"""The layers, by their Keras names; each has its parameters, a `forward` and a `backward` method.

All modules of this folder are imported here, and every subclass of `Layer` in them that defines
`forward` is exported and put into `CLASSES`. So a new layer is a new file, and nothing else changes.
"""

import importlib
import pkgutil

from tinycnn.layers.base import Layer
from tinycnn.layers.input import Input
from tinycnn.utils.registration import Classes

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")


def _class_and_subclasses(cls: type[Layer]) -> list[type[Layer]]:
    """Return a class, its subclasses, their subclasses, and so on."""
    classes = [cls]
    for subclass in cls.__subclasses__():
        classes += _class_and_subclasses(subclass)
    return classes


CLASSES = Classes(
    Layer,
    {cls.__name__: cls for cls in _class_and_subclasses(Layer) if cls.forward is not Layer.forward},
)
globals().update(CLASSES)

__all__ = ["CLASSES", "Input", "Layer", "layers_from_config", *sorted(CLASSES)]


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
