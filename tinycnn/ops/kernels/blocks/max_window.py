"""Max with argmax of every window, a vector of channels at a time.

LLVM finds no vector instructions for a maximum that remembers its index; so this file emits them. For each
vector of channels the maxima so far and their indices in the window stay in registers while it is read:

    maximum, argmax = first pixel, 0
    for each pixel of the window:    larger = pixel > maximum, or pixel is the first NaN
                                     maximum, argmax = where(larger, (pixel, index), (maximum, argmax))
"""

import functools

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numba.np import arrayobj

from tinycnn.ops.kernels.codegen.function_pointers import INT64, address, flat_array
from tinycnn.ops.kernels.codegen.jit import jit
from tinycnn.ops.kernels.codegen.vector_builder import VECTOR_BYTES, VectorBuilder

BYTE = ir.IntType(8)


def emit_max(emit: VectorBuilder, z: ir.Value, strides: tuple, pool: tuple) -> tuple:
    """Emit the search of one window: return the vectors of the maxima and of their indices.

    Args:
        emit: the builder.
        z: where the window begins.
        strides: elements from row to row and from pixel to pixel.
        pool: rows and columns of the window.
    """
    builder, (row_stride, pixel_stride), (rows, columns) = emit.builder, strides, pool
    # Indices are as wide as numbers until they are stored: one mask of lanes then selects both.
    index_type = ir.IntType(8 * emit.size)
    index_vector = ir.VectorType(index_type, emit.lanes)

    def pixel(state: list[ir.Value]) -> list[ir.Value]:
        address, index, maximum, argmax = state
        (value,) = emit.load(address, 1)
        first_nan = builder.and_(
            builder.fcmp_unordered("uno", value, value),
            builder.fcmp_ordered("ord", maximum, maximum),
        )
        larger = builder.or_(builder.fcmp_ordered(">", value, maximum), first_nan)
        indices = emit.broadcast(builder.trunc(index, index_type), index_vector)
        maximum = builder.select(larger, value, maximum)
        argmax = builder.select(larger, indices, argmax)
        next_index = builder.add(index, emit.constant(1))
        return [emit.offset(address, pixel_stride), next_index, maximum, argmax]

    def row(state: list[ir.Value]) -> list[ir.Value]:
        start, *carried = state
        _, *carried = emit.loop(columns, [start, *carried], pixel)
        return [emit.offset(start, row_stride), *carried]

    (first,) = emit.load(z, 1)
    state = [z, emit.constant(0), first, ir.Constant(index_vector, [0] * emit.lanes)]
    _, _, maximum, argmax = emit.loop(rows, state, row)
    return maximum, builder.trunc(argmax, ir.VectorType(BYTE, emit.lanes))


@intrinsic
def set_max(
    typing_context, z, z_offset, strides, pool, y, y_offset, argmax, argmax_offset, vectors
):
    """Write ReLU of the maximum of a window, and its argmax, for some vectors of channels.

    Args: flat arrays, and where to begin; strides and pool are those of `emit_max`.
    """

    def codegen(context, builder, signature, arguments):
        emit = VectorBuilder(builder, context.get_data_type(z.dtype))

        def pointer(array: int) -> ir.Value:
            kind = signature.args[array]
            return arrayobj.make_array(kind)(context, builder, arguments[array]).data

        strides, pool = (
            [builder.extract_value(arguments[argument], part) for part in (0, 1)]
            for argument in (2, 3)
        )
        z_now, y_now = emit.offset(pointer(0), arguments[1]), emit.offset(pointer(4), arguments[5])
        argmax_now = builder.gep(pointer(6), [arguments[7]], source_etype=BYTE)
        zeros = ir.Constant(emit.vector, [0.0] * emit.lanes)

        def step(state: list[ir.Value]) -> list[ir.Value]:
            z_now, y_now, argmax_now = state
            maximum, indices = emit_max(emit, z_now, strides, pool)
            negative = builder.fcmp_ordered("<", maximum, zeros)
            emit.store([builder.select(negative, zeros, maximum)], y_now)
            address = builder.bitcast(argmax_now, indices.type.as_pointer())
            builder.store(indices, address, align=1)
            lanes = emit.constant(emit.lanes)
            after = builder.gep(argmax_now, [lanes], source_etype=BYTE)
            return [emit.offset(z_now, lanes), emit.offset(y_now, lanes), after]

        emit.loop(arguments[8], [z_now, y_now, argmax_now], step)
        return context.get_dummy_value()

    pair = types.UniTuple(INT64, 2)
    return types.void(z, INT64, pair, pair, y, INT64, argmax, INT64, INT64), codegen


@jit
def max_pool_row(z, z_offset, width, f, pool, y, y_offset, columns, argmax):
    """Write ReLU of the maximum of every window, and its index in the window, for one row of windows.

    Args:
        z, z_offset, width: flat rows of (width, f), and where the first begins.
        pool: (ph, pw), rows and columns of a window; the next begins where one ends.
        y, argmax, y_offset: flat, and where the row begins in both.
        columns: how many windows there are.
    """
    lanes = VECTOR_BYTES // z.itemsize
    in_vectors, strides = f // lanes * lanes, (width * f, f)
    for j in range(columns):
        window, out = z_offset + j * pool[1] * f, y_offset + j * f
        set_max(z, window, strides, pool, y, out, argmax, out, f // lanes)
        for ch in range(in_vectors, f):  # the channels that fill no vector, one by one
            maximum, index = z[window + ch], 0
            for candidate in range(1, pool[0] * pool[1]):
                row, column = candidate // pool[1], candidate % pool[1]
                value = z[window + row * width * f + column * f + ch]
                if value > maximum or (value != value and maximum == maximum):
                    maximum, index = value, candidate
            y[out + ch] = z.dtype.type(0) if maximum < 0 else maximum
            argmax[out + ch] = index


@functools.cache
def max_pool_row_address(dtype: np.dtype) -> int:
    """Return where `pool_row` begins, for `function_pointers.call`."""
    flat, indices = flat_array(dtype), flat_array(np.uint8)
    return address(
        max_pool_row,
        (flat, INT64, INT64, INT64, types.UniTuple(INT64, 2), flat, INT64, INT64, indices),
    )
