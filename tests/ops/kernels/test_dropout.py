"""Dropout against its definition, to the last bit."""

import numpy as np
import pytest

from tests.support.exact import DTYPES
from tinycnn.ops import kernels, reference


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [0, 1, 17, 5001])
def test_the_mask_is_exact(size, dtype, rng):
    x, dy = rng.standard_normal(size).astype(dtype), rng.standard_normal(size).astype(dtype)
    for rate, seed in ((0, 1), (0.25, 2**64 - 1), (0.999, 7), (1, 7)):
        y = reference.dropout_forward(x, rate, seed)
        assert y.dtype == dtype
        np.testing.assert_array_equal(kernels.dropout_forward(x, rate, seed), y)
        np.testing.assert_array_equal(
            kernels.dropout_backward(dy, rate, seed), reference.dropout_backward(dy, rate, seed)
        )
