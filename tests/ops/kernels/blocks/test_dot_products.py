"""Dot products along vectors against NumPy's: every tile, and a window of x for each column."""

import numpy as np
import pytest

from tests.support.exact import DTYPES, integers
from tinycnn.ops.kernels.blocks.dot_products import COLUMNS, ROWS, add_dot_products
from tinycnn.ops.kernels.blocks.matrix import Matrix
from tinycnn.ops.kernels.codegen.vector_builder import VECTOR_BYTES


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("vectors", [0, 1, 5])
def test_every_tile_adds_to_what_is_there(vectors, dtype, rng):
    lanes = VECTOR_BYTES // np.dtype(dtype).itemsize
    for rows in (*range(1, ROWS + 2), 5):
        for columns in (*range(1, COLUMNS + 2), 17):
            sums = integers(rng, rows, columns, lanes, dtype=dtype)
            z = integers(rng, rows, vectors * lanes + 1, dtype=dtype)
            # Rows of x that overlap, or with a gap between them.
            step = 1 if columns % 2 else vectors * lanes + 3
            x = integers(rng, 2 + columns * step + vectors * lanes, dtype=dtype)
            wanted = sums.sum(axis=2)
            for s in range(columns):
                wanted[:, s] += z[:, 1:] @ x[2 + s * step :][: vectors * lanes]
            out = Matrix(sums.ravel(), 0, columns * lanes)
            left = Matrix(z.ravel(), 1, vectors * lanes + 1)
            add_dot_products(out, left, Matrix(x, 2, step), rows, columns, vectors)
            np.testing.assert_array_equal(sums.sum(axis=2), wanted)
