"""The convolution layer."""

import numpy as np

from tinycnn import activations, initializers, ops, regularizers
from tinycnn.layers.affine import Affine, Seen, Uses, positions_of
from tinycnn.layers.base import DATA_FORMAT, Gradients, Rng, Shape
from tinycnn.layers.explanation import Position
from tinycnn.layers.window import output_of, padding_name, padding_of, window_at, windows_over
from tinycnn.utils.geometry import Padding, Pair
from tinycnn.utils.validation import check_int, check_pair


class Conv2D(Affine):
    """Convolution of images with trained kernels, then an activation.

    Args:
        filters: how many kernels, and so channels of the output, from 1.
        kernel_size: height and width of the kernels, one or two whole numbers from 1.
        strides: steps of the window, one or two whole numbers from 1.
        padding: "valid" (none) or "same" (zeros, so that the output has ceil(size / strides) pixels).
        data_format, dilation_rate, groups: only at Keras's defaults.
        activation: a name of `tinycnn.activations`, or None.
        use_bias: whether a number for each filter is added.
        kernel_initializer, bias_initializer: names of `tinycnn.initializers`.
        kernel_regularizer, bias_regularizer: of `tinycnn.regularizers`, or None.
        options: see `Layer`.

    Input shape: (samples, height, width, channels). Output shape: (samples, oh, ow, filters).

    Raises:
        TypeError, ValueError: for an option that is not there, with its name and value.

    Example:
        >>> Conv2D(32, (3, 3), activation="relu").compute_output_shape((None, 28, 28, 1))
        (None, 26, 26, 32)
    """

    config_names = (*Affine.config_names, "filters", "kernel_size", "strides", "padding")
    fixed_options = Affine.fixed_options | {
        "data_format": DATA_FORMAT,
        "dilation_rate": (1, [1, 1]),
        "groups": (1,),
    }
    examples = (
        ({"filters": 3, "kernel_size": (3, 2), "activation": "tanh"}, (6, 5, 2)),
        ({"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same"}, (7, 8, 1)),
        ({"filters": 4, "kernel_size": 1, "use_bias": False}, (3, 3, 4)),
    )

    def __init__(
        self,
        filters: int,
        kernel_size: int | Pair,
        strides: int | Pair = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | Pair = (1, 1),
        groups: int = 1,
        activation: str | activations.ActivationFunction | None = None,
        use_bias: bool = True,
        kernel_initializer: str | dict | initializers.Initializer = "glorot_uniform",
        bias_initializer: str | dict | initializers.Initializer = "zeros",
        kernel_regularizer: regularizers.Option = None,
        bias_regularizer: regularizers.Option = None,
        **options: object,
    ):
        fixed = {"data_format": data_format, "dilation_rate": dilation_rate, "groups": groups}
        affine = activation, use_bias, kernel_initializer, bias_initializer
        super().__init__(*affine, kernel_regularizer, bias_regularizer, **fixed, **options)
        self.filters = check_int("filters", filters)
        self.kernel_size = check_pair("kernel_size", kernel_size)
        self.strides = check_pair("strides", strides)
        self.padding = padding_name(padding)

    def weight_shapes(self, input_shape: Shape) -> dict[str, tuple[int, ...]]:
        """Return the shapes of kernel, (kh, kw, c, f), and bias, (f,), by name."""
        return self.named((*self.kernel_size, input_shape[3], self.filters), (self.filters,))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (n, oh, ow, f)."""
        return (input_shape[0], *output_of(self, input_shape, self.kernel_size), self.filters)

    def geometry(self, x_shape: tuple) -> tuple[Pair, Padding]:
        """Return strides (sh, sw) and padding ((top, bottom), (left, right)) for images of this shape.

        Args:
            x_shape: (n, h, w, c).
        """
        padding = padding_of(self.padding, x_shape[1:3], self.kernel_size, self.strides)
        return self.strides, padding

    def forward(self, x: np.ndarray, training: bool, rng: Rng) -> tuple[np.ndarray, tuple]:
        """Return y = activation(convolution + bias), (n, oh, ow, f), and ctx = (x, kept): kept is y,
        or what the activation needs instead for its way back."""
        z = ops.conv2d_forward(x, *self.kernel_and_bias(), *self.geometry(x.shape))
        y = self.activation.forward(z)
        kept = z if self.activation.needs_x else y
        return y, (x, kept)

    def backward(self, dy: np.ndarray, ctx: tuple, input_gradient: bool = True) -> Gradients:
        """Return dx (n, h, w, c), or None, and {"kernel": (kh, kw, c, f), "bias": (f,)}."""
        x, kept = ctx
        kernel, geometry = self.params["kernel"], self.geometry(x.shape)
        # forward: y = activation(z)
        dz = self.activation.backward(dy, kept)
        # forward: z = x * kernel + bias
        dkernel, dbias = ops.conv2d_backward_kernel(dz, x, kernel.shape, *geometry)
        dx = ops.conv2d_backward_input(dz, kernel, x.shape, *geometry) if input_gradient else None
        return dx, self.named(dkernel, dbias)

    def seen_by(self, x: np.ndarray, position: Position) -> Seen:
        """Return the window of x (h, w, c) that y[position] is computed from, and the kernel for it.

        Both are cut where the window goes over the border of the image: see `Affine.seen_by`.
        """
        window = window_at(self, self.kernel_size, x.shape, position[:2])
        kernels = self.params["kernel"][window.inside(self.kernel_size)]
        corner = window.rows.start, window.columns.start, 0
        return Seen(corner, x[window.rows, window.columns], kernels, window.cut)

    def users_of_input(self, x_shape: tuple, y_shape: tuple, position: Position) -> Uses:
        """Return all k outputs whose window holds the pixel x[position], and the weight in each.

        Positions in y, (k, 3), and weights, (k,): see `Affine.users_of_input`.
        """
        *pixel, c = position
        shapes = x_shape, y_shape
        outputs, offsets = windows_over(self, self.kernel_size, shapes, pixel)  # (windows, 2) each
        weights = self.params["kernel"][offsets[:, 0], offsets[:, 1], c]  # (windows, f)
        filters = np.tile(np.arange(self.filters), len(outputs))
        return np.column_stack([outputs.repeat(self.filters, axis=0), filters]), weights.ravel()

    def users_of_weight(self, x: np.ndarray, y_shape: tuple, position: Position) -> Uses:
        """Return all k outputs that kernel[position] is used in, and the input it is multiplied with in each.

        Positions in y, (k, 3), and inputs, (k,): see `Affine.users_of_weight`. These are the outputs of the
        weight's filter, except where the weight falls on padding.
        """
        *offset, c, f = position  # offset: (row, column) in the kernel
        (top, _), (left, _) = self.geometry((1, *x.shape))[1]
        outputs = positions_of(y_shape[:2], f)
        # forward: z[i, j] = Σ x[(i, j) · strides - (top, left) + offset] · kernel[offset]
        pixels = outputs[:, :2] * self.strides - (top, left) + offset
        inside = ((pixels >= 0) & (pixels < x.shape[:2])).all(axis=1)
        rows, columns = pixels[inside].T
        return outputs[inside], x[rows, columns, c]
