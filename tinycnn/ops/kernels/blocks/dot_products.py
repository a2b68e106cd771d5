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

from tinycnn.ops.kernels.blocks.matrix import Matrix, View
from tinycnn.ops.kernels.codegen.function_pointers import INT64
from tinycnn.ops.kernels.codegen.jit import jit
from tinycnn.ops.kernels.codegen.vector_builder import (
    VECTOR_BYTES,
    VectorBuilder,
    switch,
    unpack_arguments,
)

ROWS, COLUMNS = 2, 6  # of the largest tile: with what is loaded they fill 16 registers
TILES = tuple((rows + 1, columns + 1) for rows in range(ROWS) for columns in range(COLUMNS))


def emit_dot_products(
    emit: VectorBuilder,
    size: tuple[int, int],
    sums: Matrix,
    z: Matrix,
    x: ir.Value,
    vectors: ir.Value,
) -> None:
    """Emit a tile.

    Args:
        emit: the builder.
        size: rows and columns; a column is one number further on in x.
        sums, z: values known at run time only, the array of each is an address.
        x: address.
        vectors: how many of them t runs over.
    """
    rows, columns = size

    def row_addresses(first: ir.Value, row_stride: ir.Value) -> list[ir.Value]:
        return [emit.offset(first, emit.times(row, row_stride)) for row in range(rows)]

    sums_rows = row_addresses(emit.offset(sums.array, sums.offset), sums.row_stride)
    accumulators = [vector for address in sums_rows for vector in emit.load(address, columns)]

    def step(state: list[ir.Value]) -> list[ir.Value]:  # one vector of t
        z_now, x_now, *accumulators = state
        z_vectors = [emit.load(address, 1)[0] for address in row_addresses(z_now, z.row_stride)]
        for column in range(columns):
            # Not aligned, and overlapping the column before: a load costs less than a shuffle.
            (x_vector,) = emit.load(emit.offset(x_now, emit.constant(column)), 1)
            for row, z_vector in enumerate(z_vectors):
                index = row * columns + column
                accumulators[index] = emit.multiply_add(z_vector, x_vector, accumulators[index])
        lanes = emit.constant(emit.lanes)
        return [emit.offset(z_now, lanes), emit.offset(x_now, lanes), *accumulators]

    state = [emit.offset(z.array, z.offset), x, *accumulators]
    _, _, *accumulators = emit.loop(vectors, state, step)
    # Lanes are not added up here but once at the end, by the caller, for many calls.
    for row, address in enumerate(sums_rows):
        emit.store(accumulators[row * columns : (row + 1) * columns], address)


@intrinsic
def add_tile(typing_context, tile, sums, z, x, vectors):
    """Add to one tile of sums; `tile` numbers TILES, else as `add_dot_products`."""
    dtype = sums.types[0].dtype

    def codegen(context, builder, signature, arguments):
        emit = VectorBuilder(builder, context.get_data_type(dtype))
        tile, sums, z, x, vectors = unpack_arguments(context, builder, signature, arguments)

        def emit_case(*size: int) -> None:
            emit_dot_products(emit, size, sums, z, emit.offset(x.array, x.offset), vectors)

        cases = {n: functools.partial(emit_case, *size) for n, size in enumerate(TILES)}
        switch(builder, tile, cases)
        return context.get_dummy_value()

    return types.void(INT64, sums, z, x, INT64), codegen


@jit
def add_dot_products(sums, z, x, rows, columns, vectors):
    """Add Σ over t of z[r, t] · x[s + t] to sums, tile by tile.

    Args:
        sums: a `Matrix`; each sum is a vector of partial sums.
        z: a `Matrix`.
        x: a `View`.
        rows, columns: how many r and s.
        vectors: t runs over as many numbers as so many vectors have.
    """
    lanes = VECTOR_BYTES // sums.array.itemsize
    for row in range(0, rows, ROWS):
        # Each vector of z that is loaded serves all columns of the tile.
        tile_rows, column = min(ROWS, rows - row), 0
        while column < columns:
            # Columns are dealt out evenly: a last tile of one column would load z for it alone.
            tiles = (columns - column + COLUMNS - 1) // COLUMNS
            tile_columns = (columns - column + tiles - 1) // tiles
            sums_offset = sums.offset + row * sums.row_stride + column * lanes
            add_tile(
                (tile_rows - 1) * COLUMNS + tile_columns - 1,
                sums=Matrix(sums.array, sums_offset, sums.row_stride),
                z=Matrix(z.array, z.offset + row * z.row_stride, z.row_stride),
                x=View(x.array, x.offset + column),
                vectors=vectors,
            )
            column += tile_columns
