"""Which algorithm a convolution runs: TABLE lists choices for each operation; the first that fits is taken.

direct           `direct.py`, `window_gradients.py`: windows as rows of a matrix, for every shape
winograd         `winograd.py`, `winograd_gradient.py`: 3 x 3 with a quarter of the multiplications
few_channels     `few_channels.py`: pixels side by side in a vector, where channels would not fill it
single_channel   `single_channel.py`: the same for the first layer of a small net
sparse           `relu_max_pool.py`: backward with only the gradients that a pooling let pass
"""

import functools
from collections.abc import Callable
from typing import NamedTuple

from tinycnn.ops.kernels.convolution import winograd
from tinycnn.utils.geometry import Padding, Pair, window_geometry

FEW = 4  # channels: with fewer, rows of windows are too short to be added as vectors
FILTERS = 8  # so many fit a vector of eight float32


class Problem(NamedTuple):
    """The sizes that the choice of an algorithm depends on.

    The numbers of samples and threads are not among them: the bits of a sample's result depend on neither.
    """

    size: Pair  # of the image, (h, w)
    kernel_shape: tuple[int, int, int, int]  # (kh, kw, c, f)
    strides: Pair
    padding: Padding
    pool: Pair = (1, 1)  # (ph, pw), window and strides of a pooling behind the convolution
    input_gradient: bool = True  # whether dx is wanted by the backward step


class Choice(NamedTuple):
    """A row of the table. `python -m benchmarks.algorithms` measures whether each choice is the fastest."""

    algorithm: str  # its name, see above
    fits: Callable[[Problem], bool]  # whether to take it for these sizes
    reason: str


def winograd_forward(problem: Problem, samples: int = 1) -> bool:
    """Return True for 3 x 3 kernels with strides of 1 where Winograd's algorithm is faster: see `pays`."""
    size, (kh, kw, _, _), strides, padding = problem[:4]
    output, _, _ = window_geometry(size, (kh, kw), strides, padding)
    return winograd.pays(output, problem.kernel_shape, strides, samples)


def winograd_backward_kernel(problem: Problem) -> bool:
    """As `winograd_forward`, but the products sum over the tiles of many samples."""
    return winograd_forward(problem, samples=8)


def winograd_whole_windows(problem: Problem) -> bool:
    """As `winograd_forward`, and ph divides the 4 rows of a tile: no window lies across two tiles."""
    return winograd.OUT % problem.pool[0] == 0 and winograd_forward(problem)


def winograd_backward_input(problem: Problem) -> bool:
    """Return whether Winograd's algorithm is faster for dx, the convolution of dy with the rotated kernel.

    dy is padded by 2 - top and 2 - left, which must not be negative.
    """
    kh, kw, c, f = problem.kernel_shape
    (top, _), (left, _) = problem.padding
    return max(top, left) <= 2 and winograd.pays(problem.size, (kh, kw, f, c), problem.strides)


def few_channels(problem: Problem) -> bool:
    """Return True for fewer than 4 channels, strides of 1, and less padding left and right than kw."""
    _, kw, c, _ = problem.kernel_shape
    return c < FEW and problem.strides == (1, 1) and max(problem.padding[1]) < kw


def single_channel(problem: Problem) -> bool:
    """Return True for gray images (one channel), at most 8 filters and strides of 1."""
    _, _, c, f = problem.kernel_shape
    return c == 1 and f <= FILTERS and problem.strides == (1, 1)


def single_channel_alone(problem: Problem) -> bool:
    """As `single_channel`, and dx is not wanted: `single_channel.py` computes none."""
    return single_channel(problem) and not problem.input_gradient


def always(problem: Problem) -> bool:
    """Return True: the algorithm fits every size."""
    return True


DIRECT = Choice("direct", always, "no transform and no copy of a window: right for every shape")
TABLE = {
    "forward": (
        Choice(
            "winograd",
            winograd_forward,
            "a quarter of the multiplications: 1.6 times as fast from 32 to 64 channels",
        ),
        DIRECT,
    ),
    "max_pool_forward": (
        Choice(
            "winograd",
            winograd_whole_windows,
            "as forward, and in the cache: 1.9 times as fast from 32 to 64 channels",
        ),
        DIRECT,
    ),
    "average_pool_forward": (
        Choice(
            "single_channel",
            single_channel,
            "pixels fill the vectors, and planes are pooled in the cache: LeNet's first layer twice",
        ),
        Choice("direct", always, "convolve by the table above, then activate and pool row by row"),
    ),
    "backward_input": (
        Choice(
            "few_channels",
            few_channels,
            "8 lanes at work, not 1: 3.4 times as fast for gray pictures, twice for colours",
        ),
        Choice(
            "winograd",
            winograd_backward_input,
            "as forward, of the rotated kernel: 1.5 times as fast from 32 to 64 channels",
        ),
        DIRECT,
    ),
    "backward_kernel": (
        Choice(
            "winograd",
            winograd_backward_kernel,
            "a quarter of the multiplications: 1.8 times as fast from 32 to 64 channels",
        ),
        DIRECT,
    ),
    "max_pool_backward": (
        Choice(
            "sparse",
            always,
            "three of four gradients are zero behind a 2 x 2 pooling, and are not multiplied",
        ),
    ),
    "average_pool_backward": (
        Choice(
            "single_channel",
            single_channel_alone,
            "as forward: 1.8 times as fast for LeNet's first layer",
        ),
        Choice("direct", always, "go back through the means, then by the tables above"),
    ),
}


@functools.lru_cache
def select(operation: str, problem: Problem) -> str:
    """Return the name of the first algorithm in TABLE[operation] that fits.

    Example:
        >>> select("forward", Problem((26, 26), (3, 3, 32, 64), (1, 1), ((0, 0), (0, 0))))
        'winograd'
    """
    return next(choice.algorithm for choice in TABLE[operation] if choice.fits(problem))
