"""The sizes of a convolution as one NamedTuple, which compiled kernels take as an argument."""

import functools
from typing import NamedTuple

from tinycnn.utils.geometry import Padding, Pair


class Geometry(NamedTuple):
    """Sizes and distances of a convolution, each as (rows, columns)."""

    kernel_size: Pair
    strides: Pair
    pad_top_left: Pair  # zeros above and to the left of the image
    padded_size: Pair  # of the image with all its zeros
    output: Pair


@functools.lru_cache
def convolution_geometry(
    image_size: Pair, kernel_size: Pair, strides: Pair, padding: Padding
) -> Geometry:
    """Return the `Geometry` of a convolution.

    Args:
        image_size: (h, w).
        kernel_size: (kh, kw).
        strides: (sh, sw).
        padding: ((top, bottom), (left, right)) rows and columns of zeros.

    Example:
        >>> convolution_geometry((28, 28), (3, 3), (1, 1), ((1, 1), (0, 0))).output
        (28, 26)
    """
    padded_size = tuple(side + sum(zeros) for side, zeros in zip(image_size, padding, strict=True))
    sides = zip(padded_size, kernel_size, strides, strict=True)
    output = tuple((side - window) // stride + 1 for side, window, stride in sides)
    pad_top_left = padding[0][0], padding[1][0]
    return Geometry(tuple(kernel_size), tuple(strides), pad_top_left, padded_size, output)
