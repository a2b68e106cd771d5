"""Vectors in emitted code: as wide as the machine's, and every operation does what it says."""

import numba
import numpy as np
import pytest
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from tests.support.exact import DTYPES, integers
from tinycnn.ops.kernels.codegen.vector_builder import (
    VECTOR_BYTES,
    VectorBuilder,
    unpack_arguments,
    vector_shape,
)


@pytest.mark.parametrize(
    ("features", "triple", "wanted"),
    [
        ("+avx512f,+avx2,+fma", "x86_64-unknown-linux-gnu", (64, 4, True)),
        ("+avx2,+fma", "x86_64-pc-windows-msvc", (32, 2, True)),
        ("+avx2", "x86_64-apple-darwin", (32, 2, False)),
        ("+sse2,-avx2", "x86_64-unknown-linux-gnu", (16, 2, False)),
        ("+neon", "aarch64-unknown-linux-gnu", (16, 4, True)),
        ("+neon", "arm64-apple-darwin23.0.0", (16, 4, True)),
    ],
)
def test_the_tile_fits_the_machine(features, triple, wanted):
    assert vector_shape(features, triple) == wanted


@intrinsic
def scaled_sum(typing_context, x, y, width):
    """Write 2 · x + y of the first columns to y, through every way to load, shuffle and store a vector."""
    dtype = x.dtype

    def codegen(context, builder, signature, arguments):
        emit = VectorBuilder(builder, context.get_data_type(dtype))
        x, y, width = unpack_arguments(context, builder, signature, arguments)
        (values,), (total,) = emit.load(x, 1, width), emit.load(y, 1, width)
        two = emit.broadcast(ir.Constant(emit.element, 2), emit.vector)
        total = emit.multiply_add(two, values, total)
        turned = emit.shuffle(total, total, [*range(1, emit.lanes), 0])
        (one,) = emit.loop(
            emit.constant(emit.lanes - 1),
            [turned],
            lambda state: [emit.shuffle(state[0], state[0], [*range(1, emit.lanes), 0])],
        )
        emit.store([emit.subtract(emit.add(one, values), values)], y, width)
        return context.get_dummy_value()

    return types.void(x, y, types.int64), codegen


@numba.njit
def add_twice(x, y, width):
    scaled_sum(x, y, width)


@pytest.mark.parametrize("dtype", DTYPES)
def test_only_the_columns_that_exist_are_read_and_written(dtype, rng):
    for width in range(VECTOR_BYTES // np.dtype(dtype).itemsize):
        x, y = integers(rng, 64, dtype=dtype), integers(rng, 64, dtype=dtype)
        wanted = y.copy()
        wanted[:width] += 2 * x[:width]
        x[width:] = np.nan
        add_twice(x, y, width)
        np.testing.assert_array_equal(y, wanted)
