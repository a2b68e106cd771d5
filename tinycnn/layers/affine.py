"""What Conv2D and Dense share: sums weighted by a kernel, plus a bias, then an activation."""

import copy
from typing import NamedTuple

import numpy as np

from tinycnn import activations, initializers
from tinycnn.layers.base import Layer, flat_size
from tinycnn.layers.explaining import (
    activate,
    activation_gradient,
    check_position,
    check_weight,
    gradient_sum,
    label,
)
from tinycnn.layers.explanation import Explanation, Position, WeightedSum
from tinycnn.utils.geometry import Padding
from tinycnn.utils.validation import check_bool


class Seen(NamedTuple):
    """What one output looks at: its inputs in x, and the weights that they meet, for all outputs there."""

    corner: Position  # of the first input in x
    inputs: np.ndarray  # (..., c)
    weights: np.ndarray  # (..., c, f)
    cut: Padding | None = None  # what of a window lies in the padding


class Affine(Layer):
    """Base of the layers with kernel, bias and activation; their `ctx` is (x, y).

    Args:
        activation: a name of `tinycnn.activations`, or None.
        use_bias: whether a number for each output is added.
        kernel_initializer, bias_initializer: names of `tinycnn.initializers`.
        options: see `Layer`.
    """

    config_names: tuple[str, ...] = (
        *Layer.config_names,
        *("activation", "use_bias", "kernel_initializer", "bias_initializer"),
    )
    fixed_options = Layer.fixed_options | {
        **dict.fromkeys(("kernel_regularizer", "bias_regularizer"), (None,)),
        **dict.fromkeys(("kernel_constraint", "bias_constraint"), (None,)),
        **dict.fromkeys(("lora_rank", "lora_alpha", "quantization_config"), (None,)),
    }
    weight_names = ("kernel", "bias")
    activation = activations.Setting()

    def __init__(
        self,
        activation: str | activations.ActivationFunction | None,
        use_bias: bool,
        kernel_initializer: str | dict | initializers.Initializer,
        bias_initializer: str | dict | initializers.Initializer,
        **options: object,
    ):
        super().__init__(**options)
        self.activation = activation
        self.use_bias = check_bool("use_bias", use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)

    def named(self, kernel: object, bias: object) -> dict[str, object]:
        """Return what belongs to kernel and bias by name, without the bias if there is none."""
        return {"kernel": kernel, "bias": bias} if self.use_bias else {"kernel": kernel}

    def kernel_and_bias(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the kernel (..., f), and the bias (f,), zeros if there is none."""
        kernel = self.params["kernel"]
        bias = self.params["bias"] if self.use_bias else np.zeros(kernel.shape[-1], kernel.dtype)
        return kernel, bias

    def as_logits(self) -> "Affine | None":
        """Return a copy with linear activation that shares the parameters; None without a softmax."""
        if self.activation != activations.softmax:
            return None
        linear = copy.copy(self)
        linear.activation = activations.linear
        return linear

    def activation_pattern(self, ctx: tuple) -> tuple[np.ndarray, ...]:
        """Return which outputs of a ReLU are on."""
        return (ctx[1] > 0,) if self.activation == activations.relu else ()

    def operations(self) -> int:
        """Return how many operations one sample takes: 2 for each weight and place it is applied at."""
        positions = flat_size(self.output_shape) // self.output_shape[-1]
        return 2 * positions * self.params["kernel"].size

    def seen_by(self, x: np.ndarray, position: Position) -> Seen:
        """Return what the output at this position looks at."""
        raise TypeError(f"{type(self).__name__} does not say what its outputs look at")

    def users_of_input(
        self, x_shape: tuple, y_shape: tuple, position: Position
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the outputs (k, axes) that use an input, and the weights (k,) that it meets there."""
        raise TypeError(f"{type(self).__name__} does not say where its inputs go")

    def users_of_weight(
        self, x: np.ndarray, y_shape: tuple, position: Position
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the outputs (k, axes) that use a weight, and the inputs (k,) that it meets there."""
        raise TypeError(f"{type(self).__name__} does not say where its weights are used")

    def explain(self, x: np.ndarray, y: np.ndarray, position: Position) -> Explanation:
        """Return products, bias and activation: see `Layer.explain`."""
        *_, f = position = check_position("position", position, y.shape)
        seen = self.seen_by(x, position)
        inputs, weights = seen.inputs.astype(np.float64), seen.weights.astype(np.float64)
        bias = self.kernel_and_bias()[1].astype(np.float64)
        products = inputs * weights[..., f]
        z = np.tensordot(inputs, weights, inputs.ndim) + bias  # (f,)
        step = activate(self.activation, z, f)
        about = label(self), "y", position, float(y[position]), seen.corner
        terms = inputs, weights[..., f], products, float(bias[f]), float(z[f])
        return WeightedSum(*about, *terms, step, seen.cut)

    def explain_input_gradient(
        self, x: np.ndarray, y: np.ndarray, dy: np.ndarray, position: Position
    ) -> Explanation:
        """Return weights times dz of the outputs that used an input: see `Layer.explain_input_gradient`."""
        position = check_position("position", position, x.shape)
        dz = activation_gradient(self.activation, dy, y)
        # forward: z = Σ x · kernel + bias
        uses = self.users_of_input(x.shape, y.shape, position)
        return gradient_sum(self, "dL/dx", position, uses, (dz, dy))

    def explain_weight_gradient(
        self, x: np.ndarray, y: np.ndarray, dy: np.ndarray, name: str, position: Position
    ) -> Explanation:
        """Return inputs times dz of the outputs that used a weight: see `Layer.explain_weight_gradient`."""
        position = check_weight(self, name, position)
        dz = activation_gradient(self.activation, dy, y)
        # forward: z = Σ x · kernel + bias
        if name == "kernel":
            uses = self.users_of_weight(x, y.shape, position)
        else:
            outputs = positions_of(y.shape[:-1], position[-1])
            uses = outputs, np.ones(len(outputs))
        return gradient_sum(self, f"dL/d{name}", position, uses, (dz, dy))


def positions_of(shape: tuple[int, ...], *last: int) -> np.ndarray:
    """Return all positions of an array in reading order, (k, axes), with fixed ones for its last axes.

    Example:
        >>> positions_of((2, 1), 7)
        array([[0, 0, 7],
               [1, 0, 7]])
    """
    return np.array([(*each, *last) for each in np.ndindex(*shape)])
