"""Dropout: while training, set each number to 0 with a given probability (the rate).

The mask is not stored. Whether position p is kept is a pure function of (seed, p), so the forward step,
the backward step, any number of threads and any fused step compute the same mask.

Source: N. Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", 2014.
The hash is SplitMix64: G. Steele, D. Lea, C. Flood, "Fast Splittable Pseudorandom Number Generators", 2014.
"""

import numpy as np

# The constants of SplitMix64: what the counter is multiplied with, and the factors of its two mixing steps.
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
FIRST = np.uint64(0xBF58476D1CE4E5B9)
SECOND = np.uint64(0x94D049BB133111EB)


def keep_threshold(rate: float) -> np.uint64:
    """Return rate · 2**32: a position is dropped if its 32-bit hash is below that."""
    return np.uint64(round(rate * 2**32))


def keep_scale(rate: float, dtype: np.dtype) -> np.floating:
    """Return 1 / (1 - rate), what kept numbers are multiplied with so that the mean stays; 0 for rate 1."""
    return dtype.type(0 if rate == 1 else 1 / (1 - rate))


def kept(shape: tuple, rate: float, seed: int) -> np.ndarray:
    """Return which positions are kept: a boolean array of this shape.

    Args:
        shape: of the array; positions are counted in reading order.
        rate: the share to drop, 0 to 1.
        seed: 0 to 2**64 - 1, another one for every training step.

    Example:
        >>> bool(abs(kept((1000, 1000), 0.25, 7).mean() - 0.75) < 0.002)
        True
    """
    position = np.arange(np.prod(shape, dtype=np.int64), dtype=np.uint64)
    z = np.uint64(seed) + (position + np.uint64(1)) * GOLDEN  # wraps round at 2**64, as meant
    z = (z ^ (z >> np.uint64(30))) * FIRST
    z = (z ^ (z >> np.uint64(27))) * SECOND
    z = (z ^ (z >> np.uint64(31))) >> np.uint64(32)  # the upper 32 bits are the hash
    return (z >= keep_threshold(rate)).reshape(shape)


def dropout_forward(x: np.ndarray, rate: float, seed: int) -> np.ndarray:
    """Return x with dropped positions set to 0 and the others multiplied with 1 / (1 - rate).

    Args:
        x: any shape.
        rate: the share to drop, 0 to 1.
        seed: 0 to 2**64 - 1, another one for every training step.

    Returns:
        y, shaped as x.
    """
    scale = keep_scale(rate, x.dtype)
    return np.where(kept(x.shape, rate, seed), x * scale, x.dtype.type(0))


def dropout_backward(dy: np.ndarray, rate: float, seed: int) -> np.ndarray:
    """Return dx: dy with the mask and the scale of the forward step.

    Args:
        dy: gradient of the loss with respect to y, any shape.
        rate, seed: those of the forward step.

    Returns:
        dx, shaped as dy.
    """
    # forward: y = x · scale where kept, else 0
    return dropout_forward(dy, rate, seed)
