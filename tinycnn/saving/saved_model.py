"""`SavedModel`: what a model file holds, as arrays and plain values (text, numbers, lists, dicts)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tinycnn import optimizers
from tinycnn.layers import CLASSES as LAYERS

Spec = dict[str, tuple[tuple[int, ...], str]]  # shape and dtype of each weight of a layer, by name
Specs = list[tuple[str, Spec]]  # for each layer but the InputLayer: its name and its Spec
WeightSpecs = Callable[[dict], Specs]  # returns the Specs of a model, given SavedModel.config


@dataclass(frozen=True)
class SavedModel:
    """A whole model, as it is read from a file or is to be written to one.

    Args:
        config: {"name": str, "layers": [{"class_name": str, "config": dict}, ...]}.
        weights: for each layer but the InputLayer a list of its arrays, in the order of
            `Layer.weight_names`; [] for a layer without weights.
        training_config: {"loss", "metrics", "optimizer": {"class_name", "config"}}; None if the model
            is not compiled.
        optimizer_state: {"iterations": int, "slots": {slot name: [array for each weight]}}, or None.
            `slot_names` says which slots an optimizer has.
    """

    config: dict
    weights: list[list[np.ndarray]]
    training_config: dict | None = None
    optimizer_state: dict | None = None


def slot_names(optimizer: dict) -> tuple[str, ...]:
    """Return the names of the arrays that an optimizer keeps for each weight, such as "velocity".

    `optimizer` is {"class_name", "config"}; with momentum 0, say, SGD keeps none, as in Keras.
    """
    return tuple(name for group in optimizers.get(optimizer).slot_groups for name in group)


def is_trained(layer: dict, name: str) -> bool:
    """Return whether an optimizer changes a parameter, given its layer's class_name and config."""
    trainable = layer["config"].get("trainable", True)
    return trainable and name not in LAYERS[layer["class_name"]].state_names


def trained(config: dict, specs: list[Spec]) -> list[bool]:
    """Return for each weight, in order, whether an optimizer changes it.

    Args:
        config: of the model; the first of its layers is the InputLayer.
        specs: of the other layers.
    """
    pairs = zip(config["layers"][1:], specs, strict=True)
    return [is_trained(layer, name) for layer, spec in pairs for name in spec]


def own_specs(saved: SavedModel) -> Specs:
    """Return the `Specs` of a model, as its own arrays are."""
    specs = []
    for layer, weights in zip(saved.config["layers"][1:], saved.weights, strict=True):
        names = LAYERS[layer["class_name"]].weight_names_of(layer["config"])[: len(weights)]
        named = zip(names, weights, strict=True)
        spec = {name: (array.shape, array.dtype.name) for name, array in named}
        specs.append((layer["config"]["name"], spec))
    return specs
