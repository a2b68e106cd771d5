"""Arrays that begin at the start of a cache line."""

import math

import numpy as np

from tinycnn.ops.kernels.codegen.jit import inlined

LINE = 64  # bytes of a cache line


def aligned_empty(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Return an uninitialized C-contiguous array whose address is a multiple of 64 bytes.

    NumPy's own begin at multiples of 16: there a vector of 64 bytes lies across two cache lines, and takes
    two steps to load.

    Example:
        >>> aligned_empty((3, 5), np.float32).ctypes.data % 64
        0
    """
    dtype = np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    # A line too long, so that a multiple of 64 lies in it; the view keeps the buffer alive.
    buffer = np.empty(size + LINE, np.uint8)
    start = -buffer.__array_interface__["data"][0] % LINE
    return buffer[start : start + size].view(dtype).reshape(shape)


@inlined
def aligned_zeros(size, like):
    """Return `size` zeros, a flat array of the dtype of `like`, aligned so too: for compiled code."""
    line = LINE // like.itemsize
    buffer = np.zeros(size + line, like.dtype)
    start = -(buffer.ctypes.data // like.itemsize) % line
    return buffer[start : start + size]
