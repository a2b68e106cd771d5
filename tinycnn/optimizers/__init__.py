"""Optimizers, by their Keras names: they change weight arrays in place, given the gradients.

`base` has what happens around every step, `options` what all can do, each other file one rule; `schedules`
are learning rates that change.

`Adadelta` has the paper's learning rate of 1.0 as its default. Keras's is 0.001, with which training is a
thousand times slower.
"""

from collections.abc import Mapping

from tinycnn.optimizers import schedules
from tinycnn.optimizers.adadelta import Adadelta
from tinycnn.optimizers.adagrad import Adagrad
from tinycnn.optimizers.adam import Adam, AdamW, MomentOptimizer
from tinycnn.optimizers.adamax import Adamax
from tinycnn.optimizers.base import Optimizer
from tinycnn.optimizers.nadam import Nadam
from tinycnn.optimizers.rmsprop import RMSprop
from tinycnn.optimizers.sgd import SGD
from tinycnn.utils.configurable import find, subclasses
from tinycnn.utils.registration import Classes

__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]

CLASSES = Classes(Optimizer, (c for c in subclasses(Optimizer) if c is not MomentOptimizer))


def get(identifier: str | dict | Optimizer) -> Optimizer:
    """Return an optimizer, given its name, a dict {"class_name": ..., "config": ...}, or itself.

    Raises:
        ValueError: for an optimizer that is not there.

    Example:
        >>> get("adadelta").learning_rate
        1.0
    """
    by_name = {name.lower(): cls for name, cls in CLASSES.items()}
    if isinstance(identifier, str) and identifier.lower() in by_name:
        identifier = identifier.lower()
    return find("optimizer", Optimizer, CLASSES, by_name, identifier)


def serialize(optimizer: Optimizer) -> dict:
    """Return {"class_name": ..., "config": ...} of an optimizer.

    Example:
        >>> serialize(SGD(0.5))["config"]["learning_rate"]
        0.5
    """
    return optimizer.serialize()


def deserialize(config: Mapping, custom_objects: Mapping[str, type] | None = None) -> Optimizer:
    """Return a new optimizer, given what `serialize` returned.

    Args:
        config: {"class_name": ..., "config": ...}.
        custom_objects: own classes by their names.

    Raises:
        ValueError: for an optimizer that is not there.

    Example:
        >>> deserialize(serialize(SGD(0.5))).learning_rate
        0.5
    """
    own = (custom_objects or {}).get(config.get("class_name"))
    return own.from_config(config.get("config", {})) if own else get(dict(config))
