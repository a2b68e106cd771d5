"""Whether a file can hold what a model is made of: it holds names, and a name must mean what is here.

A class of somebody's own can be held if its name is not one of ours: whoever loads the file hands the class
over (`tinycnn.utils.registration`).
"""

import inspect
import json
import os
from collections.abc import Iterable, Mapping

from tinycnn import activations, initializers, losses, metrics, optimizers, regularizers
from tinycnn import layers as known_layers
from tinycnn.activations import ActivationFunction
from tinycnn.layers import Layer
from tinycnn.metrics import MeanMetricWrapper
from tinycnn.optimizers import schedules
from tinycnn.utils.configurable import Configurable
from tinycnn.utils.errors import ModelFileError
from tinycnn.utils.registration import get_registered_name

# What this library has, a kind each.
KINDS = (
    *(known_layers.CLASSES, initializers.CLASSES, regularizers.CLASSES),
    *(losses.CLASSES, metrics.CLASSES, optimizers.CLASSES, schedules.CLASSES),
)
WEIGHTS = "Or keep the weights alone: numpy.savez(path, *model.get_weights())."
WITHOUT = "Or save the model without it: model.save(path, include_optimizer=False)."
REGISTER = 'Give it a name of its own, or register it: @register_keras_serializable("mine").'


def check_known(
    path: str | os.PathLike, layers: Iterable[Layer], learning: Iterable[object] = ()
) -> dict[str, object]:
    """Make sure that a model can be kept in a file; return the classes and functions that are somebody's own.

    One of the same name as one of these would come back as that one, and compute something else.

    Args:
        path: of the file, for the message.
        layers: of the model.
        learning: its loss, its optimizer and its metrics, if they are to be saved.

    Returns:
        {name in the file: class, activation or function}: `load_model` needs those that are not registered
        as its custom_objects.

    Raises:
        ModelFileError: for a class or a function that no file can hold.

    Example:
        >>> class Dense(known_layers.Dense):
        ...     '''Somebody's own.'''
        >>> class Mine(known_layers.Dense):
        ...     '''Somebody's own, under a name of its own.'''
        >>> check_known("a.h5", [Mine(3)])
        {'Mine': <class 'tinycnn.saving.known.Mine'>}
        >>> check_known("a.h5", [Dense(3)])  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        tinycnn.utils.errors.ModelFileError: a.h5: no file can hold a layer of the class Dense: it has ...
    """
    own: dict[str, object] = {}
    for part, remedy in [(x, WEIGHTS) for x in layers] + [(x, WITHOUT) for x in learning]:
        for value in (part, *vars(part).values()):
            if value is getattr(part, "_learning_rate", None) and inspect.isroutine(value):
                cause = "no file can hold a function as learning rate"
                raise ModelFileError(path, cause, f"Make a schedule of it. {remedy}")
            if isinstance(value, ActivationFunction):
                functions = activations.ACTIVATIONS | activations.OTHER_NAMES
                what = f"the activation {value.name} of layer {part.name}"
                name = get_registered_name(value)
                own |= _named(path, what, name, value, functions, remedy)
            elif isinstance(value, MeanMetricWrapper):
                what, name = f"the metric {value.name}", get_registered_name(value.fn)
                own |= _named(path, what, name, value.fn, metrics.NAMES, remedy)
            elif isinstance(value, Configurable):
                own |= _own(path, value, remedy)
    return own


def _own(path: str | os.PathLike, part: Configurable, remedy: str) -> dict[str, type]:
    """Return {name: class} if this is an object of somebody's own class, else {}; or raise ModelFileError."""
    cls = type(part)
    classes = next((classes for classes in KINDS if isinstance(part, classes.base)), None)
    if classes is None or not classes.is_own(cls):
        return {}
    kind = "layer of the class " if isinstance(part, Layer) else ""
    what = f"a {kind}{cls.__name__}"
    named = _named(path, what, get_registered_name(cls), cls, classes, remedy)
    _check_config(path, what, part, remedy)
    return named


def _refusal(path: str | os.PathLike, what: str, why: str, remedy: str) -> ModelFileError:
    """Return the error for what no file can hold."""
    return ModelFileError(path, f"no file can hold {what}: {why}", remedy)


def _named(
    path: str | os.PathLike,
    what: str,
    name: str,
    value: object,
    ours: Mapping[str, object],
    remedy: str,
) -> dict[str, object]:
    """Return {name: value} unless it is one of ours; ModelFileError if another one of ours has this name."""
    if any(value == known for known in ours.values()):
        return {}
    if name in dict.keys(ours):
        why = "it has the name of tinycnn's own, and is not tinycnn's own"
        raise _refusal(path, what, why, f"{REGISTER} {remedy}")
    return {name: value}


def _check_config(path: str | os.PathLike, what: str, part: Configurable, remedy: str) -> None:
    """Raise ModelFileError unless `get_config` of an own class returns what makes the object again."""
    try:
        config = json.loads(json.dumps(part.get_config(), allow_nan=False))
        again = type(part).from_config(config)
    except Exception as error:  # whatever somebody's own class raises
        why = f"what its get_config returns does not make it again ({error})"
        names = "Name its __init__'s arguments in config_names, and keep each as an attribute."
        raise _refusal(path, what, why, f"{names} {remedy}") from error
    if isinstance(part, Layer):
        names = list(again.weight_names_of(config))
        if list(part.params) != names[: len(part.params)]:
            why = f"its parameters are {list(part.params)}"
            raise _refusal(path, what, why, f"Name them in weight_names. There are: {names}.")
