"""The product in registers against NumPy's: every tile, exactly on integers."""

import numpy as np
import pytest

from tests.support.exact import DTYPES, integers
from tests.support.tiles import USED_TILES, tiles_of
from tinycnn.ops.kernels.blocks.gemm import (
    LeftOperand,
    RightOperand,
    gemm,
    matrix_operand,
    pad_to_vector_width,
)
from tinycnn.ops.kernels.blocks.matrix import Matrix


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_tile_of_the_product_is_exact(dtype, rng):
    lanes, tiles = 64 // np.dtype(dtype).itemsize, set()
    for rows in (*range(1, 14), 25):
        for columns in (1, lanes - 1, lanes, lanes + 1, 3 * lanes + 5, 4 * lanes, 7 * lanes):
            tiles |= tiles_of(rows, columns, np.dtype(dtype).itemsize)
            a, b = integers(rng, rows, 8, dtype=dtype), integers(rng, 8, columns, dtype=dtype)
            start = integers(rng, columns, dtype=dtype)
            c = np.full((rows, columns), np.nan, dtype)
            out, initial = Matrix(c.ravel(), 0, columns), Matrix(start, 0, 0)
            left = LeftOperand(
                array=a.ravel(),
                offset=0,
                row_stride=8,
                k_stride=1,
                segment_stride=4,
                segment_length=4,
                segments=2,
            )
            padded = pad_to_vector_width(b)
            right = RightOperand(padded.ravel(), 0, padded.shape[1], 4 * padded.shape[1])
            gemm(out, initial, left, right, rows, columns)
            np.testing.assert_array_equal(c, start + a @ b)
            gemm(out, out, left, right, rows, columns)
            np.testing.assert_array_equal(c, start + 2 * (a @ b))
    assert tiles == USED_TILES


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_plain_matrix_and_one_that_is_transposed(dtype, rng):
    a, b = integers(rng, 5, 7, dtype=dtype), pad_to_vector_width(integers(rng, 7, 6, dtype=dtype))
    right = RightOperand(b.ravel(), 0, b.shape[1], 0)
    for operand in (
        matrix_operand.py_func(a.ravel(), 0, row_stride=7, k_stride=1, length=7),
        matrix_operand.py_func(
            np.ascontiguousarray(a.T).ravel(), 0, row_stride=1, k_stride=5, length=7
        ),
    ):
        c = np.zeros((5, 6), dtype)
        out = Matrix(c.ravel(), 0, 6)
        gemm(out, out, operand, right, 5, 6)
        np.testing.assert_array_equal(c, a @ b[:, :6])
