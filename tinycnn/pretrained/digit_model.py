"""Loads the model that scripts and the window use: a given file, ./mnist.h5, or the bundled one."""

import os

import numpy as np

from tinycnn import activations, models, pretrained
from tinycnn.models.cost import check_cost
from tinycnn.pretrained.digit_input import SHAPES, DigitInput, find
from tinycnn.utils.errors import ModelFileError

OWN = "mnist.h5"  # what `tinycnn train` leaves in the folder it runs in
BUNDLED = "the bundled model"


def load_digit_model(
    path: str | os.PathLike | None = None, force: bool = False, compile: bool = True
) -> tuple[models.Sequential, str]:
    """Load a model that takes digits, in one of the shapes `digit_input.SHAPES`, with output (n, 10).

    Args:
        path: a model file; None: mnist.h5 in this folder, or the bundled model if there is none.
        force: True to accept a model that needs very much time or memory: see `cost.check_cost`.
        compile: restore loss, metrics and optimizer, too; False: what is no good in them does not matter.

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
        return pretrained.load(), BUNDLED
    path = os.fspath(path or OWN)
    model = models.load_model(path, compile=compile)
    taken, returned = model.input_shape[1:], model.output_shape[1:]
    if taken not in SHAPES or returned != (10,):
        cause = f"the model turns {taken} into {returned}, not (28, 28, 1) into (10,)"
        raise ModelFileError(path, cause, "Give a model that was trained on MNIST's digits.")
    if not force:
        check_cost(model.layers, path)
    return model, path


def digit_input_of(
    model: models.Sequential, name: str, scale: tuple[float, float] | None = None
) -> tuple[DigitInput, str]:
    """Return how a model wants its digits, and why, if not with pixels from 0 to 1.

    Args:
        model, name: from `load_digit_model`.
        scale: the numbers of background and foreground; None: to be found out, which takes the time of
            reading 100 digits, or 1,000 if 0 to 1 reads badly.

    Returns:
        The input, and a line for people, "" if there is nothing to say.

    Raises:
        ModelFileError: the model returns neither probabilities nor scores.
        ValueError: background and foreground are the same.
    """
    shape = model.input_shape[1:]
    if scale is not None:
        return DigitInput(shape, *scale), ""
    if name == BUNDLED:
        return DigitInput(shape), ""
    return find(shape, lambda x: probabilities(model, name, x))


def probabilities(model: models.Sequential, name: str, x: np.ndarray) -> np.ndarray:
    """Return the probability of each digit, (n, 10); scores, and what sigmoids return, are converted.

    Args:
        model, name: from `load_digit_model`.
        x: pictures, from `DigitInput.prepare`.

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
    if (
        last == activations.sigmoid
    ):  # ten answers, each for itself; a little more, so that some is there
        shares = scores + np.finfo(scores.dtype).tiny
        shares /= shares.sum(axis=1, keepdims=True)
    if not np.allclose(shares.sum(axis=1), 1, atol=1e-3) or shares.min(initial=0) < 0:
        cause = "its predictions are no probabilities"
        raise ModelFileError(name, cause, "Give a model that ends in a softmax.")
    return shares
