"""The product that leaves zeros out against the same product with them; integers exactly."""

import numpy as np
import pytest

from tests.support.exact import DTYPES, integers
from tinycnn.ops.kernels.blocks import weighted_rows
from tinycnn.ops.kernels.blocks.matrix import Matrix
from tinycnn.ops.kernels.codegen.vector_builder import VECTOR_BYTES


def nonzeros(x):
    """Return positions and ends of a matrix."""
    positions, ends = np.full(x.size, -1, np.int32), np.full(len(x) + 1, -1)
    matrix = Matrix(x.ravel(), 0, x.shape[1])
    weighted_rows.list_nonzeros(matrix, *x.shape, weighted_rows.place_table(), positions, ends)
    return positions, ends


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("length", [0, 1, 7, 8, 9, 16, 31, 256])
@pytest.mark.parametrize("share", [0, 0.3, 1])
def test_the_positions_are_those_of_what_is_not_zero(share, length, dtype, rng):
    x = rng.standard_normal((5, length)).astype(dtype)
    x[rng.random(x.shape) >= share] = 0
    positions, ends = nonzeros(x)
    rows, columns = np.nonzero(x)
    np.testing.assert_array_equal(ends, [0, *np.cumsum(np.bincount(rows, minlength=5))])
    np.testing.assert_array_equal(positions[: ends[-1]], columns)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("length", [3, 8, 13])  # with a vector of eight and without
def test_nan_and_infinity_are_not_zero_and_minus_zero_is(length, dtype):
    x = np.zeros((1, length), dtype)
    x[0, 1], x[0, 2], x[0, -1] = np.nan, -np.inf, -0.0
    x[0, 0] = np.finfo(dtype).smallest_subnormal
    positions, ends = nonzeros(x)
    wanted = [0, 1, 2][: 3 - (length == 3)]
    assert positions[: ends[1]].tolist() == wanted


def test_every_pattern_of_zeros_in_eight():
    x = (np.arange(256)[:, None] >> np.arange(8) & 1).astype(np.float32)
    positions, ends = nonzeros(x)
    np.testing.assert_array_equal(positions[: ends[-1]], np.nonzero(x)[1])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("share", [0, 0.2, 1])
def test_every_width_is_exact(share, dtype, rng):
    lanes = VECTOR_BYTES // np.dtype(dtype).itemsize
    for columns in (1, lanes - 1, *(lanes * k for k in (1, 2, 3, 4, 12, 31)), 19 * lanes + 3):
        x, rows = integers(rng, 5, 21, dtype=dtype), integers(rng, 21, columns + 2, dtype=dtype)
        x[rng.random(x.shape) >= share] = 0
        initial, out = integers(rng, columns, dtype=dtype), np.full((5, columns + 1), 9, dtype)
        wanted = out.copy()
        wanted[:, :columns] = initial + x @ rows[:, 1 : columns + 1]
        weighted_rows.add_weighted_rows(
            Matrix(out.ravel(), 0, columns + 1),
            Matrix(initial, 0, 0),
            Matrix(x.ravel(), 0, 21),
            Matrix(rows.ravel(), 1, columns + 2),
            *nonzeros(x),
            5,
            columns,
        )
        np.testing.assert_array_equal(out, wanted)
