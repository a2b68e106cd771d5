"""Sizes of convolutions and poolings: output size, strides and padding, checked and computed.

Both layers and operations need them, so they are here and not in either.
"""

import dataclasses
import functools

from tinycnn.utils.arrays import check_ints
from tinycnn.utils.kept_transform import MADE_ANEW, KeptTransform, MadeAnew

Pair = tuple[int, int]
Padding = tuple[Pair, Pair]  # ((top, bottom), (left, right)) rows and columns of zeros
NO_PADDING = ((0, 0), (0, 0))
MOST_PADDING = 2**31 - 1
# Activations that a fused kernel can apply behind a convolution.
FUSED_ACTIVATIONS = ("relu", "tanh")


def conv2d_output(size: Pair, kernel: Pair, strides: Pair, padding: Padding) -> Pair:
    """Return (oh, ow), the size of a convolution's or a pooling's output.

    Args:
        size: of the image, (h, w).
        kernel: size of the window, (kh, kw) or (ph, pw).
        strides: (sh, sw).
        padding: ((top, bottom), (left, right)).

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
    """Check sizes and return (output, strides, padding) as tuples of int.

    output is (oh, ow). The strides are at most the padded image's rows and columns: larger ones give the same
    output, and backward steps loop over each row and column of a stride.

    Args:
        size: of the image, (h, w), as int.
        window: (kh, kw), as int.
        strides: (sh, sw), whole numbers from 1.
        padding: ((top, bottom), (left, right)), whole numbers from 0.

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
    """Return what `geometry` returns, and keep it for later calls; all numbers must be of type int.

    `lru_cache` takes True and 1.0 for equal to 1: so `geometry` checks types first.
    """
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
    """Return the padding of padding="same": the output gets ceil(h / sh) rows and ceil(w / sw) columns.

    Of an odd number of lines the extra one goes below, or to the right, as in TensorFlow.

    Args:
        size: of the image, (h, w).
        window: (kh, kw).
        strides: (sh, sw).

    Returns:
        ((top, bottom), (left, right)).

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
    # The windows cover (ceil(length / stride) - 1) · stride + width lines; the image has `length` of them.
    rows, columns = (
        max((-(-length // stride) - 1) * stride + width - length, 0)
        for length, width, stride in zip(size, window, strides, strict=True)
    )
    return (rows // 2, rows - rows // 2), (columns // 2, columns - columns // 2)


@dataclasses.dataclass(frozen=True)
class FusedConvolution:
    """The settings of a convolution that is computed together with the activation and pooling behind it.

    Args:
        strides: (sh, sw), whole numbers from 1.
        padding: ((top, bottom), (left, right)), whole numbers from 0.
        pool: (ph, pw), the size of the pooling's windows and its strides; (1, 1): there is no pooling.
        activation: "relu" or "tanh".
        filters: a `KeptTransform` for predictions: it keeps the transformed weights from call to call;
            `MADE_ANEW` for training, in which weights change with every step.

    Raises:
        ValueError: if strides, padding, pool or activation is anything else.

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
