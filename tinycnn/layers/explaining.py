"""How layers explain themselves: the defaults of `Layer.explain...`, and what several layers share."""

import numpy as np

from tinycnn.activations import ActivationFunction
from tinycnn.layers.explanation import (
    Activated,
    Elementwise,
    Explanation,
    GradientSum,
    Position,
)
from tinycnn.ops import reference
from tinycnn.utils.validation import is_int


def of_output(layer: object, x: np.ndarray, y: np.ndarray, position: Position) -> Explanation:
    """Return the explanation of an output by a layer that brings none, or only `elementwise`."""
    position = check_position("position", position, y.shape)
    about = label(layer), "y", position, float(y[position])
    if layer.elementwise:
        formula = layer.elementwise.format(**vars(layer))
        return Elementwise(*about, position, float(x[position]), formula)
    return Explanation(*about)


def of_input_gradient(
    layer: object, x: np.ndarray, y: np.ndarray, dy: np.ndarray, position: Position
) -> Explanation:
    """Return the same of an input's gradient: what the layer's own backward step says."""
    position = check_position("position", position, x.shape)
    if layer.elementwise:
        slopes, _ = backward(layer, x, np.ones_like(dy))
        uses = [position], slopes[position].reshape(1)
        return gradient_sum(layer, "dL/dx", position, uses, (dy, dy))
    dx, _ = backward(layer, x, dy)
    return Explanation(label(layer), "dL/dx", position, float(dx[position]))


def of_weight_gradient(
    layer: object, x: np.ndarray, dy: np.ndarray, name: str, position: Position
) -> Explanation:
    """Return the same of a weight's gradient."""
    position = check_weight(layer, name, position)
    _, grads = backward(layer, x, dy)
    return Explanation(label(layer), f"dL/d{name}", position, float(grads[name][position]))


def backward(
    layer: object, x: np.ndarray, dy: np.ndarray
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return dx and the gradients of the parameters, by a layer's own steps and for one sample."""
    _, ctx = layer.forward(x[None], False, None)
    dx, grads = layer.backward(dy[None], ctx)
    return dx[0], grads


def check_weight(layer: object, name: str, position: object) -> Position:
    """Return a position in a layer's parameter.

    Raises:
        ValueError: for a parameter or a position that is not there.
    """
    if not isinstance(name, str) or name not in layer.params:
        raise ValueError(f"{label(layer)} has {list(layer.params)}. Received: name={name!r}")
    return check_position("position", position, layer.params[name].shape)


def gradient_sum(
    layer: object, what: str, position: Position, uses: tuple, gradients: tuple
) -> GradientSum:
    """Return the explanation of a gradient.

    Args:
        layer: that hands it back.
        what, position: see `Explanation`.
        uses: outputs (k, axes) and factors (k,): see `GradientSum`.
        gradients: dz and dy of all the layer's outputs, shaped as y.
    """
    outputs, factors = uses
    outputs = np.asarray(outputs, int).reshape(len(factors), np.ndim(gradients[1]))
    dz, dy = (np.asarray(each, np.float64)[tuple(outputs.T)] for each in gradients)
    products = factors * dz
    value = float(products.sum())
    return GradientSum(
        label(layer), what, position, value, outputs, factors.astype(np.float64), dz, dy, products
    )


def activate(activation: ActivationFunction, z: np.ndarray, place: int) -> Activated:
    """Return the step through an activation in float64.

    Args:
        activation: of `tinycnn.activations`.
        z: all numbers that a softmax would share among, (classes,), float64.
        place: which of them.

    Example:
        >>> from tinycnn import activations
        >>> activate(activations.softmax, np.array([2.0, 2.0]), 0).y
        0.5
    """
    if activation.name == "softmax":
        powers = np.exp(z - z.max())
        y = powers[place] / powers.sum()
        return Activated("softmax", float(z[place]), float(y), float(z.max()), powers)
    forward = getattr(reference, f"{activation.name}_forward", activation.forward)
    return Activated(activation.name, float(z[place]), float(forward(z)[place]))


def activation_gradient(
    activation: ActivationFunction, dy: np.ndarray, kept: np.ndarray
) -> np.ndarray:
    """Return dz in float64, given dy and what the activation kept of y = activation(z)."""
    backward = getattr(reference, f"{activation.name}_backward", activation.backward)
    # forward: y = activation(z)
    return backward(np.asarray(dy, np.float64), np.asarray(kept, np.float64))


def check_position(name: str, position: object, shape: tuple[int, ...]) -> Position:
    """Return a position as whole numbers.

    Raises:
        ValueError: if there is nothing in an array of this shape.

    Example:
        >>> check_position("position", [np.int64(1), 0], (2, 3))
        (1, 0)
    """
    given = (position,) if is_int(position) else position
    array = isinstance(given, tuple | list | np.ndarray)
    if not array or len(given) != len(shape) or not all(is_int(each) for each in given):
        raise ValueError(
            f"{name} must be {len(shape)} whole numbers, for the shape {shape}. "
            f"Received: {position!r}"
        )
    if not all(0 <= int(each) < size for each, size in zip(given, shape, strict=True)):
        raise ValueError(f"{name} must lie in the shape {shape}, from 0. Received: {position!r}")
    return tuple(int(each) for each in given)


def label(layer: object) -> str:
    """Return a layer's name and class: "conv2d (Conv2D)"."""
    kind = type(layer).__name__
    return kind if layer.name is None else f"{layer.name} ({kind})"
