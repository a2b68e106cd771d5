"""Rows of any length are added, and copied to whole vectors, and nothing beside them is touched."""

import numpy as np
import pytest

from tests.support.exact import DTYPES, integers
from tinycnn.ops.kernels.blocks.matrix import Matrix
from tinycnn.ops.kernels.blocks.matrix_rows import add_matrix, copy_padded
from tinycnn.ops.kernels.codegen.jit import jit
from tinycnn.ops.kernels.codegen.vector_builder import VECTOR_BYTES


@jit
def add(total, x, rows, columns):
    add_matrix(total, x, rows, columns)


@jit
def pad(dy, relu_output, offset, size, out):
    copy_padded(dy, relu_output, offset, size, out)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("columns", [*range(1, 18), 31, 40])
def test_a_matrix_is_added_within_its_rows(columns, dtype, rng):
    rows, width = 3, columns + 2
    total, x = (integers(rng, 1 + rows * width, dtype=dtype) for _ in range(2))
    expected = total.copy()
    inside = expected[1:].reshape(rows, width)[:, :columns]
    inside += x[1:].reshape(rows, width)[:, :columns]
    add(Matrix(total, 1, width), Matrix(x, 1, width), rows, columns)
    np.testing.assert_array_equal(total, expected)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("columns", [*range(1, 18), 31, 40])
def test_rows_are_padded_with_zeros_and_a_relu_is_gone_back_through(columns, relu, dtype, rng):
    rows, lanes = 4, VECTOR_BYTES // np.dtype(dtype).itemsize
    width = -(-columns // lanes) * lanes
    dy, y = (integers(rng, 5 + rows * columns, dtype=dtype) for _ in range(2))
    y[7] = np.nan  # above nothing
    out = np.full(rows * width + 1, 9, dtype)
    pad(dy, y if relu else dy[:0], 5, (rows, columns), out)
    expected = np.where(y > 0, dy, 0) if relu else dy
    result = out[:-1].reshape(rows, width)
    np.testing.assert_array_equal(result[:, :columns], expected[5:].reshape(rows, columns))
    assert not result[:, columns:].any()
    assert out[-1] == 9
