"""Dropout in one pass: whether a position is kept is computed when it is needed, and no mask is stored."""

from typing import NamedTuple

import numpy as np

from tinycnn.ops.kernels.codegen.jit import inlined, jit
from tinycnn.ops.kernels.parallel.grain import WORTH_A_THREAD
from tinycnn.ops.kernels.parallel.thread_pool import workers

# Numbers worth a thread: the hash of one takes as long as 80 multiply-adds.
GRAIN = WORTH_A_THREAD // 80
# The constants of SplitMix64: see `reference.dropout`.
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
FIRST = np.uint64(0xBF58476D1CE4E5B9)
SECOND = np.uint64(0x94D049BB133111EB)


def dropout_forward(x: np.ndarray, rate: float, seed: int) -> np.ndarray:
    """Return y, shaped as x: fast implementation of `reference.dropout_forward`."""
    y = np.empty_like(x)
    mask = mask_parameters(x.dtype, rate, seed)
    workers.run(dropout_span, x.size, GRAIN, x=x.reshape(-1), y=y.reshape(-1), mask=mask)
    return y


class Mask(NamedTuple):
    """The settings of a dropout step: see `reference.dropout`."""

    threshold: np.uint64  # rate · 2**32: positions whose hash is below it are dropped
    scale: np.floating  # 1 / (1 - rate): what kept numbers are multiplied with
    seed: np.uint64


def mask_parameters(dtype: np.dtype, rate: float, seed: int) -> Mask:
    """Return the `Mask` of a rate, 0 to 1, and a seed; its scale has the given dtype."""
    scale = dtype.type(0 if rate == 1 else 1 / (1 - rate))
    return Mask(np.uint64(round(rate * 2**32)), scale, np.uint64(seed))


@jit
def position_hash(seed, position):
    """Return a pseudorandom uint64 below 2**32, by SplitMix64: the hash of `reference.dropout.kept`."""
    z = seed + np.uint64(position + 1) * GOLDEN
    z = (z ^ (z >> np.uint64(30))) * FIRST
    z = (z ^ (z >> np.uint64(27))) * SECOND
    return (z ^ (z >> np.uint64(31))) >> np.uint64(32)


@jit
def dropout_span(start, stop, x, y, mask):
    """Write y[start:stop] = x · scale where kept, else 0; x and y are flat."""
    x, y = x[start:stop], y[start:stop]  # so that the loop counts from 0: see optimizers.py
    for position in range(len(x)):
        # Computed for dropped positions, too: without a branch LLVM uses vector instructions.
        scaled = x[position] * mask.scale
        kept = position_hash(mask.seed, start + position) >= mask.threshold
        y[position] = scaled if kept else x.dtype.type(0)


@inlined
def drop_in_place(start, stop, y, mask):
    """Replace y[start:stop] by y · scale where kept, else 0; y is flat.

    Not `dropout_span` with y twice: for two arrays that might overlap LLVM uses no vector instructions.
    """
    y = y[start:stop]
    for position in range(len(y)):
        scaled = y[position] * mask.scale
        kept = position_hash(mask.seed, start + position) >= mask.threshold
        y[position] = scaled if kept else y.dtype.type(0)


def dropout_backward(dy: np.ndarray, rate: float, seed: int) -> np.ndarray:
    """Return dx, shaped as dy: fast implementation of `reference.dropout_backward`."""
    # forward: y = x · scale where kept, else 0
    return dropout_forward(dy, rate, seed)
