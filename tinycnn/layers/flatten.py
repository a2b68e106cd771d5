"""The flatten layer."""

import math

import numpy as np

from tinycnn.layers.base import DATA_FORMAT, Layer, Rng, Shape, flat_size
from tinycnn.layers.reshape import Rearrangement


class Flatten(Rearrangement):
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
