"""The product in registers against NumPy's: every tile, exactly on integers."""

import numpy as np
import pytest

from tests.support.exact import DTYPES, integers
from tests.support.tiles import USED_TILES, tiles_of
from tinycnn.ops.kernels.blocks.gemm import (
    LeftOperand,
    RightOperand,
    gemm,
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
