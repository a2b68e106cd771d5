"""Convolutions of odd shapes with what runs behind them in the same kernel, and how results are compared."""

import numpy as np

from tests.support.exact import NONE, integers

SAME = ((1, 1), (1, 1))


CONVOLUTIONS = {  # n, h, w, c, kh, kw, f, strides, padding
    "plain": (3, 8, 9, 2, 3, 3, 5, (1, 1), NONE),
    "padded": (2, 7, 8, 5, 3, 3, 17, (1, 1), SAME),
    "strides": (2, 13, 11, 3, 3, 2, 9, (2, 1), ((1, 0), (0, 1))),
    "stride larger than the window": (1, 18, 19, 4, 2, 2, 33, (3, 4), NONE),
    "one column of output": (2, 9, 3, 8, 2, 3, 8, (1, 1), NONE),
    "1x1": (2, 5, 6, 17, 1, 1, 16, (1, 1), NONE),
    "more samples than chunks": (19, 6, 6, 1, 3, 3, 4, (1, 1), NONE),
    "64 filters": (1, 9, 9, 3, 4, 4, 64, (1, 1), NONE),
    "no samples": (0, 7, 7, 2, 3, 3, 4, (1, 1), NONE),
    "gray": (5, 12, 19, 1, 5, 5, 6, (1, 1), ((2, 1), (0, 3))),
    "gray, one number of many": (2, 9, 17, 1, 9, 1, 8, (1, 1), NONE),
    "gray, as wide as the window": (9, 7, 7, 1, 2, 7, 1, (1, 1), NONE),
    "gray, no samples": (0, 7, 7, 1, 3, 3, 4, (1, 1), SAME),
}


POOLS = ((1, 1), (2, 2), (2, 3), (3, 3), (4, 4), (1, 2), (5, 1))


def some_convolution(case, rng, dtype):
    n, h, w, c, kh, kw, f, strides, padding = CONVOLUTIONS[case]
    x, kernel = integers(rng, n, h, w, c, dtype=dtype), integers(rng, kh, kw, c, f, dtype=dtype)
    bias = integers(rng, f, dtype=dtype)
    kernel[..., 0], bias[0] = -1, -100  # a dead unit
    return (x, kernel, bias, strides, padding)


def poolings(output):
    """Return the POOLS that fit an output, most of which do not divide it."""
    return [pool for pool in POOLS if pool[0] <= output[0] and pool[1] <= output[1]]


def assert_equal(actual, wanted, dtype):
    for one, other in zip(actual, wanted, strict=True):
        if other is None:
            assert one is None
        else:
            assert one.dtype == dtype
            np.testing.assert_array_equal(one, other)


def assert_close(actual, wanted, bound):
    for one, other in zip(actual, wanted, strict=True):
        assert np.linalg.norm(one - other) <= bound * np.linalg.norm(other)
