"""What a model file holds, as plain values."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tinycnn.optimizers import CLASSES

Spec = dict[str, tuple[tuple[int, ...], str]]  # shape and dtype of each weight of a layer, by name
Specs = list[tuple[str, Spec]]  # for each layer but the InputLayer: its name, and that
WeightSpecs = Callable[[dict], Specs]


@dataclass(frozen=True)
class SavedModel:
    """A whole model between memory and file.

    Args:
        config: {"name": str, "layers": [{"class_name": str, "config": dict}, ...]}.
        weights: one list a layer, in the order of `Layer.weight_names`, the InputLayer left out; [] for
            a layer without.
        training_config: {"loss", "metrics", "optimizer": {"class_name", "config"}}; None if the model
            is not compiled.
        optimizer_state: {"iterations": int, "slots": {slot name: one array a weight}}, or None.
    """

    config: dict
    weights: list[list[np.ndarray]]
    training_config: dict | None = None
    optimizer_state: dict | None = None


def slot_names(optimizer: dict) -> tuple[str, ...]:
    """Return the names of the arrays that an optimizer keeps, given its class_name and config.

    Plain gradient descent (SGD whose momentum is 0) keeps none, as in Keras.
    """
    if optimizer["class_name"] == "SGD" and not optimizer["config"].get("momentum"):
        return ()
    return CLASSES[optimizer["class_name"]].slot_names
