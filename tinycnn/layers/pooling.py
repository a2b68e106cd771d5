"""The pooling layers: `MaxPooling2D` and `AveragePooling2D`."""

import math

import numpy as np

from tinycnn import ops
from tinycnn.layers.base import DATA_FORMAT, Gradients, Layer, Rng, Shape, flat_size
from tinycnn.layers.explaining import check_position, gradient_sum, label
from tinycnn.layers.explanation import Explanation, Pooled, Position
from tinycnn.layers.window import output_of, padding_name, padding_of, window_at, windows_over
from tinycnn.utils.geometry import Padding, Pair
from tinycnn.utils.validation import check_pair


class Pooling2D(Layer):
    """Base of the two pooling layers: window, strides, padding, shapes.

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
        """Return (n, oh, ow, c) for input (n, h, w, c)."""
        return (input_shape[0], *output_of(self, input_shape, self.pool_size), input_shape[3])

    def geometry(self, x_shape: tuple) -> tuple[Pair, Pair, Padding]:
        """Return window (ph, pw), strides (sh, sw) and padding ((top, bottom), (left, right)).

        Args:
            x_shape: (n, h, w, c).
        """
        padding = padding_of(self.padding, x_shape[1:3], self.pool_size, self.strides)
        return self.pool_size, self.strides, padding

    def window_of(self, x: np.ndarray, position: Position) -> tuple[Position, np.ndarray]:
        """Return the window that y[position] is computed from, cut at the border of the image.

        Args:
            x: of one sample, (h, w, c).
            position: (row, column, channel) in y.

        Returns:
            The position in x of the window's first number, and its numbers (rows, columns).
        """
        *pixel, c = position
        window = window_at(self, self.pool_size, x.shape, pixel)
        return (window.rows.start, window.columns.start, c), x[window.rows, window.columns, c]

    def share(self, x: np.ndarray, output: Position, position: Position) -> float:
        """Return dy/dx of one output with respect to one number of its window.

        Args:
            x: of one sample, (h, w, c).
            output: (row, column, channel) in y.
            position: of the number in x.
        """
        raise TypeError(f"{type(self).__name__} does not say what it makes of its windows")

    def explain_input_gradient(
        self, x: np.ndarray, y: np.ndarray, dy: np.ndarray, position: Position
    ) -> Explanation:
        """Return dx[position] as a sum over its windows: see `Layer.explain_input_gradient`."""
        *pixel, c = position = check_position("position", position, x.shape)
        windows, _ = windows_over(self, self.pool_size, (x.shape, y.shape), pixel)
        outputs = [(int(i), int(j), c) for i, j in windows]
        shares = np.array([self.share(x, output, position) for output in outputs])
        return gradient_sum(self, "dL/dx", position, (outputs, shares), (dy, dy))

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

    def forward(self, x: np.ndarray, training: bool, rng: Rng) -> tuple[np.ndarray, tuple]:
        """Return the largest number of each window, (n, oh, ow, c), and ctx = (argmax, shape of x)."""
        y, argmax = ops.max_pool2d_forward(x, *self.geometry(x.shape))
        return y, (argmax, x.shape)

    def backward(self, dy: np.ndarray, ctx: tuple, input_gradient: bool = True) -> Gradients:
        """Return dx (n, h, w, c): each dy is added to the pixel of its window's maximum; and {}."""
        return ops.max_pool2d_backward(dy, *ctx), {}

    def activation_pattern(self, ctx: tuple) -> tuple[np.ndarray, ...]:
        """Return (argmax,), the place of each window's maximum: see `Layer.activation_pattern`."""
        return (ctx[0],)

    def argmax(self, x: np.ndarray, output: Position) -> Position:
        """Return the position in x (h, w, c) of the number that became y[output].

        Of equal numbers it is the first in row-major order.
        """
        (top, left, c), numbers = self.window_of(x, output)
        row, column = divmod(int(numbers.argmax()), numbers.shape[1])
        return top + row, left + column, c

    def explain(self, x: np.ndarray, y: np.ndarray, position: Position) -> Explanation:
        """Return the window of y[position], and where its maximum is: see `Layer.explain`."""
        position = check_position("position", position, y.shape)
        about = label(self), "y", position, float(y[position])
        return Pooled(*about, *self.window_of(x, position), self.argmax(x, position))

    def share(self, x: np.ndarray, output: Position, position: Position) -> float:
        """Return 1 if the number is the window's maximum, else 0: see `Pooling2D.share`."""
        # forward: y[output] = x[argmax]
        return float(self.argmax(x, output) == position)


class AveragePooling2D(Pooling2D):
    """Keeps the mean of every window, for each channel by itself.

    Args: see `Pooling2D`.

    Input shape: (samples, height, width, channels). Output shape: (samples, oh, ow, channels).

    Example:
        >>> AveragePooling2D(strides=1).compute_output_shape((None, 24, 24, 64))
        (None, 23, 23, 64)
    """

    def forward(self, x: np.ndarray, training: bool, rng: Rng) -> tuple[np.ndarray, tuple]:
        """Return the mean of each window, (n, oh, ow, c), and ctx: the shape of x."""
        return ops.average_pool2d_forward(x, *self.geometry(x.shape)), x.shape

    def backward(self, dy: np.ndarray, ctx: tuple, input_gradient: bool = True) -> Gradients:
        """Return dx (n, h, w, c): each dy is divided evenly among its window's pixels; and {}."""
        return ops.average_pool2d_backward(dy, ctx, *self.geometry(ctx)), {}

    def explain(self, x: np.ndarray, y: np.ndarray, position: Position) -> Explanation:
        """Return the window whose mean is y[position]: see `Layer.explain`."""
        position = check_position("position", position, y.shape)
        about = label(self), "y", position, float(y[position])
        corner, numbers = self.window_of(x, position)
        return Pooled(*about, corner, numbers.astype(np.float64))

    def share(self, x: np.ndarray, output: Position, position: Position) -> float:
        """Return 1 / (numbers in the window): see `Pooling2D.share`."""
        # forward: y[output] = mean of the window
        return 1 / self.window_of(x, output)[1].size
