"""The weights of layers by name, and a warning if some are NaN or infinite."""

from collections.abc import Sequence

import numpy as np

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
