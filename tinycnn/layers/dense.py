"""The dense layer."""

import numpy as np

from tinycnn import activations, initializers, ops, regularizers
from tinycnn.layers.affine import Affine, Seen, Uses, positions_of
from tinycnn.layers.base import Gradients, Rng, Shape
from tinycnn.layers.explanation import Position
from tinycnn.utils.validation import check_int


class Dense(Affine):
    """Every output is a weighted sum of all inputs, then an activation.

    Args:
        units: how many outputs, from 1.
        activation: a name of `tinycnn.activations`, or None.
        use_bias: whether a number for each output is added.
        kernel_initializer, bias_initializer: names of `tinycnn.initializers`.
        kernel_regularizer, bias_regularizer: of `tinycnn.regularizers`, or None.
        options: see `Layer`.

    Input shape: (samples, ..., c). Output shape: (samples, ..., units).

    Raises:
        TypeError, ValueError: for an option that is not there, with its name and value.

    Example:
        >>> Dense(10, activation="softmax").compute_output_shape((None, 256))
        (None, 10)
    """

    config_names = (*Affine.config_names, "units")
    examples = (
        ({"units": 5, "activation": "relu"}, (7,)),
        ({"units": 3, "use_bias": False}, (2, 3, 4)),
    )

    def __init__(
        self,
        units: int,
        activation: str | activations.ActivationFunction | None = None,
        use_bias: bool = True,
        kernel_initializer: str | dict | initializers.Initializer = "glorot_uniform",
        bias_initializer: str | dict | initializers.Initializer = "zeros",
        kernel_regularizer: regularizers.Option = None,
        bias_regularizer: regularizers.Option = None,
        **options: object,
    ):
        affine = activation, use_bias, kernel_initializer, bias_initializer
        super().__init__(*affine, kernel_regularizer, bias_regularizer, **options)
        self.units = check_int("units", units)

    def weight_shapes(self, input_shape: Shape) -> dict[str, tuple[int, ...]]:
        """Return the shapes of kernel, (c, f), and bias, (f,), by name."""
        return self.named((input_shape[-1], self.units), (self.units,))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (n, ..., f)."""
        if len(input_shape) < 2 or None in input_shape[1:]:
            raise ValueError(f"Dense takes (samples, ..., c). Received: input_shape={input_shape}")
        return (*input_shape[:-1], self.units)

    def forward(self, x: np.ndarray, training: bool, rng: Rng) -> tuple[np.ndarray, tuple]:
        """Return y = activation(x @ kernel + bias), (n, ..., f), and ctx = (x, kept): kept is y,
        or what the activation needs instead for its way back."""
        rows = x.reshape(-1, x.shape[-1])  # (n, c)
        z = ops.dense_forward(rows, *self.kernel_and_bias())
        z = z.reshape(*x.shape[:-1], self.units)
        y = self.activation.forward(z)
        kept = z if self.activation.needs_x else y
        return y, (x, kept)

    def backward(self, dy: np.ndarray, ctx: tuple, input_gradient: bool = True) -> Gradients:
        """Return dx (n, ..., c), or None, and {"kernel": (c, f), "bias": (f,)}."""
        x, kept = ctx
        # forward: y = activation(z)
        dz = self.activation.backward(dy, kept).reshape(-1, self.units)
        # forward: z = x @ kernel + bias
        dkernel, dbias = ops.dense_backward_kernel(dz, x.reshape(-1, x.shape[-1]))
        dx = None
        if input_gradient:
            dx = ops.dense_backward_input(dz, self.params["kernel"]).reshape(x.shape)
        return dx, self.named(dkernel, dbias)

    def seen_by(self, x: np.ndarray, position: Position) -> Seen:
        """Return the c inputs that y[position] is computed from, and the kernel (c, f): see `Affine`."""
        row = position[:-1]  # () for x (c,), else the indices of the axes before c
        return Seen((*row, 0), x[row], self.params["kernel"])

    def users_of_input(self, x_shape: tuple, y_shape: tuple, position: Position) -> Uses:
        """Return all f outputs that x[position] is used in, and its weight in each: see `Affine`."""
        *row, c = position
        return np.array([(*row, f) for f in range(self.units)]), self.params["kernel"][c]

    def users_of_weight(self, x: np.ndarray, y_shape: tuple, position: Position) -> Uses:
        """Return all outputs that kernel[position] is used in, and its input in each: see `Affine`.

        For x (c,) that is one output; with more axes, one for each index of the axes before c.
        """
        c, f = position
        return positions_of(y_shape[:-1], f), x[..., c].ravel()
