"""Dropout in one pass: the mask is computed where it is used and never stored."""

from typing import NamedTuple

import numpy as np

from tinycnn.ops.kernels.codegen.jit import inlined, jit
from tinycnn.ops.kernels.parallel.grain import WORTH_A_THREAD
from tinycnn.ops.kernels.parallel.thread_pool import workers

GRAIN = WORTH_A_THREAD // 80  # numbers: to hash takes longer than to multiply
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
FIRST = np.uint64(0xBF58476D1CE4E5B9)
SECOND = np.uint64(0x94D049BB133111EB)


def dropout_forward(x: np.ndarray, rate: float, seed: int) -> np.ndarray:
    """Fast implementation of `reference.dropout_forward`."""
    y = np.empty_like(x)
    mask = mask_parameters(x.dtype, rate, seed)
    workers.run(dropout_span, x.size, GRAIN, x=x.reshape(-1), y=y.reshape(-1), mask=mask)
    return y


class Mask(NamedTuple):
    """What decides which positions are dropped, and what becomes of the others."""

    threshold: np.uint64  # hashes below it are dropped
    scale: np.floating  # of what is kept
    seed: np.uint64


def mask_parameters(dtype: np.dtype, rate: float, seed: int) -> Mask:
    """Return the mask of a rate and a seed."""
    scale = dtype.type(0 if rate == 1 else 1 / (1 - rate))
    return Mask(np.uint64(round(rate * 2**32)), scale, np.uint64(seed))


@jit
def position_hash(seed, position):
    """Return 32 bits that look random: SplitMix64, see the definition."""
    z = seed + np.uint64(position + 1) * GOLDEN
    z = (z ^ (z >> np.uint64(30))) * FIRST
    z = (z ^ (z >> np.uint64(27))) * SECOND
    return (z ^ (z >> np.uint64(31))) >> np.uint64(32)


@jit
def dropout_span(start, stop, x, y, mask):
    """Drop positions start to stop by the hash of (seed, position)."""
    x, y = x[start:stop], y[start:stop]  # from 0 on: see optimizers.py
    for position in range(len(x)):
        # Always, because what is computed in one branch only does not become vector instructions.
        scaled = x[position] * mask.scale
        kept = position_hash(mask.seed, start + position) >= mask.threshold
        y[position] = scaled if kept else x.dtype.type(0)


@inlined
def drop_in_place(start, stop, y, mask):
    """Do the same in one array. (Two that might overlap would keep LLVM from using vector instructions.)"""
    y = y[start:stop]
    for position in range(len(y)):
        scaled = y[position] * mask.scale
        kept = position_hash(mask.seed, start + position) >= mask.threshold
        y[position] = scaled if kept else y.dtype.type(0)


def dropout_backward(dy: np.ndarray, rate: float, seed: int) -> np.ndarray:
    """Fast implementation of `reference.dropout_backward`: the same mask and scale once more."""
    # forward: y = x · scale where kept, else 0
    return dropout_forward(dy, rate, seed)
