"""The penalties that regularizers add to the loss of a model."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tinycnn.layers import Layer
from tinycnn.regularizers import Regularizer


class Penalty(NamedTuple):
    """A regularizer and the parameter that it looks at."""

    place: int  # of the layer in the model
    layer: Layer
    name: str  # of the parameter
    regularizer: Regularizer

    @property
    def param(self) -> np.ndarray:
        """The parameter as it is now: the array itself."""
        return self.layer.params[self.name]


def penalties(layers: Sequence[Layer]) -> list[Penalty]:
    """Return the penalties of these layers: of an array `kernel` it is the layer's `kernel_regularizer`.

    As in Keras what does not train, such as a layer with `trainable` False, has none.

    Args:
        layers: of a built model.
    """
    found = [
        Penalty(place, layer, name, getattr(layer, f"{name}_regularizer", None))
        for place, layer in enumerate(layers)
        for name in layer.trained_names
    ]
    return [penalty for penalty in found if penalty.regularizer is not None]


def total(found: list[Penalty]) -> float:
    """Return the sum of the penalties for the present weights."""
    return float(sum(each.regularizer(each.param) for each in found))


def add_gradients(found: list[Penalty], grads: list[dict[str, np.ndarray]]) -> None:
    """Add the penalties' gradients to those of the loss.

    Args:
        found: from `penalties`.
        grads: {parameter: gradient} of each layer; new arrays are put into it.
    """
    for each in found:
        gradient = each.regularizer.gradient(each.param)
        grads[each.place][each.name] = grads[each.place][each.name] + gradient
