"""Where windows go on images: whole numbers, checked where they are given, computed once for each size."""

import dataclasses
import functools

from tinycnn.utils.arrays import check_ints
from tinycnn.utils.kept_transform import MADE_ANEW, KeptTransform, MadeAnew

Pair = tuple[int, int]
Padding = tuple[Pair, Pair]  # ((top, bottom), (left, right)) rows and columns of zeros
NO_PADDING = ((0, 0), (0, 0))
MOST_PADDING = 2**31 - 1
FUSED_ACTIVATIONS = ("relu", "tanh")


def conv2d_output(size: Pair, kernel: Pair, strides: Pair, padding: Padding) -> Pair:
    """Return (oh, ow), the size of a convolution's or a pooling's output.

    Raises:
        ValueError: if these are not whole numbers, or the window does not fit into the padded image.

    Example:
        >>> conv2d_output((28, 28), (3, 3), (1, 1), ((0, 0), (0, 0)))
        (26, 26)
    """
    size, kernel = check_ints("size", size, (2,)), check_ints("the window", kernel, (2,))
    return geometry(size, kernel, strides, padding)[0]


def geometry(
    size: Pair, window: Pair, strides: Pair, padding: Padding
) -> tuple[Pair, Pair, Padding]:
    """Return (oh, ow), strides and padding, all int; strides no larger than the image: all those do the same.

    Args:
        size: of the image, (h, w).
        window: its rows and columns, (kh, kw).
        strides, padding: of the convolution or pooling.

    Raises:
        ValueError: if these are not whole numbers, or the window does not fit.
    """
    strides, padding = check_ints("strides", strides, (2,)), check_padding(padding)
    return window_geometry(size, window, strides, padding)


def check_padding(padding: Padding) -> Padding:
    """Return padding as int, no more than what sums in compiled code can hold; else raise ValueError."""
    checked = check_ints("padding", padding, (2, 2))
    if max(*checked[0], *checked[1]) > MOST_PADDING:
        raise ValueError(f"padding must be {MOST_PADDING} at most. Received: {padding!r}")
    return checked


@functools.lru_cache
def window_geometry(
    size: Pair, window: Pair, strides: Pair, padding: Padding
) -> tuple[Pair, Pair, Padding]:
    """Return what `geometry` does, of numbers known to be int: True and 1.0 would be found for 1, too."""
    (h, w), (kh, kw), (sh, sw), ((top, bottom), (left, right)) = size, window, strides, padding
    rows, columns = h + top + bottom, w + left + right
    if min(top, bottom, left, right) < 0:
        raise ValueError(f"padding must not be negative. Received: {padding}")
    if min(kh, kw, sh, sw) < 1 or rows < kh or columns < kw:
        raise ValueError(
            f"A window of {window} with strides {strides} does not fit into an image of "
            f"{(rows, columns)}, padding included. Use a smaller window, larger images, or "
            "padding='same'."
        )
    output = (rows - kh) // sh + 1, (columns - kw) // sw + 1
    return output, (min(sh, rows), min(sw, columns)), padding


def same_padding(size: Pair, window: Pair, strides: Pair) -> Padding:
    """Return the padding with which the output has ceil(size / strides) rows and columns.

    What cannot be split evenly goes below and to the right, as in TensorFlow.

    Raises:
        ValueError: if these are not whole numbers from 1.

    Example:
        >>> same_padding((28, 28), (3, 3), (2, 2))
        ((0, 1), (0, 1))
    """
    size, window, strides = (
        check_ints(name, sizes, (2,))
        for name, sizes in (("size", size), ("the window", window), ("strides", strides))
    )
    if min(*size, *window, *strides) < 1:
        raise ValueError(f"Sizes and strides begin with 1. Received: {size}, {window}, {strides}")
    lacking = [
        max((-(-length // stride) - 1) * stride + width - length, 0)
        for length, width, stride in zip(size, window, strides, strict=True)
    ]
    (above, left), (rows, columns) = [lack // 2 for lack in lacking], lacking
    return (above, rows - above), (left, columns - left)


@dataclasses.dataclass(frozen=True)
class FusedConvolution:
    """What a convolution does, besides its arrays, that runs as one with the layers behind it.

    Args:
        strides: (sh, sw), whole numbers from 1.
        padding: ((top, bottom), (left, right)), whole numbers from 0.
        pool: (ph, pw), the size of the pooling's windows and the steps between them; (1, 1) without one.
        activation: "relu" or "tanh".
        filters: a `KeptTransform` for predictions, whose kernels seldom change.

    Raises:
        ValueError: for anything else.

    Example:
        >>> FusedConvolution((1, 1), ((0, 0), (0, 0)), pool=(2, 2)).activation
        'relu'
    """

    strides: Pair
    padding: Padding
    pool: Pair = (1, 1)
    activation: str = "relu"
    filters: KeptTransform | MadeAnew = dataclasses.field(default=MADE_ANEW, compare=False)

    def __post_init__(self):
        for name in ("strides", "pool"):
            object.__setattr__(self, name, check_ints(name, getattr(self, name), (2,)))
        object.__setattr__(self, "padding", check_padding(self.padding))
        if not isinstance(self.filters, KeptTransform | MadeAnew):
            raise ValueError(f"filters must be a KeptTransform. Received: {self.filters!r}")
        if not isinstance(self.activation, str) or self.activation not in FUSED_ACTIVATIONS:
            raise ValueError(
                f"activation must be one of 'relu', 'tanh'. Received: {self.activation!r}"
            )
