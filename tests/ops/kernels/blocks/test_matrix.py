"""A matrix inside of a flat array: what its fields mean, and the type under which compiled code takes it."""

import numba
import numpy as np
import pytest

from tests.support.exact import DTYPES, integers
from tinycnn.ops.kernels.blocks.gemm import RightOperand, gemm, matrix_operand, pad_to_vector_width
from tinycnn.ops.kernels.blocks.matrix import Matrix, View, structure_type


@pytest.mark.parametrize("structure", [Matrix, View])
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_type_is_that_of_its_values(structure, dtype):
    value = structure(np.zeros(3, dtype), *[1] * (len(structure._fields) - 1))
    assert numba.typeof(value) == structure_type(structure, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("row_stride", [0, 5, 9])
def test_a_row_begins_so_many_numbers_behind_the_one_before(row_stride, dtype, rng):
    initial, c = integers(rng, 40, dtype=dtype), np.zeros(15, dtype)
    nothing = matrix_operand.py_func(initial, 0, 0, 0, length=0)
    right = RightOperand(pad_to_vector_width(c[None]).ravel(), 0, 0, 0)
    gemm(Matrix(c, 0, 5), Matrix(initial, 2, row_stride), nothing, right, 3, 5)
    wanted = [initial[2 + r * row_stride : 7 + r * row_stride] for r in range(3)]
    np.testing.assert_array_equal(c.reshape(3, 5), wanted)
