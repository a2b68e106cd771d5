"""Dot products along vectors: `sums[r, s] += Σ over t of z[r, t] · x[s + t]`.

`gemm.py` broadcasts one scalar of `a` over a vector of `b`. Where both sides are contiguous along the sum,
neither needs a broadcast: whole vectors of both are multiplied. Each sum is then a vector of partial sums,
added up when all is done.

             x: the same numbers, each time one further on
            +-------+-------+-------+
            | x0 .. | x1 .. | x2 .. |     each step of t:
    +-------+-------+-------+-------+       load a vector of every row of z
    | z0 .. |  s00  |  s01  |  s02  |       load a vector of x for every column
    | z1 .. |  s10  |  s11  |  s12  |       multiply each with each, add
    +-------+-------+-------+-------+
"""

import functools

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from tinycnn.ops.kernels.codegen.function_pointers import INT64
from tinycnn.ops.kernels.codegen.jit import jit
from tinycnn.ops.kernels.codegen.vector_builder import (
    VECTOR_BYTES,
    VectorBuilder,
    argument_element,
    switch,
)

ROWS, COLUMNS = 2, 6  # of the largest tile: with what is loaded they fill 16 registers
TILES = tuple((rows + 1, columns + 1) for rows in range(ROWS) for columns in range(COLUMNS))


def emit_dot_products(
    emit: VectorBuilder,
    size: tuple[int, int],
    sums: tuple[ir.Value, ir.Value],
    z: tuple[ir.Value, ir.Value],
    x: ir.Value,
    vectors: ir.Value,
) -> None:
    """Emit a tile.

    Args:
        emit: the builder.
        size: rows and columns; a column is one number further on in x.
        sums, z: (address, row stride).
        x: address.
        vectors: how many of them t runs over.
    """
    (rows, columns), (sums_address, sums_row_stride), (z_address, z_row_stride) = size, sums, z
    rows_of_sums = [
        emit.offset(sums_address, emit.times(row, sums_row_stride)) for row in range(rows)
    ]
    accumulators = [vector for address in rows_of_sums for vector in emit.load(address, columns)]

    def step(state: list[ir.Value]) -> list[ir.Value]:  # one vector of t
        z_now, x_now, *accumulators = state
        z_vectors = [
            emit.load(emit.offset(z_now, emit.times(row, z_row_stride)), 1)[0]
            for row in range(rows)
        ]
        for column in range(columns):
            (x_vector,) = emit.load(emit.offset(x_now, emit.constant(column)), 1)
            for row, z_vector in enumerate(z_vectors):
                index = row * columns + column
                accumulators[index] = emit.multiply_add(z_vector, x_vector, accumulators[index])
        lanes = emit.constant(emit.lanes)
        return [emit.offset(z_now, lanes), emit.offset(x_now, lanes), *accumulators]

    _, _, *accumulators = emit.loop(vectors, [z_address, x, *accumulators], step)
    for row, address in enumerate(rows_of_sums):
        emit.store(accumulators[row * columns : (row + 1) * columns], address)


@intrinsic
def add_tile(
    typing_context,
    tile,
    sums,
    sums_offset,
    sums_row_stride,
    z,
    z_offset,
    z_row_stride,
    x,
    x_offset,
    vectors,
):
    """Add to one tile of sums; `tile` numbers TILES, else as `add_dot_products`."""

    def codegen(context, builder, signature, arguments):
        emit = VectorBuilder(builder, context.get_data_type(sums.dtype))

        def emit_case(*size: int) -> None:
            sums_address, z_address, x_address = (
                argument_element(context, builder, signature, arguments, array)
                for array in (1, 4, 7)
            )
            sums_rows, z_rows = (sums_address, arguments[3]), (z_address, arguments[6])
            emit_dot_products(emit, size, sums_rows, z_rows, x_address, arguments[9])

        cases = {n: functools.partial(emit_case, *size) for n, size in enumerate(TILES)}
        switch(builder, arguments[0], cases)
        return context.get_dummy_value()

    matrices = sums, INT64, INT64, z, INT64, INT64
    return types.void(INT64, *matrices, x, INT64, INT64), codegen


@jit
def add_dot_products(sums, z, x, x_offset, rows, columns, vectors):
    """Add Σ over t of z[r, t] · x[s + t] to sums, tile by tile.

    Args:
        sums: a `Matrix`; each sum is a vector of partial sums.
        z: a `Matrix`.
        x, x_offset: a flat array, and where it begins.
        rows, columns: how many r and s.
        vectors: t runs over as many numbers as so many vectors have.
    """
    lanes = VECTOR_BYTES // sums.array.itemsize
    for row in range(0, rows, ROWS):
        tile_rows, column = min(ROWS, rows - row), 0
        while column < columns:
            tiles = (columns - column + COLUMNS - 1) // COLUMNS
            tile_columns = (columns - column + tiles - 1) // tiles
            add_tile(
                (tile_rows - 1) * COLUMNS + tile_columns - 1,
                sums.array,
                sums.offset + row * sums.row_stride + column * lanes,
                sums.row_stride,
                z.array,
                z.offset + row * z.row_stride,
                z.row_stride,
                x,
                x_offset + column,
                vectors,
            )
            column += tile_columns
