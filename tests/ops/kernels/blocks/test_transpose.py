"""The transpose against NumPy's, over sizes that no square of vectors divides, also behind a ReLU."""

import numpy as np
import pytest

from tests.support.exact import DTYPES
from tinycnn.ops.kernels.blocks.matrix import Matrix
from tinycnn.ops.kernels.blocks.transpose import transpose


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("shape", [(1, 1), (3, 40), (16, 16), (17, 33), (35, 8)])
def test_rows_become_columns(shape, relu, dtype, rng):
    (rows, columns), gap = shape, 2
    x = rng.standard_normal((rows, columns + gap)).astype(dtype)
    relu_output = rng.integers(-1, 2, x.shape).astype(dtype)
    y = np.full((columns, rows + gap), 9, dtype)
    source, target = Matrix(x.ravel(), 1, columns + gap), Matrix(y.ravel(), 1, rows + gap)
    transpose(source, relu_output.ravel(), not relu, rows, columns, target)
    wanted, inside = np.full_like(y, 9), slice(1, 1 + columns)
    values = np.where(relu_output > 0, x, 0) if relu else x
    wanted[:, 1 : 1 + rows] = values[:, inside].T
    np.testing.assert_array_equal(y, wanted)
