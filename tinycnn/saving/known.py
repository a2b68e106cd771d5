"""Whether a file can hold what a model is made of: it holds names, and a name must mean what is here."""

import os
from collections.abc import Iterable, Mapping

from tinycnn import activations, initializers, losses, metrics, optimizers, regularizers
from tinycnn import layers as known_layers
from tinycnn.activations import ActivationFunction
from tinycnn.initializers import Initializer
from tinycnn.layers import Layer
from tinycnn.losses import Loss
from tinycnn.metrics import Metric
from tinycnn.optimizers import Optimizer
from tinycnn.regularizers import Regularizer
from tinycnn.utils.errors import ModelFileError

WEIGHTS = "Keep the weights alone: numpy.savez(path, *model.get_weights())."
WITHOUT = "Save the model without it: model.save(path, include_optimizer=False)."


def check_known(
    path: str | os.PathLike,
    layers: Iterable[Layer],
    learning: Iterable[Loss | Metric | Optimizer] = (),
) -> None:
    """Make sure that a model can be kept in a file: nothing in it is a class or a function of somebody's own.

    One of the same name as one of these would come back as that one, and compute something else.

    Args:
        path: of the file, for the message.
        layers: of the model.
        learning: its loss, metrics and optimizer, if they are to be saved.

    Raises:
        ModelFileError: for a class or a function that no file can hold.

    Example:
        >>> class Dense(known_layers.Dense):
        ...     '''Somebody's own.'''
        >>> check_known("a.h5", [Dense(3)])  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        tinycnn.utils.errors.ModelFileError: a.h5: no file can hold a layer of the class Dense that is ...
    """
    for layer in layers:
        there = f"There are: {', '.join(sorted(known_layers.CLASSES))}. {WEIGHTS}"
        _check(path, "layer of the class ", layer, known_layers.CLASSES, there)
        for option in layer.config_names:
            value = getattr(layer, option)
            if isinstance(value, Initializer):
                _check(path, "", value, initializers.CLASSES, WEIGHTS)
            if isinstance(value, Regularizer):
                _check(path, "", value, regularizers.CLASSES, WEIGHTS)
            own = isinstance(value, ActivationFunction) and value != (
                activations.ACTIVATIONS.get(value.name)
            )
            if own:
                cause = f"no file can hold the activation {value.name} of layer {layer.name}"
                raise ModelFileError(path, f"{cause}, which is not tinycnn's own", WEIGHTS)
    for part in learning:
        if isinstance(part, Metric):
            known = metrics.CLASSES | {"AccuracyByShape": metrics.AccuracyByShape}
            _check(path, "metric ", part, known, WITHOUT)
        else:
            classes = losses.CLASSES if isinstance(part, Loss) else optimizers.CLASSES
            _check(path, "", part, classes, WITHOUT)
        if callable(rate := getattr(part, "_learning_rate", None)):
            _check(path, "learning rate of the class ", rate, optimizers.schedules.CLASSES, WITHOUT)


def _check(
    path: str | os.PathLike, kind: str, value: object, classes: Mapping[str, type], remedy: str
) -> None:
    name = type(value).__name__
    if classes.get(name) is not type(value):
        but = " that is not tinycnn's own" if name in classes else ""
        raise ModelFileError(path, f"no file can hold a {kind}{name}{but}", remedy)
