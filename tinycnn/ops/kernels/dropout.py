"""Dropout in one pass: the mask is computed where it is used and never stored."""

import numpy as np

from tinycnn.ops.kernels.codegen.jit import inlined, jit
from tinycnn.ops.kernels.parallel.thread_pool import workers

WORTH_A_THREAD = 50_000  # numbers
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
FIRST = np.uint64(0xBF58476D1CE4E5B9)
SECOND = np.uint64(0x94D049BB133111EB)


def dropout_forward(x: np.ndarray, rate: float, seed: int) -> np.ndarray:
    """Fast implementation of `reference.dropout_forward`."""
    y = np.empty_like(x)
    flat, mask = (x.reshape(-1), y.reshape(-1)), mask_parameters(x.dtype, rate, seed)
    workers.run(dropout_span, x.size, WORTH_A_THREAD, *flat, *mask)
    return y


def mask_parameters(
    dtype: np.dtype, rate: float, seed: int
) -> tuple[np.uint64, np.floating, np.uint64]:
    """Return what `dropout_span` needs: the threshold of the hash, the scale of what is kept, the seed."""
    scale = dtype.type(0 if rate == 1 else 1 / (1 - rate))
    return np.uint64(round(rate * 2**32)), scale, np.uint64(seed)


@jit
def position_hash(seed, position):
    """Return 32 bits that look random: SplitMix64, see the definition."""
    z = seed + np.uint64(position + 1) * GOLDEN
    z = (z ^ (z >> np.uint64(30))) * FIRST
    z = (z ^ (z >> np.uint64(27))) * SECOND
    return (z ^ (z >> np.uint64(31))) >> np.uint64(32)


@jit
def dropout_span(start, stop, x, y, threshold, scale, seed):
    """Drop positions start to stop by the hash of (seed, position)."""
    x, y = x[start:stop], y[start:stop]  # from 0 on: see optimizers.py
    for position in range(len(x)):
        # Always, because what is computed in one branch only does not become vector instructions.
        scaled = x[position] * scale
        kept = position_hash(seed, start + position) >= threshold
        y[position] = scaled if kept else x.dtype.type(0)


@inlined
def drop_in_place(start, stop, y, threshold, scale, seed):
    """Do the same in one array."""
    y = y[start:stop]
    for position in range(len(y)):
        scaled = y[position] * scale
        kept = position_hash(seed, start + position) >= threshold
        y[position] = scaled if kept else y.dtype.type(0)


def dropout_backward(dy: np.ndarray, rate: float, seed: int) -> np.ndarray:
    """Fast implementation of `reference.dropout_backward`: the same mask and scale once more."""
    # forward: y = x · scale where kept, else 0
    return dropout_forward(dy, rate, seed)
