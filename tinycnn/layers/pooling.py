"""The pooling layers: images get smaller, small shifts matter less."""

import math

import numpy as np

from tinycnn import ops
from tinycnn.layers.base import DATA_FORMAT, Layer, Shape, flat_size
from tinycnn.layers.window import output_of, padding_name, padding_of
from tinycnn.utils.geometry import Padding, Pair
from tinycnn.utils.validation import check_pair


class Pooling2D(Layer):
    """What both pooling layers share.

    Args:
        pool_size: height and width of the window, one or two whole numbers from 1.
        strides: steps of the window, one or two whole numbers from 1; None: as large as the window.
        padding: "valid" (none) or "same" (windows at the edge are cut to the image).
        data_format: only at Keras's default.
        options: see `Layer`.
    """

    config_names = (*Layer.config_names, "pool_size", "strides", "padding")
    fixed_options = Layer.fixed_options | {"data_format": DATA_FORMAT}
    examples = (
        ({"pool_size": 2}, (6, 7, 3)),
        ({"pool_size": (3, 2), "strides": (2, 1), "padding": "same"}, (7, 6, 2)),
    )

    def __init__(
        self,
        pool_size: int | Pair = (2, 2),
        strides: int | Pair | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        **options: object,
    ):
        super().__init__(data_format=data_format, **options)
        self.pool_size = check_pair("pool_size", pool_size)
        self.strides = self.pool_size if strides is None else check_pair("strides", strides)
        self.padding = padding_name(padding)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (n, oh, ow, c)."""
        return (input_shape[0], *output_of(self, input_shape, self.pool_size), input_shape[3])

    def geometry(self, x_shape: tuple) -> tuple[Pair, Pair, Padding]:
        """Return window, strides and padding for images of this shape."""
        padding = padding_of(self.padding, x_shape[1:3], self.pool_size, self.strides)
        return self.pool_size, self.strides, padding

    def operations(self) -> int:
        """Return how many operations one sample takes: 1 for each number of each window."""
        return flat_size(self.output_shape) * math.prod(self.pool_size)


class MaxPooling2D(Pooling2D):
    """Keeps the largest number of every window, for each channel by itself.

    Args: see `Pooling2D`.

    Input shape: (samples, height, width, channels). Output shape: (samples, oh, ow, channels).

    Example:
        >>> MaxPooling2D().compute_output_shape((None, 24, 24, 64))
        (None, 12, 12, 64)
    """

    def forward(
        self, x: np.ndarray, training: bool, rng: np.random.Generator | None
    ) -> tuple[np.ndarray, tuple]:
        """Return the largest number of each window, (n, oh, ow, c)."""
        y, argmax = ops.max_pool2d_forward(x, *self.geometry(x.shape))
        return y, (argmax, x.shape)

    def backward(
        self, dy: np.ndarray, ctx: tuple, input_gradient: bool = True
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Return dx (n, h, w, c): only the argmax of each window receives anything."""
        return ops.max_pool2d_backward(dy, *ctx), {}

    def activation_pattern(self, ctx: tuple) -> tuple[np.ndarray, ...]:
        """Return the argmax of each window."""
        return (ctx[0],)


class AveragePooling2D(Pooling2D):
    """Keeps the mean of every window, for each channel by itself.

    Args: see `Pooling2D`.

    Input shape: (samples, height, width, channels). Output shape: (samples, oh, ow, channels).

    Example:
        >>> AveragePooling2D(strides=1).compute_output_shape((None, 24, 24, 64))
        (None, 23, 23, 64)
    """

    def forward(
        self, x: np.ndarray, training: bool, rng: np.random.Generator | None
    ) -> tuple[np.ndarray, tuple]:
        """Return the mean of each window, (n, oh, ow, c)."""
        return ops.average_pool2d_forward(x, *self.geometry(x.shape)), x.shape

    def backward(
        self, dy: np.ndarray, ctx: tuple, input_gradient: bool = True
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Return dx (n, h, w, c): every number of a window receives the same."""
        return ops.average_pool2d_backward(dy, ctx, *self.geometry(ctx)), {}
