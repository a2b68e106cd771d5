"""The weights of layers: got and set by Keras's names, by name, and a warning if some are NaN or infinite."""

from collections.abc import Sequence

import numpy as np

from tinycnn.utils.array_like import ArrayLike
from tinycnn.utils.validation import as_array
from tinycnn.utils.warning import warn


def not_finite(arrays: dict[str, np.ndarray]) -> list[str]:
    """Return the names of the arrays that hold NaN or infinity.

    Example:
        >>> not_finite({"kernel": np.ones(3), "bias": np.array([0, np.nan])})
        ['bias']
    """
    return [name for name, array in arrays.items() if not np.isfinite(array).all()]


def named_weights(layers: Sequence) -> dict[str, np.ndarray]:
    """Return {"conv2d/kernel": array, ...}: the parameters of built layers, not copies."""
    return {f"{layer.name}/{name}": w for layer in layers for name, w in layer.params.items()}


def named_trained(layers: Sequence) -> dict[str, np.ndarray]:
    """Return {"conv2d/kernel": array, ...}: those parameters of built layers that have gradients."""
    pairs = [(layer, name) for layer in layers for name in layer.gradient_names]
    return {f"{layer.name}/{name}": layer.params[name] for layer, name in pairs}


def warn_of_weights(layers: Sequence) -> None:
    """Warn, once for all, if parameters of these layers hold NaN or infinity.

    Args:
        layers: built.
    """
    if names := not_finite(named_weights(layers)):
        warn(
            f"The new weights hold NaN or infinity, in {', '.join(names)}: predictions and losses "
            "will not be finite."
        )


class HoldsWeights:
    """What a `Layer` has of Keras's methods to get and set its parameters."""

    name: str | None
    params: dict[str, np.ndarray]
    trained_names: list[str]

    @property
    def weights(self) -> list[np.ndarray]:
        """The parameter arrays, in the order of `params`: the arrays themselves, not copies."""
        return list(self.params.values())

    @property
    def trainable_weights(self) -> list[np.ndarray]:
        """Those that training changes by their gradients."""
        return [self.params[name] for name in self.trained_names]

    @property
    def non_trainable_weights(self) -> list[np.ndarray]:
        """The others: all of a layer that is not trainable, and running means."""
        return [self.params[name] for name in self.params if name not in self.trained_names]

    # Keras's other names.
    variables, trainable_variables = weights, trainable_weights
    non_trainable_variables = non_trainable_weights

    def get_weights(self) -> list[np.ndarray]:
        """Return copies of the parameter arrays, in the order of `params`."""
        return [param.copy() for param in self.params.values()]

    def set_weights(self, weights: Sequence[ArrayLike]) -> None:
        """Copy new values into the parameters.

        Args:
            weights: as from `get_weights`.

        Raises:
            ValueError: for another number of arrays, or another shape.

        Warns:
            UserWarning: if some are NaN or infinite.
        """
        self.copy_weights(weights)
        warn_of_weights([self])

    def copy_weights(self, weights: Sequence[ArrayLike]) -> None:
        """Copy new values into the parameters, without the warning of `set_weights`.

        Args:
            weights: an array of numbers for each parameter, of its shape, in the order of `params`.

        Raises:
            ValueError: for anything else; nothing is changed then.
        """
        if not isinstance(weights, list | tuple):
            raise ValueError(f"weights must be a list of arrays. Received: {weights!r}")
        if len(weights) != len(self.params):
            raise ValueError(
                f"Layer {self.name} has {len(self.params)} weight arrays. Received: {len(weights)}"
            )
        arrays = [as_array("weights", weight) for weight in weights]
        for (name, param), array in zip(self.params.items(), arrays, strict=True):
            if array.shape != param.shape or array.dtype.kind not in "fiu":
                raise ValueError(
                    f"{name} of layer {self.name} must be numbers of shape {param.shape}. "
                    f"Received: {array.dtype} of shape {array.shape}"
                )
        for param, array in zip(self.params.values(), arrays, strict=True):
            param[...] = array

    def count_params(self) -> int:
        """Return how many numbers all parameters have together."""
        return sum(param.size for param in self.params.values())
