"""Losses, by their Keras names, with their gradients.

As in Keras each loss is there as a class, which returns the mean over all samples, and as a function, which
returns one number for each sample.
"""

from tinycnn.losses.base import Loss
from tinycnn.losses.binary import BinaryCrossentropy, binary_crossentropy
from tinycnn.losses.crossentropy import (
    CategoricalCrossentropy,
    Crossentropy,
    SparseCategoricalCrossentropy,
    categorical_crossentropy,
    sparse_categorical_crossentropy,
)
from tinycnn.losses.elementwise import ElementwiseLoss
from tinycnn.losses.regression import (
    MeanAbsoluteError,
    MeanSquaredError,
    mean_absolute_error,
    mean_squared_error,
)
from tinycnn.utils.configurable import find, subclasses
from tinycnn.utils.registration import Classes

__all__ = ["CLASSES", "NAMES", "BinaryCrossentropy", "CategoricalCrossentropy", "ElementwiseLoss"]
__all__ += ["Loss", "MeanAbsoluteError", "MeanSquaredError", "SparseCategoricalCrossentropy"]
__all__ += ["binary_crossentropy", "categorical_crossentropy", "deserialize", "get"]
__all__ += ["mean_absolute_error", "mean_squared_error", "serialize"]
__all__ += ["sparse_categorical_crossentropy"]

# All that the files of this folder define but for the bases.
CLASSES = Classes(Loss, (c for c in subclasses(Loss) if c not in (Crossentropy, ElementwiseLoss)))
NAMES = {cls().name: cls for cls in CLASSES.values()}  # such as "categorical_crossentropy"
SHORT_NAMES = {  # Keras's, too
    **dict.fromkeys(("mse", "MSE"), MeanSquaredError),
    **dict.fromkeys(("mae", "MAE"), MeanAbsoluteError),
    **dict.fromkeys(("bce", "BCE"), BinaryCrossentropy),
}
mse = MSE = mean_squared_error
mae = MAE = mean_absolute_error
bce = BCE = binary_crossentropy
FUNCTIONS = {
    binary_crossentropy: BinaryCrossentropy,
    categorical_crossentropy: CategoricalCrossentropy,
    mean_absolute_error: MeanAbsoluteError,
    mean_squared_error: MeanSquaredError,
    sparse_categorical_crossentropy: SparseCategoricalCrossentropy,
}


def get(identifier: object) -> Loss:
    """Return a loss object, given its name, class, function, {"class_name": ..., "config": ...}, or itself.

    Raises:
        TypeError: for somebody's own function, which has no gradient.
        ValueError: for a loss that is not there.

    Example:
        >>> get("mse").name, get("MeanSquaredError").name
        ('mean_squared_error', 'mean_squared_error')
    """
    if isinstance(identifier, type) and issubclass(identifier, Loss):
        return identifier()
    if callable(identifier) and not isinstance(identifier, Loss):
        for function, cls in FUNCTIONS.items():
            if identifier is function:
                return cls()
        raise TypeError(
            "A function alone has no gradient: make a subclass of tinycnn.losses.Loss, with forward and "
            f"backward. Received: loss={identifier!r}"
        )
    return find("loss", Loss, CLASSES, NAMES | SHORT_NAMES, identifier)


def serialize(loss: object) -> dict:
    """Return {"class_name": ..., "config": ...} of a loss, given as `get` takes it."""
    return get(loss).serialize()


def deserialize(name: object) -> Loss:
    """Return the loss that `serialize` described: see `get`."""
    return get(name)
