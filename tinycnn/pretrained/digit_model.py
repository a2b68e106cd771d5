"""Loads the model that scripts and the window use: a given file, ./mnist.h5, or the bundled one."""

import os

import numpy as np

from tinycnn import activations, models, pretrained
from tinycnn.models.cost import check_cost
from tinycnn.utils.errors import ModelFileError

OWN = "mnist.h5"  # what scripts/train.py leaves in the folder it runs in


def load_digit_model(
    path: str | os.PathLike | None = None, force: bool = False
) -> tuple[models.Sequential, str]:
    """Load a model with input (n, 28, 28, 1) and output (n, 10).

    Args:
        path: a model file; None: mnist.h5 in this folder, or the bundled model if there is none.
        force: True to accept a model that needs very much time or memory: see `cost.check_cost`.

    Returns:
        The model, and its name for messages: the file's path, or "the bundled model".

    Raises:
        ModelFileError: the file cannot be read, or its model has other shapes, or needs too much time or
            memory.

    Example:
        >>> model, name = load_digit_model()
        >>> model.output_shape
        (None, 10)
    """
    if path is None and not os.path.lexists(OWN):
        return pretrained.load(), "the bundled model"
    path = os.fspath(path or OWN)
    model = models.load_model(path)
    shapes = model.input_shape, model.output_shape
    if shapes != ((None, 28, 28, 1), (None, 10)):
        cause = f"the model turns {shapes[0][1:]} into {shapes[1][1:]}, not (28, 28, 1) into (10,)"
        raise ModelFileError(path, cause, "Give a model that was trained on MNIST's digits.")
    if not force:
        check_cost(model.layers, path)
    return model, path


def probabilities(model: models.Sequential, name: str, x: np.ndarray) -> np.ndarray:
    """Return the probability of each digit, (n, 10); scores of a model without softmax are converted.

    Args:
        model, name: from `load_digit_model`.
        x: pictures (n, 28, 28, 1), 0 to 1.

    Raises:
        ModelFileError: the model returns neither probabilities nor scores.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        scores = model.predict(x, verbose=0)
    return as_probabilities(model, name, scores)


def as_probabilities(model: models.Sequential, name: str, scores: np.ndarray) -> np.ndarray:
    """Return a model's output (n, 10) as the probability of each digit: see `probabilities`."""
    shares = scores
    if not np.isfinite(shares).all():
        cause = (
            "its predictions are NaN or infinite: its weights are too large, the training diverged"
        )
        raise ModelFileError(name, cause, "Train again, with a smaller learning rate.")
    last = getattr(model.layers[-1], "activation", activations.linear)
    if last == activations.linear:
        shares = activations.softmax(shares)
    if not np.allclose(shares.sum(axis=1), 1, atol=1e-3) or shares.min(initial=0) < 0:
        cause = "its predictions are no probabilities"
        raise ModelFileError(name, cause, "Give a model that ends in a softmax.")
    return shares
