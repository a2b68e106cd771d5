"""Activation functions by their Keras names, such as `relu`, `tanh` and `softmax`."""

import dataclasses
import functools
import math
from collections.abc import Callable
from types import ModuleType

import numpy as np

from tinycnn import ops
from tinycnn.ops import reference
from tinycnn.utils.arrays import FLOATS
from tinycnn.utils.recording import Recordable
from tinycnn.utils.registration import get_registered_name, get_registered_object
from tinycnn.utils.validation import plain_array


@dataclasses.dataclass(frozen=True)
class ActivationFunction:
    """An activation function with its gradient; it can be called like a function.

    Args:
        name: as Keras spells it.
        forward: takes x, returns y of the same shape.
        backward: takes (dy, y), or (dy, x) where `needs_x`, returns dx of the same shape.
        needs_x: whether dx cannot be computed from y alone.
        has_kink: whether the slope jumps at x = 0, where y changes its sign, too.
        elementwise: whether each number of y depends on the number of x at its position alone.

    Example:
        >>> relu(np.array([-1.0, 2.0]))
        array([0., 2.])
    """

    name: str
    forward: Callable[[np.ndarray], np.ndarray]
    backward: Callable[[np.ndarray, np.ndarray], np.ndarray]
    needs_x: bool = False
    has_kink: bool = False
    elementwise: bool = True

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Return y, shaped as x, of its dtype; other dtypes than float32 and float64 become float32."""
        x = plain_array("x", x)
        x = x if x.dtype in FLOATS else x.astype(np.float32)
        return self.forward(x).reshape(x.shape)

    def kept(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return what `backward` needs of a forward step."""
        return x if self.needs_x else y

    def serialize(self) -> str:
        """Return its name, as registered, which stands for it in configurations and model files."""
        return get_registered_name(self)


def _of(name: str, module: ModuleType = reference, **facts: bool) -> ActivationFunction:
    """Return the activation whose two steps a module has."""
    forward, backward = (getattr(module, f"{name}_{step}") for step in ("forward", "backward"))
    if module is reference:  # one call of NumPy's functions; the others are kernels
        forward, backward = (Recordable(step) for step in (forward, backward))
    return ActivationFunction(name, forward, backward, **facts)


linear, sigmoid, softplus, elu = map(_of, ("linear", "sigmoid", "softplus", "elu"))
relu, tanh = _of("relu", ops, has_kink=True), _of("tanh", ops)
leaky_relu, selu = _of("leaky_relu", has_kink=True), _of("selu", has_kink=True)
gelu, silu = _of("gelu", ops, needs_x=True), _of("silu", needs_x=True)
softmax, log_softmax = _of("softmax", elementwise=False), _of("log_softmax", elementwise=False)
swish = silu


def bounded_relu(
    max_value: float | None, negative_slope: float, threshold: float
) -> ActivationFunction:
    """Return the activation of a `ReLU` layer with these arguments: `relu` itself for Keras's defaults."""
    if (max_value, negative_slope, threshold) == (None, 0.0, 0.0):
        return relu
    limits = {"negative_slope": negative_slope, "threshold": threshold}
    limits["max_value"] = math.inf if max_value is None else max_value
    steps = (reference.bounded_relu_forward, reference.bounded_relu_backward)
    forward, backward = (functools.partial(step, **limits) for step in steps)
    return ActivationFunction("bounded_relu", forward, backward, needs_x=True)


ACTIVATIONS = {
    function.name: function
    for function in (
        *(linear, relu, sigmoid, tanh, softmax, log_softmax),
        *(elu, gelu, leaky_relu, selu, silu, softplus),
    )
}
OTHER_NAMES = {"swish": silu}  # Keras's, too


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
    known = ACTIVATIONS | OTHER_NAMES
    if isinstance(identifier, str):
        identifier = get_registered_object(identifier, module_objects=known) or identifier
    if isinstance(identifier, ActivationFunction):
        return identifier
    raise ValueError(
        f"activation must be one of {sorted(ACTIVATIONS)}, or an ActivationFunction of your own, "
        f"which has a backward step, too. Received: {identifier!r}"
    )


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


class Fixed(Setting):
    """A `Setting` that keeps its first activation: it stands for the layer itself, as in `ReLU`."""

    def __set__(self, layer: object, value: str | ActivationFunction | None):
        if layer.__dict__.setdefault(self.name, get(value)) != get(value):
            raise ValueError(
                f"The activation of {type(layer).__name__} cannot be set: put an Activation layer in its "
                f"place. Received: {self.name}={value!r}"
            )
