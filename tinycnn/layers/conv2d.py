"""The convolution layer."""

import numpy as np

from tinycnn import activations, initializers, ops
from tinycnn.layers.affine import Affine
from tinycnn.layers.base import DATA_FORMAT, Shape
from tinycnn.layers.window import output_of, padding_name, padding_of
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
        **options: object,
    ):
        fixed = {"data_format": data_format, "dilation_rate": dilation_rate, "groups": groups}
        affine = activation, use_bias, kernel_initializer, bias_initializer
        super().__init__(*affine, **fixed, **options)
        self.filters = check_int("filters", filters)
        self.kernel_size = check_pair("kernel_size", kernel_size)
        self.strides = check_pair("strides", strides)
        self.padding = padding_name(padding)

    def weight_shapes(self, input_shape: Shape) -> dict[str, tuple[int, ...]]:
        """Return kernel (kh, kw, c, f) and bias (f,)."""
        return self.named((*self.kernel_size, input_shape[3], self.filters), (self.filters,))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (n, oh, ow, f)."""
        return (input_shape[0], *output_of(self, input_shape, self.kernel_size), self.filters)

    def geometry(self, x_shape: tuple) -> tuple[Pair, Padding]:
        """Return strides and padding for images of this shape."""
        padding = padding_of(self.padding, x_shape[1:3], self.kernel_size, self.strides)
        return self.strides, padding

    def forward(
        self, x: np.ndarray, training: bool, rng: np.random.Generator | None
    ) -> tuple[np.ndarray, tuple]:
        """Return y = activation(x * kernel + bias), (n, oh, ow, f)."""
        z = ops.conv2d_forward(x, *self.kernel_and_bias(), *self.geometry(x.shape))
        y = self.activation.forward(z)
        return y, (x, y)

    def backward(
        self, dy: np.ndarray, ctx: tuple, input_gradient: bool = True
    ) -> tuple[np.ndarray | None, dict[str, np.ndarray]]:
        """Return dx (n, h, w, c), and the gradients of kernel and bias."""
        x, y = ctx
        kernel, geometry = self.params["kernel"], self.geometry(x.shape)
        # forward: y = activation(z)
        dz = self.activation.backward(dy, y)
        # forward: z = x * kernel + bias
        dkernel, dbias = ops.conv2d_backward_kernel(dz, x, kernel.shape, *geometry)
        dx = ops.conv2d_backward_input(dz, kernel, x.shape, *geometry) if input_gradient else None
        return dx, self.named(dkernel, dbias)
