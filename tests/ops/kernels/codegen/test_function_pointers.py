"""Calling a compiled function by its address: whole numbers of any kind arrive, and so do errors inside."""

import numba
import numpy as np
import pytest
from numba import types

from tests.support.marks import compiled_only
from tinycnn.ops.kernels.blocks.matrix import Matrix, structure_type
from tinycnn.ops.kernels.codegen.function_pointers import (
    INT64,
    address,
    call,
    flat_array,
    passed_kind,
)


@numba.njit
def fill(matrix, pair, value):
    if value < 0:
        raise ValueError("negative")
    matrix.array[matrix.offset + pair[0]] = value
    matrix.array[matrix.offset + pair[1]] = matrix.row_stride


@numba.njit
def jump(where, array, small):
    call(where, (Matrix(array, 1, row_stride=7), (small, 2), array[0] - 5))


@compiled_only
def test_arguments_and_errors_go_through():
    kinds = structure_type(Matrix, np.float64), types.UniTuple(INT64, 2), types.float64
    where, array = address(fill, kinds), np.array([8.0, 0, 0, 0])
    jump(where, array, np.int8(1))
    np.testing.assert_array_equal(array, [8, 0, 3, 7])
    array[0] = 4
    with pytest.raises(ValueError, match="negative"):
        jump(where, array, np.int8(1))


def test_whole_numbers_are_passed_as_one_kind_also_inside_of_tuples():
    assert passed_kind(types.literal(3)) == passed_kind(types.int8) == INT64
    given = types.NamedTuple((flat_array(np.float32), types.int8, types.uint32), Matrix)
    assert passed_kind(given) == structure_type(Matrix, np.float32)
    assert passed_kind(types.Tuple((types.int32, types.float32))) == types.Tuple(
        (INT64, types.float32)
    )
