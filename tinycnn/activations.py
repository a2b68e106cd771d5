"""Activation functions by their Keras names, such as `relu`, `tanh` and `softmax`."""

import dataclasses
from collections.abc import Callable
from types import ModuleType

import numpy as np

from tinycnn import ops
from tinycnn.ops import reference
from tinycnn.utils.arrays import FLOATS
from tinycnn.utils.validation import plain_array


@dataclasses.dataclass(frozen=True)
class ActivationFunction:
    """An activation and its derivative; calling it applies it.

    Args:
        name: as Keras spells it.
        forward: x -> y.
        backward: (dy, y) -> dx, or (dy, x) -> dx where `needs_x`.
        needs_x: whether y does not tell enough for the way back.
        has_kink: whether its slope jumps at 0, where y changes its sign.
        elementwise: whether each number of y hangs on one number of x alone.

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
        """Return y, shaped as x; numbers that are not floats are taken as float32."""
        x = plain_array("x", x)
        x = x if x.dtype in FLOATS else x.astype(np.float32)
        return self.forward(x).reshape(x.shape)

    def kept(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return what `backward` needs of a forward step."""
        return x if self.needs_x else y

    def serialize(self) -> str:
        """Return what stands for it in a configuration: its name."""
        return self.name


def _of(name: str, module: ModuleType = reference, **facts: bool) -> ActivationFunction:
    """Return the activation whose two steps a module has."""
    forward, backward = (getattr(module, f"{name}_{step}") for step in ("forward", "backward"))
    return ActivationFunction(name, forward, backward, **facts)


linear, sigmoid, softplus, elu = map(_of, ("linear", "sigmoid", "softplus", "elu"))
relu, tanh = _of("relu", ops, has_kink=True), _of("tanh", ops)
leaky_relu, selu = _of("leaky_relu", has_kink=True), _of("selu", has_kink=True)
gelu, silu = _of("gelu", ops, needs_x=True), _of("silu", needs_x=True)
softmax, log_softmax = _of("softmax", elementwise=False), _of("log_softmax", elementwise=False)
swish = silu

ACTIVATIONS = {
    function.name: function
    for function in (
        *(linear, relu, sigmoid, tanh, softmax, log_softmax),
        *(elu, gelu, leaky_relu, selu, silu, softplus),
    )
}
OTHER_NAMES = {"swish": silu}  # Keras's, too


def get(identifier: str | ActivationFunction | None) -> ActivationFunction:
    """Return an activation by name; None means linear.

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
    known = ACTIVATIONS | OTHER_NAMES
    if isinstance(identifier, str) and identifier in known:
        return known[identifier]
    raise ValueError(f"activation must be one of {sorted(ACTIVATIONS)}. Received: {identifier!r}")
