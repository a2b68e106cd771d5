"""What a model is trained with: the arguments of its `fit`."""

import argparse
from typing import Any

import numpy as np

from tinycnn import utils
from tinycnn.losses import SparseCategoricalCrossentropy
from tinycnn.models import Sequential
from tinycnn.pretrained import recipes


def is_sparse(model: Sequential) -> bool:
    """Return whether a model's loss takes the number of a class, and so no probabilities."""
    return isinstance(model.loss, SparseCategoricalCrossentropy)


def labels_for(model: Sequential, digits: np.ndarray) -> np.ndarray:
    """Return digits (n,) as the model's loss takes them: as they are, or one-hot (n, 10)."""
    return digits if is_sparse(model) else utils.to_categorical(digits, 10)


def prepared(
    options: argparse.Namespace, model: Sequential, train: tuple, test: tuple
) -> dict[str, Any]:
    """Return the arguments of the model's `fit`; by a recipe it is compiled, too, and not validated.

    Args:
        options: of the command line.
        model: from `chosen_model`.
        train, test: digits (x, y) as the model wants them.
    """
    x, y = train
    if options.recipe is not None:
        return recipes.load(options.recipe).prepare(model, x, y, options.epochs)
    sizes = {"batch_size": options.batch_size, "epochs": options.epochs}
    return {"x": x, "y": y, **sizes, "validation_data": test}
