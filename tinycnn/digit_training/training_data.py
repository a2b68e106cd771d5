"""What a model is trained with: the arguments of its `fit`."""

import argparse
from typing import Any

import numpy as np

from tinycnn import utils
from tinycnn.datasets import Digits
from tinycnn.digit_training.chosen_model import takes_class_numbers
from tinycnn.models import Sequential
from tinycnn.pretrained import recipes
from tinycnn.pretrained.digit_input import DigitInput


def labels_for(model: Sequential, digits: np.ndarray) -> np.ndarray:
    """Return digits (n,) as the model's loss takes them: as they are, or one-hot (n, 10)."""
    return digits if takes_class_numbers(model) else utils.to_categorical(digits, 10)


def prepared(
    options: argparse.Namespace, model: Sequential, wanted: DigitInput, digits: Digits, test: tuple
) -> dict[str, Any]:
    """Return the arguments of the model's `fit`; by a recipe it is compiled, too, and not validated.

    Args:
        options: of the command line.
        model, wanted: from `chosen_model`.
        digits: to train with.
        test: (x, y) to validate on, as the model wants them.

    Raises:
        ValueError: if they are no digits, with --augment.
    """
    sizes = {"epochs": options.epochs, "validation_data": test}
    if options.augment:
        from tinycnn.digit_training.drawings import (
            drawing_batches,
        )  # imported only where it is used

        return {"x": drawing_batches(options, digits, wanted), **sizes}
    x, y = wanted.prepare(digits.x_train), labels_for(model, digits.y_train)
    if options.recipe is not None:
        return recipes.load(options.recipe).prepare(model, x, y, options.epochs)
    return {"x": x, "y": y, "batch_size": options.batch_size, **sizes}
