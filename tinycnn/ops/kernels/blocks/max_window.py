"""The largest number of every window, a vector of channels at a time.

Numba finds no vector instructions for a maximum that remembers its place; so this file writes them. For each
vector of channels the best numbers so far and their places stay in registers while the window is read:

    best, place = first pixel, 0
    for each pixel of the window:    better = pixel > best, or pixel is the first NaN
                                     best, place = where(better, (pixel, its number), (best, place))
"""

import functools

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numba.np import arrayobj

from tinycnn.ops.kernels.codegen.function_pointers import AT, address, flat_array
from tinycnn.ops.kernels.codegen.jit import jit
from tinycnn.ops.kernels.codegen.vector_builder import VECTOR_BYTES, Writer

BYTE = ir.IntType(8)


def emit_window(write: Writer, z: ir.Value, steps: tuple, window: tuple) -> tuple:
    """Write the search for the largest number of a window: return vectors of numbers and of their places.

    Args:
        write: the writer.
        z: where the window begins.
        steps: elements from row to row and from pixel to pixel.
        window: rows and columns.
    """
    builder, (row, pixel), (rows, columns) = write.builder, steps, window
    number = ir.IntType(8 * write.size)  # places are as wide as numbers, until they are written
    places = ir.VectorType(number, write.lanes)

    def look(state: list[ir.Value]) -> list[ir.Value]:
        at, place, best, where = state
        (value,) = write.load(at, 1)
        first_nan = builder.and_(
            builder.fcmp_unordered("uno", value, value), builder.fcmp_ordered("ord", best, best)
        )
        better = builder.or_(builder.fcmp_ordered(">", value, best), first_nan)
        here = write.repeat(builder.trunc(place, number), places)
        best, where = builder.select(better, value, best), builder.select(better, here, where)
        return [write.at(at, pixel), builder.add(place, write.constant(1)), best, where]

    def line(state: list[ir.Value]) -> list[ir.Value]:
        start, *rest = state
        _, *rest = write.loop(columns, [start, *rest], look)
        return [write.at(start, row), *rest]

    (first,) = write.load(z, 1)
    state = [z, write.constant(0), first, ir.Constant(places, [0] * write.lanes)]
    _, _, best, where = write.loop(rows, state, line)
    return best, builder.trunc(where, ir.VectorType(BYTE, write.lanes))


@intrinsic
def set_largest(typing_context, z, z_at, steps, window, y, y_at, winner, winner_at, vectors):
    """Write ReLU of the largest number of a window, and its place, for some vectors of channels.

    Args: flat arrays, and where to begin; steps and window are those of `emit_window`.
    """

    def codegen(context, builder, signature, arguments):
        write = Writer(builder, context.get_data_type(z.dtype))

        def pointer(array: int) -> ir.Value:
            kind = signature.args[array]
            return arrayobj.make_array(kind)(context, builder, arguments[array]).data

        pairs = [
            [builder.extract_value(arguments[place], part) for part in (0, 1)] for place in (2, 3)
        ]
        z_now, y_now = write.at(pointer(0), arguments[1]), write.at(pointer(4), arguments[5])
        winner_now = builder.gep(pointer(6), [arguments[7]], source_etype=BYTE)
        zeros = ir.Constant(write.vector, [0.0] * write.lanes)

        def step(state: list[ir.Value]) -> list[ir.Value]:
            z_now, y_now, winner_now = state
            best, where = emit_window(write, z_now, *pairs)
            negative = builder.fcmp_ordered("<", best, zeros)
            write.store([builder.select(negative, zeros, best)], y_now)
            builder.store(where, builder.bitcast(winner_now, where.type.as_pointer()), align=1)
            lanes = write.constant(write.lanes)
            after = builder.gep(winner_now, [lanes], source_etype=BYTE)
            return [write.at(z_now, lanes), write.at(y_now, lanes), after]

        write.loop(arguments[8], [z_now, y_now, winner_now], step)
        return context.get_dummy_value()

    pair = types.UniTuple(AT, 2)
    return types.void(z, AT, pair, pair, y, AT, winner, AT, AT), codegen


@jit
def pool_row(z, z_at, width, f, pool, y, at, columns, winner):
    """Write ReLU of the largest of every window, and its number in the window, for one row of windows.

    Args:
        z, z_at, width: flat rows of (width, f), and where the first begins.
        pool: (ph, pw), rows and columns of a window; the next begins where one ends.
        y, winner, at: flat, and where the row begins in both.
        columns: how many windows there are.
    """
    lanes = VECTOR_BYTES // z.itemsize
    whole = f // lanes * lanes
    for j in range(columns):
        read, written, steps = z_at + j * pool[1] * f, at + j * f, (width * f, f)
        set_largest(z, read, steps, pool, y, written, winner, written, f // lanes)
        for ch in range(whole, f):
            best, place = z[read + ch], 0
            for number in range(1, pool[0] * pool[1]):
                row, column = number // pool[1], number % pool[1]
                value = z[read + row * width * f + column * f + ch]
                if value > best or (value != value and best == best):
                    best, place = value, number
            y[written + ch] = z.dtype.type(0) if best < 0 else best
            winner[written + ch] = place


@functools.cache
def pool_row_address(dtype: np.dtype) -> int:
    """Return where `pool_row` begins, for `calls.call`."""
    flat, places = flat_array(dtype), flat_array(np.uint8)
    return address(pool_row, (flat, AT, AT, AT, types.UniTuple(AT, 2), flat, AT, AT, places))
