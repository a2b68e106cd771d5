"""The pooling layers: images get smaller, small shifts matter less."""

import math

import numpy as np

from tinycnn import ops
from tinycnn.layers.base import DATA_FORMAT, Layer, Shape, flat_size
from tinycnn.layers.explaining import check_position, gradient_sum, label
from tinycnn.layers.explanation import Explanation, Pooled, Position
from tinycnn.layers.window import output_of, padding_name, padding_of, window_at, windows_over
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

    def window_of(self, x: np.ndarray, position: Position) -> tuple[Position, np.ndarray]:
        """Return the window of one output, cut at the border: where it begins in x, and its numbers."""
        *place, c = position
        window = window_at(self, self.pool_size, x.shape, place)
        return (window.rows.start, window.columns.start, c), x[window.rows, window.columns, c]

    def share(self, x: np.ndarray, output: Position, position: Position) -> float:
        """Return the share that an output takes of the number of x at this position in its window."""
        raise TypeError(f"{type(self).__name__} does not say what it makes of its windows")

    def explain_input_gradient(
        self, x: np.ndarray, y: np.ndarray, dy: np.ndarray, position: Position
    ) -> Explanation:
        """Return what each window hands back to a number: see `Layer.explain_input_gradient`."""
        *place, c = position = check_position("position", position, x.shape)
        windows, _ = windows_over(self, self.pool_size, (x.shape, y.shape), place)
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

    def argmax(self, x: np.ndarray, output: Position) -> Position:
        """Return the position in x of a window's maximum; of equal numbers that of the first."""
        (top, left, c), numbers = self.window_of(x, output)
        row, column = divmod(int(numbers.argmax()), numbers.shape[1])
        return top + row, left + column, c

    def explain(self, x: np.ndarray, y: np.ndarray, position: Position) -> Explanation:
        """Return the window and its argmax: see `Layer.explain`."""
        position = check_position("position", position, y.shape)
        about = label(self), "y", position, float(y[position])
        return Pooled(*about, *self.window_of(x, position), self.argmax(x, position))

    def share(self, x: np.ndarray, output: Position, position: Position) -> float:
        """Return 1 for the argmax of the window, else 0."""
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

    def explain(self, x: np.ndarray, y: np.ndarray, position: Position) -> Explanation:
        """Return the window, whose mean is the output: see `Layer.explain`."""
        position = check_position("position", position, y.shape)
        about = label(self), "y", position, float(y[position])
        corner, numbers = self.window_of(x, position)
        return Pooled(*about, corner, numbers.astype(np.float64))

    def share(self, x: np.ndarray, output: Position, position: Position) -> float:
        """Return the same share for every number of the window."""
        # forward: y[output] = mean of the window
        return 1 / self.window_of(x, output)[1].size
