"""Images for Winograd's way, and how close it stays to the definition."""

import numpy as np

BOUNDS = {np.float32: 1e-5, np.float64: 1e-13}


def image(rng, n, oh, ow, c, padding, dtype):
    (top, bottom), (left, right) = padding
    size = n, oh + 2 - top - bottom, ow + 2 - left - right, c
    return rng.standard_normal(size).astype(dtype)


def as_float64(*values):
    return [v.astype(np.float64) if isinstance(v, np.ndarray) else v for v in values]


def assert_close(actual, wanted, dtype):
    assert actual.dtype == dtype
    assert actual.shape == wanted.shape
    for size in (np.linalg.norm, lambda numbers: np.abs(numbers).max()):
        assert size(actual - wanted) <= BOUNDS[dtype] * size(wanted)
