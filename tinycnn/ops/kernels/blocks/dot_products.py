"""Dot products along vectors: `sums[r, s] += Σ over t of z[r, t] · x[s, t]`.

`gemm.py` broadcasts one scalar of `a` over a vector of `b`. Where both sides are contiguous along the sum,
neither needs a broadcast: whole vectors of both are multiplied. Each sum is then a vector of partial sums,
one for each lane; the caller adds the lanes up at the end.

             x, transposed
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

from tinycnn.ops.kernels.blocks.matrix import Matrix
from tinycnn.ops.kernels.codegen.function_pointers import INT64
from tinycnn.ops.kernels.codegen.jit import jit
from tinycnn.ops.kernels.codegen.vector_builder import (
    VECTOR_BYTES,
    VectorBuilder,
    switch,
    unpack_arguments,
)

ROWS, COLUMNS = 2, 6  # of the largest tile: its sums and operands fill 16 registers
# Every shape of a tile, (rows, columns): TILES[(r - 1) · COLUMNS + c - 1] has r rows and c columns.
TILES = tuple((rows + 1, columns + 1) for rows in range(ROWS) for columns in range(COLUMNS))


def emit_dot_products(
    emit: VectorBuilder,
    size: tuple[int, int],
    sums: Matrix,
    z: Matrix,
    x: Matrix,
    vectors: ir.Value,
) -> None:
    """Emit the code of one tile: sums[r, s] += Σ over t of z[r, t] · x[s, t].

    Args:
        emit: the builder.
        size: how many r and how many s, known while compiling.
        sums, z, x: `Matrix` fields known at run time only; `array` is the address of the first element.
            A sum is a vector: those of a row follow each other.
        vectors: t runs over so many vectors.
    """
    rows, columns = size

    def row_addresses(first: ir.Value, row_stride: ir.Value) -> list[ir.Value]:
        """Return the addresses of the tile's rows, the first being at `first`."""
        return [emit.offset(first, emit.times(row, row_stride)) for row in range(rows)]

    sums_rows = row_addresses(emit.offset(sums.array, sums.offset), sums.row_stride)
    accumulators = [vector for address in sums_rows for vector in emit.load(address, columns)]

    def step(state: list[ir.Value]) -> list[ir.Value]:
        """Emit one vector of t; the state is [its address in z, in x, sums]."""
        z_now, x_now, *accumulators = state
        z_vectors = [emit.load(address, 1)[0] for address in row_addresses(z_now, z.row_stride)]
        for column in range(columns):
            (x_vector,) = emit.load(emit.offset(x_now, emit.times(column, x.row_stride)), 1)
            for row, z_vector in enumerate(z_vectors):
                index = row * columns + column
                accumulators[index] = emit.multiply_add(z_vector, x_vector, accumulators[index])
        lanes = emit.constant(emit.lanes)
        return [emit.offset(z_now, lanes), emit.offset(x_now, lanes), *accumulators]

    first = [emit.offset(matrix.array, matrix.offset) for matrix in (z, x)]
    state = [*first, *accumulators]
    _, _, *accumulators = emit.loop(vectors, state, step)
    # Lanes are not added up here but once at the end, by the caller, for many calls.
    for row, address in enumerate(sums_rows):
        emit.store(accumulators[row * columns : (row + 1) * columns], address)


@intrinsic
def add_tile(typing_context, tile, sums, z, x, vectors):
    """Do sums[r, s] += Σ over t of z[r, t] · x[s, t] for one tile: see `add_dot_products`.

    The code of every shape in TILES is there; `tile`, the index of one, chooses among them at run time.
    """
    dtype = sums.types[0].dtype  # here the arguments are Numba's types, in `codegen` their values

    def codegen(context, builder, signature, arguments):
        """Emit the code of a call: Numba runs this while it compiles a caller."""
        emit = VectorBuilder(builder, context.get_data_type(dtype))
        tile, sums, z, x, vectors = unpack_arguments(context, builder, signature, arguments)

        def emit_case(*size: int) -> None:
            """Emit the tile of one shape in TILES."""
            emit_dot_products(emit, size, sums, z, x, vectors)

        cases = {n: functools.partial(emit_case, *size) for n, size in enumerate(TILES)}
        switch(builder, tile, cases)
        return context.get_dummy_value()

    return types.void(INT64, sums, z, x, INT64), codegen


@jit
def add_dot_products(sums, z, x, rows, columns, vectors):
    """Do sums[r, s] += Σ over t of z[r, t] · x[s, t], each sum a vector of partial sums, one for each lane.

    Args:
        sums: a `Matrix`: row r has `columns` vectors, sum s being the vector at index s · lanes.
        z: a `Matrix` (rows, vectors · lanes).
        x: a `Matrix` (columns, vectors · lanes); its rows may overlap.
        rows, columns: how many r and how many s.
        vectors: t runs over vectors · lanes numbers.
    """
    lanes = VECTOR_BYTES // sums.array.itemsize
    for row in range(0, rows, ROWS):
        # Each vector of z that is loaded serves all columns of the tile.
        tile_rows, column = min(ROWS, rows - row), 0
        while column < columns:
            # Tiles share columns evenly: a last tile of one column would load z for it alone.
            tiles = (columns - column + COLUMNS - 1) // COLUMNS
            tile_columns = (columns - column + tiles - 1) // tiles
            sums_offset = sums.offset + row * sums.row_stride + column * lanes
            add_tile(
                (tile_rows - 1) * COLUMNS + tile_columns - 1,
                sums=Matrix(sums.array, sums_offset, sums.row_stride),
                z=Matrix(z.array, z.offset + row * z.row_stride, z.row_stride),
                x=Matrix(x.array, x.offset + column * x.row_stride, x.row_stride),
                vectors=vectors,
            )
            column += tile_columns
