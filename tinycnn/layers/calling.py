"""A layer used by itself, without a model: called with samples, asked for a parameter by its name."""

import numpy as np

from tinycnn.utils.array_like import ArrayLike
from tinycnn.utils.rng import next_rng
from tinycnn.utils.validation import plain_array


def call(layer: object, x: ArrayLike, training: bool | None) -> np.ndarray:
    """Return a layer's output for samples; it is built by the first ones.

    Args:
        layer: a `Layer`.
        x: (n, ...), numbers.
        training: True for what the layer does in a training step: dropout, the statistics of the batch.

    Raises:
        TypeError: if x is a layer: there are no functional models.
        ValueError: for samples of another shape.

    Example:
        >>> from tinycnn.layers import ReLU
        >>> ReLU()([[-1, 2]])
        array([[0., 2.]], dtype=float32)
    """
    if hasattr(x, "forward"):
        raise TypeError(
            "A layer takes samples, not a layer: there are no functional models here. Make a "
            "Sequential([...]) of the layers."
        )
    x = np.array(plain_array("Samples", x), layer.dtype, order="C")  # a copy: y may be a view of it
    if layer.input_shape is None:
        shape = (None, *x.shape[1:])
        layer.build(shape, next_rng() if layer.weight_shapes(shape) else None)
    if x.shape[1:] != layer.input_shape[1:]:
        raise ValueError(f"Samples must have the shape {layer.input_shape}. Received: {x.shape}")
    y, ctx = layer.forward(x, bool(training), next_rng() if training else None)
    for name, value in layer.updates(ctx).items() if training else ():
        layer.params[name][...] = value
    return y


def param(layer: object, name: str) -> np.ndarray | None:
    """Return a parameter of a built layer; None for one that the layer does without, such as a bias.

    Args:
        layer: a `Layer`.
        name: of an attribute that it does not have.

    Raises:
        AttributeError: if there is no such parameter, or not yet.
    """
    params = vars(layer).get("params", {})  # a copy that is being made has none yet
    if name in params:
        return params[name]
    if name not in layer.weight_names:
        raise AttributeError(f"{type(layer).__name__!r} object has no attribute {name!r}")
    if not params:
        raise AttributeError(
            f"{name} is made when the layer is built: add it to a model, or call it."
        )
    return None
