"""The transpose of a matrix, computed in squares of lanes x lanes numbers inside vector registers.

A vector instruction loads neighbours in memory only. Where a kernel needs a column as a vector, the matrix is
transposed first:

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

from tinycnn.ops.kernels.blocks.matrix import Matrix, structure_type
from tinycnn.ops.kernels.codegen.function_pointers import INT64, address, flat_array
from tinycnn.ops.kernels.codegen.jit import jit
from tinycnn.ops.kernels.codegen.vector_builder import VECTOR_BYTES, VectorBuilder, unpack_arguments


def emit_transpose(emit: VectorBuilder, rows: list[ir.Value]) -> list[ir.Value]:
    """Emit the transpose of a square: `rows` is a list of `lanes` vectors, and so is the result."""
    distance = emit.lanes // 2
    while distance:
        # Rows `one` and `one + distance` swap: the upper lanes (bit `distance` set) of the first with the
        # lower lanes of the second.
        for one in [row for row in range(emit.lanes) if not row & distance]:
            pair = rows[one], rows[one + distance]
            first = [
                k if not k & distance else emit.lanes + k - distance for k in range(emit.lanes)
            ]
            second = [
                k + distance if not k & distance else emit.lanes + k for k in range(emit.lanes)
            ]
            rows[one], rows[one + distance] = (emit.shuffle(*pair, p) for p in (first, second))
        distance //= 2
    return rows


@intrinsic
def transpose_square(typing_context, x, relu_output, all_active, y):
    """Write the transpose of one square of lanes x lanes numbers.

    Args:
        x: a `Matrix` that begins with the square.
        relu_output, all_active: see `transpose`.
        y: a `Matrix` that begins where the result goes.
    """
    dtype = x.types[0].dtype

    def codegen(context, builder, signature, arguments):
        """Emit the code of a call: Numba runs this while it compiles a caller."""
        emit = VectorBuilder(builder, context.get_data_type(dtype))
        x, relu_output, all_active, y = unpack_arguments(context, builder, signature, arguments)

        def row_address(matrix: Matrix, row: int) -> ir.Value:
            """Return the address of the square's row number `row`."""
            first = emit.offset(matrix.array, matrix.offset)
            return emit.offset(first, emit.times(row, matrix.row_stride))

        lanes, zeros = range(emit.lanes), ir.Constant(emit.vector, [0.0] * emit.lanes)
        # All lanes true, or all false: "or" with it switches the ReLU off, without a branch.
        everywhere = emit.broadcast(all_active, ir.VectorType(ir.IntType(1), emit.lanes))
        rows = []
        for row in lanes:
            (values,) = emit.load(row_address(x, row), 1)
            (relu_values,) = emit.load(row_address(x._replace(array=relu_output), row), 1)
            active = builder.or_(builder.fcmp_ordered(">", relu_values, zeros), everywhere)
            rows.append(builder.select(active, values, zeros))
        # All rows are loaded before the first is stored, so x and y may lie in the same array.
        for row, values in zip(lanes, emit_transpose(emit, rows), strict=True):
            emit.store([values], row_address(y, row))
        return context.get_dummy_value()

    return types.void(x, relu_output, types.boolean, y), codegen


@jit
def transpose(x, relu_output, all_active, rows, columns, y):
    """Write y = xᵀ, with numbers of x behind an inactive ReLU replaced by 0.

    Args:
        x: a `Matrix` (rows, columns).
        relu_output: flat, laid out as x.array: where it is not above 0, x counts as 0.
        all_active: True if there is no ReLU; then `relu_output` is read and ignored: pass x.array.
        rows, columns: the size of x.
        y: a `Matrix` (columns, rows), is written.
    """
    lanes = VECTOR_BYTES // x.array.itemsize
    square_rows, square_columns = rows - rows % lanes, columns - columns % lanes
    for i in range(0, square_rows, lanes):
        for j in range(0, square_columns, lanes):
            x_square = Matrix(x.array, x.offset + i * x.row_stride + j, x.row_stride)
            y_square = Matrix(y.array, y.offset + j * y.row_stride + i, y.row_stride)
            transpose_square(x_square, relu_output, all_active, y_square)
    # What no square covers: the last columns of each row, and all columns of the last rows.
    for i in range(rows):
        for j in range(square_columns if i < square_rows else 0, columns):
            position = x.offset + i * x.row_stride + j
            active = all_active or relu_output[position] > 0
            value = x.array[position] if active else x.array.dtype.type(0)
            y.array[y.offset + j * y.row_stride + i] = value


@functools.cache
def transpose_address(dtype: np.dtype) -> int:
    """Return the address of `transpose` for arrays of this dtype, for `function_pointers.call`."""
    matrix = structure_type(Matrix, dtype)
    return address(transpose, (matrix, flat_array(dtype), types.boolean, INT64, INT64, matrix))
