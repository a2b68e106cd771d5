"""The maximum of every pooling window and its index, for a vector of channels at a time.

LLVM finds no vector instructions for a maximum that remembers its index; so this file emits them. For each
vector of channels the maxima so far and their indices in the window stay in registers while it is read:

    maximum, argmax = first pixel, 0
    for each pixel of the window:    larger = pixel > maximum, or pixel is the first NaN
                                     maximum, argmax = where(larger, (pixel, index), (maximum, argmax))
"""

import functools
from typing import NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from tinycnn.ops.kernels.blocks.matrix import Matrix, structure_type
from tinycnn.ops.kernels.codegen.function_pointers import INT64, address, flat_array
from tinycnn.ops.kernels.codegen.jit import jit
from tinycnn.ops.kernels.codegen.vector_builder import VECTOR_BYTES, VectorBuilder, unpack_arguments


class Window(NamedTuple):
    """A window's size, and how its pixels are numbered: first + row · line + column."""

    rows: int
    columns: int
    first: int
    line: int


class Maxima(NamedTuple):
    """Where results are written: flat arrays, both from index `offset` on."""

    y: np.ndarray
    argmax: np.ndarray  # integers: the number of the maximum's pixel
    offset: int


def emit_max(
    emit: VectorBuilder, z: ir.Value, strides: tuple, window: Window, width: ir.Value | None
) -> list[ir.Value]:
    """Emit the search of one window, for one vector of channels: return [maxima, their pixels' numbers].

    Args:
        emit: the builder.
        z: the address of the window's first pixel, at the first of these channels.
        strides: elements from row to row and from pixel to pixel.
        window: known at run time.
        width: how many channels exist, if less than a vector; None: all of them.
    """
    builder, (row_stride, pixel_stride) = emit.builder, strides
    # Indices have as many bits as the numbers: so the comparison of numbers selects indices, too.
    index_type = ir.IntType(8 * emit.size)
    index_vector = ir.VectorType(index_type, emit.lanes)

    def broadcast_index(index: ir.Value) -> ir.Value:
        """Return a vector whose every lane is the 64-bit integer `index`."""
        return emit.broadcast(resize(builder, index, index_type), index_vector)

    def pixel(state: list[ir.Value]) -> list[ir.Value]:
        """Emit the comparison with one pixel; the state is [its address, its index, maxima, argmax]."""
        address, index, maximum, argmax = state
        (value,) = emit.load(address, 1, width)
        # "uno" is true if an operand is NaN, "ord" if none is: value is NaN, and maximum is not yet.
        first_nan = builder.and_(
            builder.fcmp_unordered("uno", value, value),
            builder.fcmp_ordered("ord", maximum, maximum),
        )
        larger = builder.or_(builder.fcmp_ordered(">", value, maximum), first_nan)
        indices = broadcast_index(index)
        maximum = builder.select(larger, value, maximum)
        argmax = builder.select(larger, indices, argmax)
        next_index = builder.add(index, emit.constant(1))
        return [emit.offset(address, pixel_stride), next_index, maximum, argmax]

    # A loop over rows with one over pixels inside: rows of a window do not follow each other in memory.
    def row(state: list[ir.Value]) -> list[ir.Value]:
        """Emit a row of the window; the state is [the row's address, first index, maxima, argmax]."""
        start, index, *carried = state
        _, _, *carried = emit.loop(window.columns, [start, index, *carried], pixel)
        return [emit.offset(start, row_stride), builder.add(index, window.line), *carried]

    (first,) = emit.load(z, 1, width)
    # Compared with itself the first pixel is not larger, so its index stays.
    state = [z, window.first, first, broadcast_index(window.first)]
    _, _, *found = emit.loop(window.rows, state, row)
    return found


def resize(builder: ir.IRBuilder, value: ir.Value, kind: ir.Type) -> ir.Value:
    """Return an integer, or a vector of them, cut to those bits that the type `kind` has."""
    return value if value.type == kind else builder.trunc(value, kind)


@intrinsic
def set_max(typing_context, z, pixel_stride, window, floor, out, vectors, rest):
    """Write the maximum, or `floor` if that is larger, and argmax of one window for all channels.

    Args:
        z: a `Matrix` whose rows are rows of pixels; it begins at the window's first pixel.
        pixel_stride: elements from one pixel to the next, f.
        window: `Window`.
        floor: 0 for a ReLU, -inf for none; a NaN stays NaN.
        out: `Maxima`, from the window's first channel on.
        vectors, rest: how many whole vectors of channels, and how many channels more.
    """
    dtype, argmax_bits = z.types[0].dtype, out.types[1].dtype.bitwidth

    def codegen(context, builder, signature, arguments):
        """Emit the code of a call: Numba runs this while it compiles a caller."""
        emit = VectorBuilder(builder, context.get_data_type(dtype))
        z, pixel_stride, window, floor, out, vectors, rest = unpack_arguments(
            context, builder, signature, arguments
        )
        argmax_type = ir.IntType(argmax_bits)
        z_now, y_now = emit.offset(z.array, z.offset), emit.offset(out.y, out.offset)
        argmax_now = builder.gep(out.argmax, [out.offset], source_etype=argmax_type)
        floors = emit.broadcast(floor, emit.vector)

        def step(state: list[ir.Value], width: ir.Value | None = None) -> list[ir.Value]:
            """Emit one vector of channels, all or `width`; the state is its addresses in [z, y, argmax]."""
            z_now, y_now, argmax_now = state
            strides = z.row_stride, pixel_stride
            maximum, indices = emit_max(emit, z_now, strides, window, width)
            # ReLU after the maximum, not before: it is monotonic, and there is only one number left.
            low = builder.fcmp_ordered("<", maximum, floors)
            emit.store([builder.select(low, floors, maximum)], y_now, width)
            indices = resize(builder, indices, ir.VectorType(argmax_type, emit.lanes))
            emit.store([indices], argmax_now, width)
            lanes = emit.constant(emit.lanes)
            after = builder.gep(argmax_now, [lanes], source_etype=argmax_type)
            return [emit.offset(z_now, lanes), emit.offset(y_now, lanes), after]

        state = emit.loop(vectors, [z_now, y_now, argmax_now], step)
        with builder.if_then(builder.icmp_signed(">", rest, emit.constant(0))):
            step(state, rest)
        return context.get_dummy_value()

    return types.void(z, INT64, window, dtype, out, INT64, INT64), codegen


@jit
def max_pool_row(z, f, pool, out, columns):
    """Write relu(maximum) and argmax of every window and channel, for one row of windows.

    Args:
        z: a `Matrix` whose rows are rows of pixels, (width, f).
        f: channels of a pixel.
        pool: (ph, pw), rows and columns of a window; windows lie side by side.
        out: `Maxima`: y and argmax of a window are f numbers, those of the next follow; argmax is an index
            in the window, row · pw + column.
        columns: how many windows there are.
    """
    lanes, window = VECTOR_BYTES // z.array.itemsize, Window(pool[0], pool[1], 0, pool[1])
    for j in range(columns):
        pixels = Matrix(z.array, z.offset + j * pool[1] * f, z.row_stride)
        maxima = Maxima(out.y, out.argmax, out.offset + j * f)
        set_max(pixels, f, window, 0, maxima, vectors=f // lanes, rest=f % lanes)


@functools.cache
def max_pool_row_address(dtype: np.dtype) -> int:
    """Return the address of `max_pool_row` for arrays of this dtype, for `function_pointers.call`."""
    out = types.NamedTuple((flat_array(dtype), flat_array(np.uint8), INT64), Maxima)
    pair = types.UniTuple(INT64, 2)
    return address(max_pool_row, (structure_type(Matrix, dtype), INT64, pair, out, INT64))
