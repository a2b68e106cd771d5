"""The reshape layer."""

import math
from collections.abc import Sequence

import numpy as np

from tinycnn.layers.base import Gradients, Layer, Rng, Shape, flat_size
from tinycnn.layers.explaining import check_position, gradient_sum, label
from tinycnn.layers.explanation import Elementwise, Explanation, Position
from tinycnn.utils.validation import check_int


class Rearrangement(Layer):
    """Base of `Reshape` and `Flatten`: y has the numbers of x, in reading order, in another shape.

    Args:
        options: see `Layer`.
    """

    def backward(self, dy: np.ndarray, ctx: tuple, input_gradient: bool = True) -> Gradients:
        """Return the same numbers in the shape of x, which is ctx, and {}."""
        return dy.reshape(ctx), {}

    def explain(self, x: np.ndarray, y: np.ndarray, position: Position) -> Explanation:
        """Return which number of x it is: see `Layer.explain`."""
        position = check_position("position", position, y.shape)
        source = moved(position, y.shape, x.shape)
        about = label(self), "y", position, float(y[position])
        return Elementwise(*about, source, float(x[source]), "x: only its position is another one")

    def explain_input_gradient(
        self, x: np.ndarray, y: np.ndarray, dy: np.ndarray, position: Position
    ) -> Explanation:
        """Return where the gradient stood in dy: see `Layer.explain_input_gradient`."""
        position = check_position("position", position, x.shape)
        uses = [moved(position, x.shape, y.shape)], np.ones(1)
        return gradient_sum(self, "dL/dx", position, uses, (dy, dy))


class Reshape(Rearrangement):
    """The same numbers, in reading order, in another shape.

    Args:
        target_shape: of one sample, whole numbers from 1; one of them may be -1 and is found out.
        options: see `Layer`.

    Raises:
        TypeError, ValueError: for an option that is not there, with its name and value.

    Example:
        >>> Reshape((28, 28, 1)).compute_output_shape((None, 784))
        (None, 28, 28, 1)
        >>> Reshape((-1, 4)).compute_output_shape((None, 3, 8))
        (None, 6, 4)
    """

    config_names = (*Layer.config_names, "target_shape")
    examples = (({"target_shape": (3, 2, 2)}, (12,)), ({"target_shape": (-1, 3)}, (2, 3, 2)))

    def __init__(self, target_shape: Sequence[int], **options: object):
        super().__init__(**options)
        if not isinstance(target_shape, tuple | list):
            raise ValueError(
                "target_shape must be the shape of one sample, such as (28, 28, 1). "
                f"Received: target_shape={target_shape!r}"
            )
        sizes = [check_int("target_shape", size, low=-1) for size in target_shape]
        if 0 in sizes or sizes.count(-1) > 1:
            raise ValueError(
                "target_shape must be of whole numbers from 1, and may have one -1. "
                f"Received: target_shape={tuple(target_shape)}"
            )
        self.target_shape = tuple(sizes)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (n, *target_shape), without a -1."""
        known = math.prod(size for size in self.target_shape if size != -1)
        fits = None not in input_shape[1:] and flat_size(input_shape) % known == 0
        left = flat_size(input_shape) // known if fits else 0
        if not fits or (left != 1 and -1 not in self.target_shape):
            raise ValueError(
                f"Samples of shape {tuple(input_shape[1:])} have not as many numbers as "
                f"target_shape={self.target_shape}."
            )
        return (input_shape[0], *(left if size == -1 else size for size in self.target_shape))

    def forward(self, x: np.ndarray, training: bool, rng: Rng) -> tuple[np.ndarray, tuple]:
        """Return the same numbers, (n, *target_shape)."""
        return x.reshape(self.compute_output_shape(x.shape)), x.shape


def moved(position: Position, before: Shape, after: Shape) -> Position:
    """Return where a number of an array of one shape stands when that takes another shape.

    Example:
        >>> moved((1, 0), (2, 3), (6,))
        (3,)
    """
    place = np.ravel_multi_index(position, before)
    return tuple(int(each) for each in np.unravel_index(place, after))
