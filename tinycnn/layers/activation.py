"""Activations as layers of their own."""

import copy

import numpy as np

from tinycnn import activations
from tinycnn.layers.base import Layer
from tinycnn.layers.explaining import activate, check_position, gradient_sum, label
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
    activation = activations.Setting()
    examples = (({"activation": "tanh"}, (9,)), ({"activation": "sigmoid"}, (3, 3, 2)))

    def __init__(self, activation: str | activations.ActivationFunction, **options: object):
        super().__init__(**options)
        self.activation = activation

    def forward(
        self, x: np.ndarray, training: bool, rng: np.random.Generator | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return activation(x), shaped as x."""
        y = self.activation.forward(x)
        return y, y

    def backward(
        self, dy: np.ndarray, ctx: np.ndarray, input_gradient: bool = True
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Return dx, shaped as dy."""
        return self.activation.backward(dy, ctx), {}

    @property
    def elementwise(self) -> str:
        """The activation as a formula; "" for a softmax, which looks at all numbers of the last axis."""
        return "" if self.activation == activations.softmax else f"{self.activation.name}(x)"

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
        if self.activation != activations.softmax:
            return super().explain_input_gradient(x, y, dy, position)
        *row, place = position = check_position("position", position, x.shape)
        share = y[tuple(row)].astype(np.float64)  # (classes,)
        # forward: y = exp(x) / Σ exp(x), so dy[j]/dx[place] = y[j] ((j == place) - y[place])
        slopes = share * ((np.arange(len(share)) == place) - share[place])
        outputs = [(*row, other) for other in range(len(share))]
        return gradient_sum(self, "dL/dx", position, (outputs, slopes), (dy, dy))

    def as_logits(self) -> "Activation | None":
        """Return a copy that does nothing, if this is a softmax; else None."""
        own_forward = (
            type(self).forward is not Activation.forward
        )  # a subclass may do something else
        softmax = self.activation == activations.softmax and not own_forward
        if not softmax:
            return None
        linear = copy.copy(self)
        linear.activation = activations.linear
        return linear

    def activation_pattern(self, ctx: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return which outputs of a ReLU are on."""
        return (ctx > 0,) if self.activation == activations.relu else ()


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
