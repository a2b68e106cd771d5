"""The nonzeros of a matrix, listed eight at a time, against `np.nonzero`."""

import numpy as np
import pytest

from tests.support.exact import DTYPES
from tinycnn.ops.kernels.blocks.matrix import Matrix
from tinycnn.ops.kernels.blocks.nonzeros import list_nonzeros, place_table
from tinycnn.ops.kernels.blocks.sparse_gemm import CSR


def listed(x):
    """Return the nonzeros of a matrix as a `CSR`, for a b whose rows lie 7 apart."""
    b_offsets, *bounds = (np.full(count, -1) for count in (x.size, len(x), len(x)))
    nonzeros = CSR(np.full(x.size, np.nan, x.dtype), b_offsets, *bounds)
    positions = np.full(x.shape[1], -1, np.int32)
    matrix = Matrix(x.ravel(), 0, x.shape[1])
    list_nonzeros(matrix, x.shape[1], place_table(), positions, 7, nonzeros)
    return nonzeros


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("length", [0, 1, 7, 8, 9, 16, 31, 256])
@pytest.mark.parametrize("share", [0, 0.3, 1])
def test_the_positions_are_those_of_what_is_not_zero(share, length, dtype, rng):
    x = rng.standard_normal((5, length)).astype(dtype)
    x[rng.random(x.shape) >= share] = 0
    values, b_offsets, starts, ends = listed(x)
    rows, columns = np.nonzero(x)
    np.testing.assert_array_equal(ends, np.cumsum(np.bincount(rows, minlength=5)))
    np.testing.assert_array_equal(starts, [0, *ends[:-1]])
    np.testing.assert_array_equal(b_offsets[: ends[-1]], columns * 7)
    np.testing.assert_array_equal(values[: ends[-1]], x[rows, columns])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("length", [3, 8, 13])  # with a vector of eight and without
def test_nan_and_infinity_are_not_zero_and_minus_zero_is(length, dtype):
    x = np.zeros((1, length), dtype)
    x[0, 1], x[0, 2], x[0, -1] = np.nan, -np.inf, -0.0
    x[0, 0] = np.finfo(dtype).smallest_subnormal
    _, b_offsets, _, ends = listed(x)
    wanted = [0, 7, 14][: 3 - (length == 3)]
    assert b_offsets[: ends[0]].tolist() == wanted


def test_every_pattern_of_zeros_in_eight():
    x = (np.arange(256)[:, None] >> np.arange(8) & 1).astype(np.float32)
    _, b_offsets, _, ends = listed(x)
    np.testing.assert_array_equal(b_offsets[: ends[-1]], 7 * np.nonzero(x)[1])
