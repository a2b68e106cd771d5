"""The layers that only apply an activation function: `Activation`, `ReLU`, `Softmax`."""

import copy

import numpy as np

from tinycnn import activations
from tinycnn.layers import explaining
from tinycnn.layers.base import Gradients, Layer, Rng
from tinycnn.layers.explanation import ActivationStep, Explanation, Position


class Activation(Layer):
    """Applies an activation function: to every number, or (softmax) to all numbers of the last axis.

    Args:
        activation: a name of `tinycnn.activations`.
        options: see `Layer`.

    Example:
        >>> y, _ = Activation("relu").forward(np.float32([-1, 2]), training=False, rng=None)
        >>> y
        array([0., 2.], dtype=float32)
    """

    config_names = (*Layer.config_names, "activation")
    activation = activations.Setting()
    examples = (({"activation": "tanh"}, (9,)), ({"activation": "sigmoid"}, (3, 3, 2)))

    def __init__(self, activation: str | activations.ActivationFunction, **options: object):
        super().__init__(**options)
        self.activation = activation

    def forward(self, x: np.ndarray, training: bool, rng: Rng) -> tuple[np.ndarray, np.ndarray]:
        """Return y = activation(x), shaped as x, and y once more as ctx."""
        y = self.activation.forward(x)
        kept = x if self.activation.needs_x else y
        return y, kept

    def backward(self, dy: np.ndarray, ctx: np.ndarray, input_gradient: bool = True) -> Gradients:
        """Return dx, shaped as dy, and {}: there are no parameters."""
        return self.activation.backward(dy, ctx), {}  # ctx is y: the slope follows from y

    @property
    def elementwise(self) -> str:
        """The formula, such as "relu(x)"; "" for softmax, where an output depends on several inputs."""
        return f"{self.activation.name}(x)" if self.activation.elementwise else ""

    def explain(self, x: np.ndarray, y: np.ndarray, position: Position) -> Explanation:
        """Return the explanation of y[position] with the number before it: see `Layer.explain`."""
        position = explaining.check_position("position", position, y.shape)
        *row, place = position  # x[row] is the last axis, which a softmax needs as a whole
        step = explaining.activate(self.activation, x[tuple(row)].astype(np.float64), place)
        return ActivationStep(explaining.label(self), "y", position, float(y[position]), step)

    def explain_input_gradient(
        self, x: np.ndarray, y: np.ndarray, dy: np.ndarray, position: Position
    ) -> Explanation:
        """Return dx[position] as a sum over the outputs it comes from: see `Layer.explain_input_gradient`."""
        if self.activation.elementwise:
            return super().explain_input_gradient(x, y, dy, position)
        *row, place = position = explaining.check_position("position", position, x.shape)
        kept = self.activation.kept(x, y)[tuple(row)]  # (classes,)
        # forward: y = activation(x). Row j of the derivative is what backward makes of dy = 1 at j alone.
        ones = np.eye(len(kept))
        slopes = explaining.activation_gradient(
            self.activation, ones, np.broadcast_to(kept, ones.shape)
        )
        outputs = [(*row, other) for other in range(len(kept))]
        uses = outputs, slopes[:, place]
        return explaining.gradient_sum(self, "dL/dx", position, uses, (dy, dy))

    def as_logits(self, end: str = "softmax") -> "Activation | None":
        """Return a copy that returns its input unchanged, if this one is a softmax; else None."""
        # A subclass with its own forward may compute something else.
        own_forward = type(self).forward is not Activation.forward
        if own_forward or self.activation != activations.get(end):
            return None
        linear = copy.copy(self)
        linear.__dict__["activation"] = activations.linear
        return linear

    def activation_pattern(self, ctx: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return (y > 0,) where the slope jumps at 0, bool shaped as y; else ()."""
        return (ctx > 0,) if self.activation.has_kink else ()


class ReLU(Activation):
    """Returns max(x, 0) for every number.

    Args:
        max_value, negative_slope, threshold: only at Keras's defaults.
        options: see `Layer`.

    Example:
        >>> ReLU().forward(np.float32([-1, 2]), training=False, rng=None)[0]
        array([0., 2.], dtype=float32)
    """

    config_names = Layer.config_names
    activation = activations.Fixed()
    fixed_options = Layer.fixed_options | {
        "max_value": (None,),
        "negative_slope": (0.0, None),
        "threshold": (0.0, None),
    }
    examples = (({}, (9,)),)

    def __init__(
        self,
        max_value: None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **options: object,
    ):
        options |= {"negative_slope": negative_slope, "threshold": threshold}
        super().__init__("relu", max_value=max_value, **options)


class Softmax(Activation):
    """Returns exp(x) / Σ exp(x), the sum going over the last axis: probabilities.

    Args:
        axis: only -1.
        options: see `Layer`.

    Example:
        >>> Softmax().forward(np.zeros((1, 4)), training=False, rng=None)[0]
        array([[0.25, 0.25, 0.25, 0.25]])
    """

    config_names = Layer.config_names
    activation = activations.Fixed()
    fixed_options = Layer.fixed_options | {"axis": (-1, [-1])}
    examples = (({}, (9,)),)

    def __init__(self, axis: int = -1, **options: object):
        super().__init__("softmax", axis=axis, **options)
