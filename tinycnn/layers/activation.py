"""The layers that only apply an activation function: `Activation`, `ReLU`, `Softmax`."""

import copy

import numpy as np

from tinycnn import activations
from tinycnn.layers import explaining
from tinycnn.layers.base import Gradients, Layer, Rng
from tinycnn.layers.explanation import ActivationStep, Explanation, Position
from tinycnn.utils.validation import check_number


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
    """Returns max(x, 0) for every number; or x at most max_value, and below a threshold a slope.

    Args:
        max_value: the largest output, from 0; None: there is none.
        negative_slope: what x - threshold is multiplied with where x is not above the threshold, from 0.
        threshold: what x must be above, from 0, to be the output.
        options: see `Layer`.

    Raises:
        TypeError, ValueError: for an option that is not there, or a number out of its range.

    Example:
        >>> ReLU().forward(np.float32([-1, 2]), training=False, rng=None)[0]
        array([0., 2.], dtype=float32)
        >>> ReLU(6, negative_slope=0.5).forward(np.float32([-1, 2, 7]), training=False, rng=None)[0]
        array([-0.5,  2. ,  6. ], dtype=float32)
    """

    config_names = (*Layer.config_names, "max_value", "negative_slope", "threshold")
    activation = activations.Fixed()
    examples = (
        *(({}, (9,)), ({"max_value": 0.5}, (9,)), ({"negative_slope": 0.25}, (3, 3, 2))),
        ({"max_value": 1.0, "negative_slope": 0.5, "threshold": 0.25}, (9,)),
    )

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **options: object,
    ):
        limit = None if max_value is None else check_number("max_value", max_value, 0, 1e30)
        slope = check_number("negative_slope", negative_slope, 0, 1e30)
        threshold = check_number("threshold", threshold, 0, 1e30)
        super().__init__(activations.bounded_relu(limit, slope, threshold), **options)
        self.max_value, self.negative_slope, self.threshold = limit, slope, threshold

    @property
    def elementwise(self) -> str:
        """The formula, with the layer's own numbers."""
        if self.activation == activations.relu:
            return "relu(x)"
        above = "x" if self.max_value is None else f"min(x, {self.max_value:g})"
        shifted = f"(x - {self.threshold:g})" if self.threshold else "x"
        below = f"{self.negative_slope:g} · {shifted}" if self.negative_slope else "0"
        return f"{above} where x > {self.threshold:g}, else {below}"

    def explain(self, x: np.ndarray, y: np.ndarray, position: Position) -> Explanation:
        """Return the explanation of y[position], with the layer's own formula: see `Layer.explain`."""
        if self.activation == activations.relu:
            return super().explain(x, y, position)
        return explaining.of_output(self, x, y, position)

    def activation_pattern(self, ctx: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return what is above the threshold, and what is above the largest output."""
        limit = np.inf if self.max_value is None else self.max_value
        return (
            ctx > self.threshold,
            ctx > limit,
        )  # a plain ReLU keeps y, which is above 0 where x is


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
