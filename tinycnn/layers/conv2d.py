"""The convolution layer."""

import copy

import numpy as np

from tinycnn import activations, initializers, ops
from tinycnn.layers.base import Layer, Shape, pair, whole

Pair = tuple[int, int]


def padding_name(value: str) -> str:
    """Return "valid" or "same", in small letters."""
    if not isinstance(value, str) or value.lower() not in ("valid", "same"):
        raise ValueError(f"padding must be 'valid' or 'same'. Received: padding={value!r}")
    return value.lower()


def padding_of(name: str, size: Pair, window: Pair, strides: Pair) -> ops.Padding:
    """Return ((top, bottom), (left, right)) for a padding's name."""
    return ops.same_padding(size, window, strides) if name == "same" else ((0, 0), (0, 0))


def output_of(layer: Layer, input_shape: Shape, window: Pair) -> Pair:
    """Return (oh, ow) of a layer whose window slides over images.

    Raises:
        ValueError: if the input is no image, or smaller than the window.
    """
    if len(input_shape) != 4 or None in input_shape[1:]:
        raise ValueError(
            f"{type(layer).__name__} takes images, (samples, height, width, channels). "
            f"Received: input_shape={tuple(input_shape)}"
        )
    size = input_shape[1:3]
    padding = padding_of(layer.padding, size, window, layer.strides)
    return ops.conv2d_output(size, window, layer.strides, padding)


class Conv2D(Layer):
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
        super().__init__(**fixed, **options)
        self.filters = whole("filters", filters)
        self.kernel_size = pair("kernel_size", kernel_size)
        self.strides = pair("strides", strides)
        self.padding = padding_name(padding)
        self.activation = activations.get(activation)
        self.use_bias = bool(use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)

    def weight_shapes(self, input_shape: Shape) -> dict[str, tuple[int, ...]]:
        """Return kernel (kh, kw, c, f) and bias (f,)."""
        shapes = {"kernel": (*self.kernel_size, input_shape[3], self.filters)}
        return {**shapes, "bias": (self.filters,)} if self.use_bias else shapes

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (n, oh, ow, f)."""
        return (input_shape[0], *output_of(self, input_shape, self.kernel_size), self.filters)

    def geometry(self, x_shape: tuple) -> tuple[Pair, ops.Padding]:
        """Return strides and padding for images of this shape."""
        padding = padding_of(self.padding, x_shape[1:3], self.kernel_size, self.strides)
        return self.strides, padding

    def forward(
        self, x: np.ndarray, training: bool, rng: np.random.Generator | None
    ) -> tuple[np.ndarray, tuple]:
        """Return y = activation(x * kernel + bias), (n, oh, ow, f)."""
        bias = self.params.get("bias", np.zeros(self.filters, x.dtype))
        z = ops.conv2d_forward(x, self.params["kernel"], bias, *self.geometry(x.shape))
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
        return dx, {"kernel": dkernel, "bias": dbias} if self.use_bias else {"kernel": dkernel}

    def before_softmax(self) -> "Conv2D | None":
        """Return this layer without its softmax, sharing its parameters; None if it has none."""
        return without_softmax(self)

    def decisions(self, ctx: tuple) -> tuple[np.ndarray, ...]:
        """Return which outputs of a ReLU are on."""
        return (ctx[1] > 0,) if self.activation is activations.relu else ()

    def get_config(self) -> dict:
        """Return the arguments that make this layer again, as plain values."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": list(self.kernel_size),
            "strides": list(self.strides),
            "padding": self.padding,
            **affine_config(self),
        }


def affine_config(layer: Layer) -> dict:
    """Return what the configurations of Conv2D and Dense have in common."""
    return {
        "activation": layer.activation.name,
        "use_bias": layer.use_bias,
        **{
            f"{name}_initializer": {
                "class_name": type(initializer).__name__,
                "config": initializer.get_config(),
            }
            for name, initializer in (
                ("kernel", layer.kernel_initializer),
                ("bias", layer.bias_initializer),
            )
        },
    }


def without_softmax(layer: Layer) -> Layer | None:
    """Return a twin of a layer with linear activation that shares its parameters."""
    if layer.activation is not activations.softmax:
        return None
    twin = copy.copy(layer)
    twin.activation = activations.linear
    return twin
