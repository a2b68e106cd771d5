"""The transpose of a matrix, a square of vectors at a time: rows become columns without leaving registers.

Numbers that stand far apart in memory cannot be multiplied with one instruction, so they are turned first:

    a0 a1 a2 a3        a0 b0 c0 d0     loaded as rows of a vector each, halves of rows are swapped with halves
    b0 b1 b2 b3  --->  a1 b1 c1 d1     of others, then quarters, down to single numbers: log2(lanes) rounds
    c0 c1 c2 c3        a2 b2 c2 d2     of `lanes` shuffles, where one by one they would take lanes² steps
    d0 d1 d2 d3        a3 b3 c3 d3
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


def transposed(write: Writer, rows: list[ir.Value]) -> list[ir.Value]:
    """Write the transpose of a square of vectors: swap halves, then quarters, down to single numbers."""
    distance = write.lanes // 2
    while distance:
        for one in [row for row in range(write.lanes) if not row & distance]:
            pair = rows[one], rows[one + distance]
            first = [
                k if not k & distance else write.lanes + k - distance for k in range(write.lanes)
            ]
            second = [
                k + distance if not k & distance else write.lanes + k for k in range(write.lanes)
            ]
            rows[one], rows[one + distance] = (write.shuffle(*pair, p) for p in (first, second))
        distance //= 2
    return rows


@intrinsic
def turn_square(typing_context, x, x_at, x_row, on, all_on, y, y_at, y_row):
    """Write the transpose of a square of x to y, 0 where `on`, placed as x, is not above 0.

    Args: flat arrays, where the squares begin, and from row to row; whether all counts as above 0.
    """

    def codegen(context, builder, signature, arguments):
        write = Writer(builder, context.get_data_type(x.dtype))

        def row_of(array: int, at: int, number: int) -> ir.Value:
            kind = signature.args[array]
            data = arrayobj.make_array(kind)(context, builder, arguments[array]).data
            return write.at(write.at(data, arguments[at]), write.times(number, arguments[at + 1]))

        lanes, zeros = range(write.lanes), ir.Constant(write.vector, [0.0] * write.lanes)
        everywhere = write.repeat(arguments[4], ir.VectorType(ir.IntType(1), write.lanes))
        rows = []
        for number in lanes:
            (values,) = write.load(row_of(0, 1, number), 1)
            (signs,) = write.load(row_of(3, 1, number), 1)
            kept = builder.or_(builder.fcmp_ordered(">", signs, zeros), everywhere)
            rows.append(builder.select(kept, values, zeros))
        for number, values in zip(lanes, transposed(write, rows), strict=True):
            write.store([values], row_of(5, 6, number))
        return context.get_dummy_value()

    return types.void(x, AT, AT, on, types.boolean, y, AT, AT), codegen


@jit
def turn(x, x_at, x_row, on, all_on, rows, columns, y, y_at, y_row):
    """Write the transpose of x, (rows, columns), to y: squares, then the numbers that are left.

    Args:
        x, x_at, x_row: flat, where it begins, and from row to row.
        on, all_on: of a ReLU: what is not above 0 in `on`, placed as x, becomes 0; unless all is on.
        rows, columns: of x.
        y, y_at, y_row: flat, where the transpose begins, and from row to row.
    """
    lanes = VECTOR_BYTES // x.itemsize
    whole_rows, whole_columns = rows - rows % lanes, columns - columns % lanes
    for i in range(0, whole_rows, lanes):
        for j in range(0, whole_columns, lanes):
            read, at = x_at + i * x_row + j, y_at + j * y_row + i
            turn_square(x, read, x_row, on, all_on, y, at, y_row)
    for i in range(rows):
        for j in range(whole_columns if i < whole_rows else 0, columns):
            read = x_at + i * x_row + j
            kept = all_on or on[read] > 0
            y[y_at + j * y_row + i] = x[read] if kept else x.dtype.type(0)


@functools.cache
def turn_address(dtype: np.dtype) -> int:
    """Return where `turn` begins, for `calls.call`."""
    flat = flat_array(dtype)
    return address(turn, (flat, AT, AT, flat, types.boolean, AT, AT, flat, AT, AT))
