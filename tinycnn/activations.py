"""Activation functions by their Keras names: `relu, sigmoid, tanh, softmax, linear`."""

import dataclasses
from collections.abc import Callable

import numpy as np

from tinycnn import ops
from tinycnn.ops import reference
from tinycnn.utils.arrays import FLOATS
from tinycnn.utils.validation import plain_array


@dataclasses.dataclass(frozen=True)
class ActivationFunction:
    """An activation function with its gradient; it can be called like a function.

    Args:
        name: as Keras spells it.
        forward: takes x, returns y of the same shape.
        backward: takes (dy, y), returns dx of the same shape.

    Example:
        >>> relu(np.array([-1.0, 2.0]))
        array([0., 2.])
    """

    name: str
    forward: Callable[[np.ndarray], np.ndarray]
    backward: Callable[[np.ndarray, np.ndarray], np.ndarray]

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Return y, shaped as x, of its dtype; other dtypes than float32 and float64 become float32."""
        x = plain_array("x", x)
        x = x if x.dtype in FLOATS else x.astype(np.float32)
        return self.forward(x).reshape(x.shape)

    def serialize(self) -> str:
        """Return its name, which stands for it in configurations and model files."""
        return self.name


linear = ActivationFunction("linear", reference.linear_forward, reference.linear_backward)
relu = ActivationFunction("relu", ops.relu_forward, ops.relu_backward)
sigmoid = ActivationFunction("sigmoid", reference.sigmoid_forward, reference.sigmoid_backward)
tanh = ActivationFunction("tanh", ops.tanh_forward, ops.tanh_backward)
softmax = ActivationFunction("softmax", reference.softmax_forward, reference.softmax_backward)

ACTIVATIONS = {function.name: function for function in (linear, relu, sigmoid, tanh, softmax)}


def get(identifier: str | ActivationFunction | None) -> ActivationFunction:
    """Return an activation: by its name, itself if it is one already, or `linear` for None.

    Raises:
        ValueError: for a name that is not there.

    Example:
        >>> get("relu") is relu
        True
    """
    if identifier is None:
        return linear
    if isinstance(identifier, ActivationFunction):
        return identifier
    if isinstance(identifier, str) and identifier in ACTIVATIONS:
        return ACTIVATIONS[identifier]
    raise ValueError(f"activation must be one of {sorted(ACTIVATIONS)}. Received: {identifier!r}")


class Setting:
    """An attribute of a layer that holds an activation, and takes whatever `get` takes at any time.

    Without `__get__`, reading it is reading the layer's own attribute, and costs nothing.

    Example:
        >>> class Layer:
        ...     activation = Setting()
        >>> layer = Layer()
        >>> layer.activation = "relu"
        >>> layer.activation is relu
        True
    """

    def __set_name__(self, owner: type, name: str):
        self.name = name

    def __set__(self, layer: object, value: str | ActivationFunction | None):
        layer.__dict__[self.name] = get(value)
