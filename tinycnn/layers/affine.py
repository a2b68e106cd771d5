"""`Affine`, the base class of Conv2D and Dense: y = activation(z), z = weighted sums of x, plus a bias."""

import copy
from typing import NamedTuple

import numpy as np

from tinycnn import activations, initializers, regularizers
from tinycnn.layers import explaining
from tinycnn.layers.base import Layer, flat_size
from tinycnn.layers.explanation import Explanation, Position, WeightedSum
from tinycnn.utils.geometry import Padding
from tinycnn.utils.recording import recorded
from tinycnn.utils.validation import check_bool

# The k outputs that a number is used in, int (k, axes of y), and what it is multiplied with in each, (k,).
Uses = tuple[np.ndarray, np.ndarray]


class Seen(NamedTuple):
    """The inputs that an output is computed from, and the weights that they are multiplied with.

    f is the number of outputs (units or filters) that are computed from the same inputs. Output i of them
    is the sum of inputs * weights[..., i].
    """

    corner: Position  # the position in x of the first of the inputs
    inputs: np.ndarray  # (c,) of a Dense, (rows, columns, c) of a Conv2D
    weights: np.ndarray  # inputs.shape + (f,)
    # ((top, bottom), (left, right)) of the window in the padding; Conv2D only
    cut: Padding | None = None


class Affine(Layer):
    """Base of the layers with kernel, bias and activation; their `ctx` is (x, kept): what the
    activation needs for its way back, y for most.

    Args:
        activation: a name of `tinycnn.activations`, or None.
        use_bias: whether a number for each output is added.
        kernel_initializer, bias_initializer: names of `tinycnn.initializers`.
        kernel_regularizer, bias_regularizer: of `tinycnn.regularizers`, or None.
        options: see `Layer`.
    """

    config_names: tuple[str, ...] = (
        *Layer.config_names,
        *("activation", "use_bias", "kernel_initializer", "bias_initializer"),
        *("kernel_regularizer", "bias_regularizer"),
    )
    fixed_options = Layer.fixed_options | {
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
        kernel_regularizer: regularizers.Option = None,
        bias_regularizer: regularizers.Option = None,
        **options: object,
    ):
        super().__init__(**options)
        self.activation = activation
        self.use_bias = check_bool("use_bias", use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)

    def named(self, kernel: object, bias: object) -> dict[str, object]:
        """Return {"kernel": kernel, "bias": bias}; without "bias" if the layer has no bias.

        Args:
            kernel, bias: arrays, gradients or shapes.
        """
        return {"kernel": kernel, "bias": bias} if self.use_bias else {"kernel": kernel}

    def kernel_and_bias(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the kernel (..., f), and the bias (f,), zeros if there is none."""
        kernel = self.params["kernel"]
        if self.use_bias:
            return kernel, self.params["bias"]
        return kernel, recorded(np.zeros, kernel.shape[-1], kernel.dtype)

    def without_activation(self) -> "Affine":
        """Return a copy with linear activation that shares the parameters."""
        linear = copy.copy(self)
        linear.activation = activations.linear
        return linear

    def as_logits(self, end: str = "softmax") -> "Affine | None":
        """Return the layer without its softmax; None if it has none: see `Layer.as_logits`."""
        return self.without_activation() if self.activation == activations.get(end) else None

    def activation_pattern(self, ctx: tuple) -> tuple[np.ndarray, ...]:
        """Return (y > 0,) where the slope jumps at 0, bool shaped as y; else ()."""
        return (ctx[1] > 0,) if self.activation.has_kink else ()

    def operations(self) -> int:
        """Return how many operations one sample takes: each weight is multiplied and added once a position.

        A position is a pixel of a Conv2D's output; Dense has one, or one for each row of a sample.
        """
        positions = flat_size(self.output_shape) // self.output_shape[-1]
        return 2 * positions * self.params["kernel"].size

    def seen_by(self, x: np.ndarray, position: Position) -> Seen:
        """Return the inputs and weights that y[position] is computed from.

        Args:
            x: of one sample, without its axis.
            position: in y.
        """
        raise TypeError(f"{type(self).__name__} does not say what its outputs look at")

    def users_of_input(self, x_shape: tuple, y_shape: tuple, position: Position) -> Uses:
        """Return the k outputs that x[position] is used in, and the weight it is multiplied with in each.

        Args:
            x_shape, y_shape: of one sample.
            position: in x.

        Returns:
            Positions in y, int (k, axes of y), and weights (k,).
        """
        raise TypeError(f"{type(self).__name__} does not say where its inputs go")

    def users_of_weight(self, x: np.ndarray, y_shape: tuple, position: Position) -> Uses:
        """Return the k outputs that a weight is used in, and the input it is multiplied with in each.

        Args:
            x, y_shape: of one sample.
            position: in the kernel.

        Returns:
            Positions in y, int (k, axes of y), and inputs (k,).
        """
        raise TypeError(f"{type(self).__name__} does not say where its weights are used")

    def explain(self, x: np.ndarray, y: np.ndarray, position: Position) -> Explanation:
        """Return y[position] as products of inputs and weights, bias and activation: see `Layer.explain`."""
        *_, f = position = explaining.check_position("position", position, y.shape)
        seen = self.seen_by(x, position)
        inputs, weights = seen.inputs.astype(np.float64), seen.weights.astype(np.float64)
        bias = self.kernel_and_bias()[1].astype(np.float64)
        products = inputs * weights[..., f]
        z = np.tensordot(inputs, weights, inputs.ndim) + bias  # (f,): a softmax needs all of them
        step = explaining.activate(self.activation, z, f)
        about = explaining.label(self), "y", position, float(y[position]), seen.corner
        terms = inputs, weights[..., f], products, float(bias[f]), float(z[f])
        return WeightedSum(*about, *terms, step, seen.cut)

    def _dz(self, x: np.ndarray, y: np.ndarray, dy: np.ndarray) -> np.ndarray:
        """Return the gradient before the activation in float64; all of one sample."""
        kept = y
        if self.activation.needs_x:
            kept = self.without_activation().forward(x[None], False, None)[0][0]
        return explaining.activation_gradient(self.activation, dy, kept)

    def explain_input_gradient(
        self, x: np.ndarray, y: np.ndarray, dy: np.ndarray, position: Position
    ) -> Explanation:
        """Return dx[position] as a sum of weights times dz: see `Layer.explain_input_gradient`."""
        position = explaining.check_position("position", position, x.shape)
        dz = self._dz(x, y, dy)
        # forward: z = Σ x · kernel + bias
        uses = self.users_of_input(x.shape, y.shape, position)  # (outputs, weights)
        return explaining.gradient_sum(self, "dL/dx", position, uses, (dz, dy))

    def explain_weight_gradient(
        self, x: np.ndarray, y: np.ndarray, dy: np.ndarray, name: str, position: Position
    ) -> Explanation:
        """Return a weight's gradient as a sum of inputs times dz: see `Layer.explain_weight_gradient`."""
        position = explaining.check_weight(self, name, position)
        dz = self._dz(x, y, dy)
        # forward: z = Σ x · kernel + bias
        if name == "kernel":
            uses = self.users_of_weight(x, y.shape, position)
        else:
            outputs = positions_of(y.shape[:-1], position[-1])  # all that this bias is added to
            uses = outputs, np.ones(len(outputs))
        return explaining.gradient_sum(self, f"dL/d{name}", position, uses, (dz, dy))


def positions_of(shape: tuple[int, ...], *last: int) -> np.ndarray:
    """Return the index tuples of an array of this shape in row-major order, each followed by `last`.

    Args:
        shape: of k numbers.
        last: fixed indices for further axes.

    Returns:
        int (k, len(shape) + len(last)).

    Example:
        >>> positions_of((2, 1), 7)
        array([[0, 0, 7],
               [1, 0, 7]])
    """
    return np.array([(*index, *last) for index in np.ndindex(*shape)])
