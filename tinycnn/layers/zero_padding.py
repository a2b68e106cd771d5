"""The zero padding layer."""

import numpy as np

from tinycnn.layers.base import DATA_FORMAT, Gradients, Layer, Rng, Shape
from tinycnn.layers.explaining import check_position, gradient_sum, label
from tinycnn.layers.explanation import Elementwise, Explanation, Position
from tinycnn.layers.window import check_images
from tinycnn.utils.geometry import Padding, Pair
from tinycnn.utils.validation import check_int


def padding_pairs(value: int | Pair | Padding) -> Padding:
    """Return ((top, bottom), (left, right)) from a number, one for each axis, or one for each side.

    Raises:
        ValueError: for anything but whole numbers from 0.

    Example:
        >>> padding_pairs(1), padding_pairs((2, (0, 1)))
        (((1, 1), (1, 1)), ((2, 2), (0, 1)))
    """
    axes = value if isinstance(value, tuple | list) else (value, value)
    sides = [axis if isinstance(axis, tuple | list) else (axis, axis) for axis in axes]
    if len(sides) != 2 or any(len(side) != 2 for side in sides):
        raise ValueError(
            "padding must be a whole number, two, or ((top, bottom), (left, right)). "
            f"Received: padding={value!r}"
        )
    vertical, horizontal = (tuple(check_int("padding", n, low=0) for n in side) for side in sides)
    return vertical, horizontal


class ZeroPadding2D(Layer):
    """Puts rows and columns of zeros around images.

    Args:
        padding: how many: a whole number from 0, one for rows and one for columns, or
            ((top, bottom), (left, right)).
        data_format: only at Keras's default.
        options: see `Layer`.

    Input shape: (samples, height, width, channels). Output shape: the same, larger.

    Raises:
        TypeError, ValueError: for an option that is not there, with its name and value.

    Example:
        >>> ZeroPadding2D(((2, 2), (0, 1))).compute_output_shape((None, 28, 28, 1))
        (None, 32, 29, 1)
    """

    config_names = (*Layer.config_names, "padding")
    fixed_options = Layer.fixed_options | {"data_format": DATA_FORMAT}
    examples = (({}, (3, 2, 2)), ({"padding": ((0, 2), (1, 0))}, (2, 3, 1)))

    def __init__(
        self,
        padding: int | Pair | Padding = (1, 1),
        data_format: str | None = None,
        **options: object,
    ):
        super().__init__(data_format=data_format, **options)
        self.padding = padding_pairs(padding)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (n, h + top + bottom, w + left + right, c)."""
        n, h, w, c = check_images(self, input_shape)
        return n, h + sum(self.padding[0]), w + sum(self.padding[1]), c

    def forward(self, x: np.ndarray, training: bool, rng: Rng) -> tuple[np.ndarray, None]:
        """Return x with zeros around, (n, h + top + bottom, w + left + right, c)."""
        return np.pad(x, ((0, 0), *self.padding, (0, 0))), None

    def backward(self, dy: np.ndarray, ctx: None, input_gradient: bool = True) -> Gradients:
        """Return dx (n, h, w, c): what lies under the image."""
        (top, bottom), (left, right) = self.padding
        # forward: y[top + i, left + j] = x[i, j]
        dx = dy[:, top : dy.shape[1] - bottom, left : dy.shape[2] - right]
        return np.ascontiguousarray(dx), {}

    def explain(self, x: np.ndarray, y: np.ndarray, position: Position) -> Explanation:
        """Return the number of x, or that it is a zero of the padding: see `Layer.explain`."""
        row, column, c = position = check_position("position", position, y.shape)
        source = row - self.padding[0][0], column - self.padding[1][0], c
        about = label(self), "y", position, float(y[position])
        if not all(0 <= place < size for place, size in zip(source, x.shape, strict=True)):
            return Padded(*about)
        return Elementwise(*about, source, float(x[source]), "x: only its position is another one")

    def explain_input_gradient(
        self, x: np.ndarray, y: np.ndarray, dy: np.ndarray, position: Position
    ) -> Explanation:
        """Return where the gradient stood in dy: see `Layer.explain_input_gradient`."""
        row, column, c = position = check_position("position", position, x.shape)
        output = row + self.padding[0][0], column + self.padding[1][0], c
        return gradient_sum(self, "dL/dx", position, ([output], np.ones(1)), (dy, dy))


class Padded(Explanation):
    """A zero that the layer has put beside the image."""

    def lines(self) -> list[str]:
        """Return that it belongs to the padding."""
        return ["a zero of the padding: no number of x stands here"]
