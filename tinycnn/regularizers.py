"""Regularizers: penalties for large weights, by their Keras names, with their gradients.

A layer's `kernel_regularizer` and the like add their penalties to the loss (`models/penalty.py`).
"""

import numpy as np

from tinycnn.utils.configurable import Configurable, find
from tinycnn.utils.registration import Classes
from tinycnn.utils.validation import check_number

STRONGEST = 1e30


class Regularizer(Configurable):
    """Base of the regularizers; of somebody's own, too: they have `__call__` and `gradient`.

    Example:
        >>> class Quartic(Regularizer):
        ...     '''The sum of w⁴.'''
        ...     def __call__(self, x):
        ...         return (x**4).sum()
        ...     def gradient(self, x):
        ...         return 4 * x**3
        >>> from tinycnn.layers import Dense
        >>> layer = Dense(3, kernel_regularizer=Quartic())
    """

    def __call__(self, x: np.ndarray) -> float:
        """Return the penalty, one number, for a weight array."""
        raise TypeError(f"{type(self).__name__} is only the base of the regularizers")

    def gradient(self, x: np.ndarray) -> np.ndarray:
        """Return the gradient of the penalty with respect to each weight, shaped as x."""
        raise TypeError(f"{type(self).__name__} has no gradient")


class L1L2(Regularizer):
    """The penalty l1 · Σ |x| + l2 · Σ x².

    Args:
        l1, l2: from 0; None is 0.

    Raises:
        ValueError: for anything else.

    Example:
        >>> L1L2(l1=0.1, l2=0.01)(np.array([-10.0, 0.0]))
        2.0
    """

    config_names: tuple[str, ...] = ("l1", "l2")

    def __init__(self, l1: float | None = 0.0, l2: float | None = 0.0):
        self.l1 = check_number("l1", 0.0 if l1 is None else l1, 0, STRONGEST)
        self.l2 = check_number("l2", 0.0 if l2 is None else l2, 0, STRONGEST)

    def __call__(self, x: np.ndarray) -> float:
        """Return the penalty for a weight array: see `Regularizer.__call__`."""
        return float(self.l1 * np.abs(x).sum() + self.l2 * np.square(x).sum())

    def gradient(self, x: np.ndarray) -> np.ndarray:
        """Return l1 · sign(x) + 2 · l2 · x, shaped as x."""
        # forward: l1 · Σ |x| + l2 · Σ x²
        return self.l1 * np.sign(x) + 2 * self.l2 * x


class L1(L1L2):
    """The penalty l1 · Σ |x|: weights that are of little use become 0.

    Args:
        l1: from 0; None is 0.01.
    """

    config_names = ("l1",)

    def __init__(self, l1: float | None = 0.01):
        super().__init__(l1=0.01 if l1 is None else l1)


class L2(L1L2):
    """The penalty l2 · Σ x²: no weight becomes much larger than the others.

    Args:
        l2: from 0; None is 0.01.
    """

    config_names = ("l2",)

    def __init__(self, l2: float | None = 0.01):
        super().__init__(l2=0.01 if l2 is None else l2)


Option = str | dict | Regularizer | None  # what a layer takes
l1, l2, l1_l2 = L1, L2, L1L2
CLASSES = Classes(Regularizer, (L1, L2, L1L2))
NAMES = {"l1": L1, "l2": L2, "l1l2": L1L2, "l1_l2": L1L2}


def get(identifier: object) -> Regularizer | None:
    """Return a regularizer, given its name, class, {"class_name", "config"} or itself; None for None.

    Raises:
        TypeError: for a function, which has no gradient.
        ValueError: for a regularizer that is not there.

    Example:
        >>> get("l2").get_config()
        {'l2': 0.01}
    """
    if identifier is None:
        return None
    if isinstance(identifier, type) and issubclass(identifier, Regularizer):
        return identifier()
    if callable(identifier) and not isinstance(identifier, Regularizer):
        raise TypeError(
            "A function alone has no gradient: make a subclass of tinycnn.regularizers.Regularizer, with "
            f"__call__ and gradient. Received: {identifier!r}"
        )
    return find("regularizer", Regularizer, CLASSES, NAMES, identifier)


def serialize(regularizer: Regularizer) -> dict:
    """Return {"class_name": ..., "config": ...} of a regularizer."""
    return regularizer.serialize()


def deserialize(config: object) -> Regularizer | None:
    """Return the regularizer that `serialize` described: see `get`."""
    return get(config)
