"""Arrays that begin where a cache line begins."""

import math

import numpy as np

LINE = 64  # bytes


def aligned_empty(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Return an array with any numbers in it, C-contiguous, that begins at a multiple of 64 bytes.

    NumPy's own begin at multiples of 16, so that a vector of 64 bytes lies across two lines of the cache,
    and takes two steps to load.

    Example:
        >>> aligned_empty((3, 5), np.float32).ctypes.data % 64
        0
    """
    dtype = np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    buffer = np.empty(size + LINE, np.uint8)
    start = -buffer.__array_interface__["data"][0] % LINE
    return buffer[start : start + size].view(dtype).reshape(shape)
