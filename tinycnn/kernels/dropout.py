"""Dropout in one pass: the mask is computed where it is used and never stored."""

import numpy as np

from tinycnn.kernels.compile import jit
from tinycnn.kernels.threads import workers

WORTH_A_THREAD = 50_000  # numbers
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
FIRST = np.uint64(0xBF58476D1CE4E5B9)
SECOND = np.uint64(0x94D049BB133111EB)


def dropout_forward(x: np.ndarray, rate: float, seed: int) -> np.ndarray:
    """Twin of `reference.dropout_forward`."""
    y = np.empty_like(x)
    threshold = np.uint64(round(rate * 2**32))
    scale = x.dtype.type(0 if rate == 1 else 1 / (1 - rate))
    flat = x.reshape(-1), y.reshape(-1)
    workers.run(dropout_span, x.size, WORTH_A_THREAD, *flat, threshold, scale, np.uint64(seed))
    return y


@jit
def dropout_span(start, stop, x, y, threshold, scale, seed):
    """Drop positions start to stop by the hash of (seed, position)."""
    for position in range(start, stop):
        z = seed + np.uint64(position + 1) * GOLDEN
        z = (z ^ (z >> np.uint64(30))) * FIRST
        z = (z ^ (z >> np.uint64(27))) * SECOND
        z = (z ^ (z >> np.uint64(31))) >> np.uint64(32)
        y[position] = x[position] * scale if z >= threshold else x.dtype.type(0)


def dropout_backward(dy: np.ndarray, rate: float, seed: int) -> np.ndarray:
    """Twin of `reference.dropout_backward`: the same mask and scale once more."""
    # forward: y = x · scale where kept, else 0
    return dropout_forward(dy, rate, seed)
