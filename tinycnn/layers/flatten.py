"""The flatten layer."""

import math

import numpy as np

from tinycnn.layers.base import DATA_FORMAT, Gradients, Layer, Rng, Shape, flat_size
from tinycnn.layers.explaining import check_position, gradient_sum, label
from tinycnn.layers.explanation import Elementwise, Explanation, Position


class Flatten(Layer):
    """Reshapes each sample to one axis, in row-major order.

    Args:
        data_format: only at Keras's default.
        options: see `Layer`.

    Example:
        >>> Flatten().compute_output_shape((None, 12, 12, 64))
        (None, 9216)
    """

    fixed_options = Layer.fixed_options | {"data_format": DATA_FORMAT}
    examples = (({}, (3, 2, 2)),)

    def __init__(self, data_format: str | None = None, **options: object):
        super().__init__(data_format=data_format, **options)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (n, the product of the other axes)."""
        if None in input_shape[1:]:
            raise ValueError(f"Flatten takes samples of a fixed size. Received: {input_shape}")
        return (input_shape[0], flat_size(input_shape))

    def forward(self, x: np.ndarray, training: bool, rng: Rng) -> tuple[np.ndarray, tuple]:
        """Return x reshaped to (n, c), and ctx: the shape of x."""
        return x.reshape(len(x), math.prod(x.shape[1:])), x.shape

    def backward(self, dy: np.ndarray, ctx: tuple, input_gradient: bool = True) -> Gradients:
        """Return dy reshaped to the shape of x, and {}."""
        return dy.reshape(ctx), {}

    def explain(self, x: np.ndarray, y: np.ndarray, position: Position) -> Explanation:
        """Return the position in x of the number y[position]: see `Layer.explain`."""
        position = check_position("position", position, y.shape)
        source = tuple(int(index) for index in np.unravel_index(position[0], x.shape))
        about = label(self), "y", position, float(y[position])
        return Elementwise(*about, source, float(x[source]), "x: only its position is another one")

    def explain_input_gradient(
        self, x: np.ndarray, y: np.ndarray, dy: np.ndarray, position: Position
    ) -> Explanation:
        """Return the position in dy of the number dx[position]: see `Layer.explain_input_gradient`."""
        position = check_position("position", position, x.shape)
        uses = [np.ravel_multi_index(position, x.shape)], np.ones(1)
        return gradient_sum(self, "dL/dx", position, uses, (dy, dy))
