"""A row of windows: ReLU of each maximum, and where it was, against a search in plain Python."""

import numpy as np
import pytest

from tests.support.exact import DTYPES, integers
from tinycnn.ops.kernels.blocks.matrix import Matrix
from tinycnn.ops.kernels.blocks.max_window import Maxima, max_pool_row


def searched(window):
    """Return ReLU of the maximum of some numbers, and its index: the first NaN, else the first largest."""
    index = int(np.argmax(window))
    return np.where(window[index] < 0, 0, window[index]), index


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("f", [1, 7, 16, 37])
@pytest.mark.parametrize("pool", [(1, 1), (2, 2), (3, 2), (1, 4)])
def test_a_row_of_windows(pool, f, dtype, rng):
    (ph, pw), columns = pool, 3
    z = integers(rng, ph, columns * pw + 1, f, dtype=dtype)  # few values, so there are many ties
    z[rng.random(z.shape) < 0.05] = np.nan
    y, argmax = np.zeros((columns, f), dtype), np.zeros((columns, f), np.uint8)
    matrix, maxima = Matrix(z.ravel(), 0, z[0].size), Maxima(y.ravel(), argmax.ravel(), 0)
    max_pool_row(matrix, f, pool, maxima, columns)
    for j in range(columns):
        for ch in range(f):
            maximum, index = searched(z[:, j * pw : (j + 1) * pw, ch].ravel())
            np.testing.assert_array_equal(y[j, ch], maximum)
            assert argmax[j, ch] == index
