"""Functions that the `explain...` methods of layers use: defaults for `Layer`, checks, shared arithmetic.

What they return is defined in `explanation.py`.
"""

import numpy as np

from tinycnn.activations import ActivationFunction
from tinycnn.layers.explanation import Activated, Elementwise, Explanation, GradientSum, Position
from tinycnn.ops import reference
from tinycnn.utils.validation import is_int


def of_output(layer: object, x: np.ndarray, y: np.ndarray, position: Position) -> Explanation:
    """Return the explanation of y[position]: the default of `Layer.explain`.

    It names the one input that the number comes from if `layer.elementwise` gives the formula; otherwise
    it holds the number alone.

    Args:
        layer: built.
        x, y: its input and output for one sample, without the axis of the samples.
        position: in y.
    """
    position = check_position("position", position, y.shape)
    about = label(layer), "y", position, float(y[position])
    if layer.elementwise:
        formula = layer.elementwise.format(**vars(layer))
        return Elementwise(*about, position, float(x[position]), formula)
    return Explanation(*about)


def of_input_gradient(
    layer: object, x: np.ndarray, y: np.ndarray, dy: np.ndarray, position: Position
) -> Explanation:
    """Return the explanation of dx[position]: the default of `Layer.explain_input_gradient`.

    For an elementwise layer it is dy[position] times the slope there; otherwise it holds the number alone.

    Args:
        layer: built.
        x, y, dy: of one sample, without the axis of the samples.
        position: in x.
    """
    position = check_position("position", position, x.shape)
    if layer.elementwise:
        slopes, _ = backward(layer, x, np.ones_like(dy))  # dy/dx of each number
        uses = [position], slopes[position].reshape(1)
        return gradient_sum(layer, "dL/dx", position, uses, (dy, dy))
    dx, _ = backward(layer, x, dy)
    return Explanation(label(layer), "dL/dx", position, float(dx[position]))


def of_weight_gradient(
    layer: object, x: np.ndarray, dy: np.ndarray, name: str, position: Position
) -> Explanation:
    """Return the explanation of one weight's gradient: the default of `Layer.explain_weight_gradient`.

    It holds the number alone, from the layer's own `backward`.

    Args:
        layer: built.
        x, dy: of one sample, without the axis of the samples.
        name: of the parameter, such as "kernel".
        position: in the parameter.
    """
    position = check_weight(layer, name, position)
    _, grads = backward(layer, x, dy)
    return Explanation(label(layer), f"dL/d{name}", position, float(grads[name][position]))


def backward(
    layer: object, x: np.ndarray, dy: np.ndarray
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Run a layer's `forward` and `backward` on one sample; return dx and {parameter: gradient}.

    Args:
        layer: built.
        x, dy: of one sample, without the axis of the samples; so is dx.
    """
    _, ctx = layer.forward(x[None], False, None)
    dx, grads = layer.backward(dy[None], ctx)
    return dx[0], grads


def check_weight(layer: object, name: str, position: object) -> Position:
    """Return `position` as a tuple of ints, after checking that it lies in the layer's parameter `name`.

    Raises:
        ValueError: for a parameter or a position that is not there.
    """
    if not isinstance(name, str) or name not in layer.gradient_names:
        raise ValueError(f"{label(layer)} has {layer.gradient_names}. Received: name={name!r}")
    return check_position("position", position, layer.params[name].shape)


def gradient_sum(
    layer: object, what: str, position: Position, uses: tuple, gradients: tuple
) -> GradientSum:
    """Return the explanation of a gradient as a sum over k outputs: factor times dz of the output.

    Args:
        layer: whose input or weight the gradient belongs to.
        what, position: see `Explanation`.
        uses: positions of the outputs in y, (k, axes of y), and factors (k,): see `GradientSum`.
        gradients: dz and dy for all the layer's outputs, both shaped as y.
    """
    outputs, factors = uses
    outputs = np.asarray(outputs, int).reshape(len(factors), np.ndim(gradients[1]))
    dz, dy = (np.asarray(array, np.float64)[tuple(outputs.T)] for array in gradients)  # (k,) each
    products = factors * dz
    value = float(products.sum())
    return GradientSum(
        label(layer), what, position, value, outputs, factors.astype(np.float64), dz, dy, products
    )


def activate(activation: ActivationFunction, z: np.ndarray, place: int) -> Activated:
    """Return y = activation(z)[place], with the numbers it was computed from, in float64.

    Args:
        activation: of `tinycnn.activations`.
        z: the numbers of the last axis, (classes,), float64; a softmax needs all of them.
        place: the index of the number to explain.

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
    """Return dz in float64, given dy and what the activation's `backward` takes besides; all of one shape."""
    backward = getattr(reference, f"{activation.name}_backward", activation.backward)
    # forward: y = activation(z)
    return backward(np.asarray(dy, np.float64), np.asarray(kept, np.float64))


def check_position(name: str, position: object, shape: tuple[int, ...]) -> Position:
    """Return `position` as a tuple of ints, one for each axis of `shape`.

    Args:
        name: of the argument, for the error.
        position: a sequence of whole numbers, or one whole number for an array of one axis.
        shape: of the array that it is an index of.

    Raises:
        ValueError: if it is none, or lies outside; negative numbers do.

    Example:
        >>> check_position("position", [np.int64(1), 0], (2, 3))
        (1, 0)
    """
    given = (position,) if is_int(position) else position
    is_sequence = isinstance(given, tuple | list | np.ndarray)
    if not is_sequence or len(given) != len(shape) or not all(is_int(index) for index in given):
        raise ValueError(
            f"{name} must be {len(shape)} whole numbers, for the shape {shape}. "
            f"Received: {position!r}"
        )
    if not all(0 <= int(index) < size for index, size in zip(given, shape, strict=True)):
        raise ValueError(f"{name} must lie in the shape {shape}, from 0. Received: {position!r}")
    return tuple(int(index) for index in given)


def label(layer: object) -> str:
    """Return a layer's name and class: "conv2d (Conv2D)"."""
    kind = type(layer).__name__
    return kind if layer.name is None else f"{layer.name} ({kind})"
