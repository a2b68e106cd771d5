"""Activations as layers of their own."""

import numpy as np

from tinycnn import activations
from tinycnn.layers.base import Layer
from tinycnn.layers.explaining import (
    activate,
    activation_gradient,
    check_position,
    gradient_sum,
    label,
)
from tinycnn.layers.explanation import ActivationStep, Explanation, Position


class Activation(Layer):
    """Applies an activation to every number.

    Args:
        activation: a name of `tinycnn.activations`.
        options: see `Layer`.

    Example:
        >>> y, _ = Activation("relu").forward(np.float32([-1, 2]), training=False, rng=None)
        >>> y
        array([0., 2.], dtype=float32)
    """

    config_names = (*Layer.config_names, "activation")
    examples = (({"activation": "tanh"}, (9,)), ({"activation": "sigmoid"}, (3, 3, 2)))

    def __init__(self, activation: str | activations.ActivationFunction, **options: object):
        super().__init__(**options)
        self.activation = activations.get(activation)

    def forward(
        self, x: np.ndarray, training: bool, rng: np.random.Generator | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return activation(x), shaped as x."""
        y = self.activation.forward(x)
        kept = self.activation.kept(x, y)
        return y, kept

    def backward(
        self, dy: np.ndarray, ctx: np.ndarray, input_gradient: bool = True
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Return dx, shaped as dy."""
        return self.activation.backward(dy, ctx), {}

    @property
    def elementwise(self) -> str:
        """The activation as a formula; "" for a softmax, which looks at all numbers of the last axis."""
        return f"{self.activation.name}(x)" if self.activation.elementwise else ""

    def explain(self, x: np.ndarray, y: np.ndarray, position: Position) -> Explanation:
        """Return the number before and behind the activation: see `Layer.explain`."""
        position = check_position("position", position, y.shape)
        *row, place = position
        step = activate(self.activation, x[tuple(row)].astype(np.float64), place)
        return ActivationStep(label(self), "y", position, float(y[position]), step)

    def explain_input_gradient(
        self, x: np.ndarray, y: np.ndarray, dy: np.ndarray, position: Position
    ) -> Explanation:
        """Return what the gradient is made of: see `Layer.explain_input_gradient`."""
        if self.activation.elementwise:
            return super().explain_input_gradient(x, y, dy, position)
        *row, place = position = check_position("position", position, x.shape)
        kept = self.activation.kept(x, y)[tuple(row)]  # (classes,)
        # forward: y = activation(x). Row j of the derivative is what backward makes of dy = 1 at j alone.
        ones = np.eye(len(kept))
        slopes = activation_gradient(self.activation, ones, np.broadcast_to(kept, ones.shape))
        outputs = [(*row, other) for other in range(len(kept))]
        uses = outputs, slopes[:, place]
        return gradient_sum(self, "dL/dx", position, uses, (dy, dy))

    def as_logits(self) -> "Activation | None":
        """Return a layer that does nothing, if this is a softmax; else None."""
        own_forward = (
            type(self).forward is not Activation.forward
        )  # a subclass may do something else
        softmax = self.activation == activations.softmax and not own_forward
        return Activation("linear") if softmax else None

    def activation_pattern(self, ctx: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return on which side of its kink the activation was."""
        return (ctx > 0,) if self.activation.has_kink else ()


class ReLU(Activation):
    """max(x, 0).

    Args:
        max_value, negative_slope, threshold: only at Keras's defaults.
        options: see `Layer`.

    Example:
        >>> ReLU().forward(np.float32([-1, 2]), training=False, rng=None)[0]
        array([0., 2.], dtype=float32)
    """

    config_names = Layer.config_names
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
    """Probabilities along the last axis.

    Args:
        axis: only -1.
        options: see `Layer`.

    Example:
        >>> Softmax().forward(np.zeros((1, 4)), training=False, rng=None)[0]
        array([[0.25, 0.25, 0.25, 0.25]])
    """

    config_names = Layer.config_names
    fixed_options = Layer.fixed_options | {"axis": (-1, [-1])}
    examples = (({}, (9,)),)

    def __init__(self, axis: int = -1, **options: object):
        super().__init__("softmax", axis=axis, **options)
