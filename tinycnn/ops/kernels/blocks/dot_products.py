"""Sums of products along vectors: `sums[r, s] += Σ over t of z[r, t] · x[s + t]`.

`product.py` repeats one number of `a` over a vector of `b`. Where both sides run on in memory, the same way,
neither has to be repeated: whole vectors of both are multiplied. Each sum is then a vector of partial sums,
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

from tinycnn.ops.kernels.codegen.function_pointers import AT
from tinycnn.ops.kernels.codegen.jit import jit
from tinycnn.ops.kernels.codegen.vector_builder import VECTOR_BYTES, Writer, element_at, one_of

ROWS, COLUMNS = 2, 6  # of the largest tile: with what is loaded they fill 16 registers
SHAPES = tuple((rows + 1, columns + 1) for rows in range(ROWS) for columns in range(COLUMNS))


def emit_dots(
    write: Writer, size: tuple[int, int], sums: tuple, z: tuple, x: ir.Value, count: ir.Value
) -> None:
    """Write a tile.

    Args:
        write: the writer.
        size: rows and columns; a column is one number further on in x.
        sums, z: (address, elements from row to row).
        x: address.
        count: of vectors.
    """
    (rows, columns), (sums_address, sums_row), (z_address, z_row) = size, sums, z
    rows_of_sums = [write.at(sums_address, write.times(row, sums_row)) for row in range(rows)]
    found = [vector for address in rows_of_sums for vector in write.load(address, columns)]

    def step(state: list[ir.Value]) -> list[ir.Value]:  # one t
        z_now, x_now, *found = state
        z_vectors = [write.load(write.at(z_now, write.times(r, z_row)), 1)[0] for r in range(rows)]
        for column in range(columns):
            (x_vector,) = write.load(write.at(x_now, write.constant(column)), 1)
            for row, z_vector in enumerate(z_vectors):
                place = row * columns + column
                found[place] = write.multiply_add(z_vector, x_vector, found[place])
        lanes = write.constant(write.lanes)
        return [write.at(z_now, lanes), write.at(x_now, lanes), *found]

    _, _, *found = write.loop(count, [z_address, x, *found], step)
    for row, address in enumerate(rows_of_sums):
        write.store(found[row * columns : (row + 1) * columns], address)


@intrinsic
def add_tile(typing_context, shape, sums, sums_at, sums_row, z, z_at, z_row, x, x_at, count):
    """Add to one tile of sums; `shape` numbers it in SHAPES, else as `add_dots`."""

    def codegen(context, builder, signature, arguments):
        write = Writer(builder, context.get_data_type(sums.dtype))

        def write_tile(*size: int) -> None:
            sums_at, z_at, x_at = (
                element_at(context, builder, signature, arguments, array) for array in (1, 4, 7)
            )
            rows = (sums_at, arguments[3]), (z_at, arguments[6])
            emit_dots(write, size, *rows, x_at, arguments[9])

        cases = {n: functools.partial(write_tile, *size) for n, size in enumerate(SHAPES)}
        one_of(builder, arguments[0], cases)
        return context.get_dummy_value()

    return types.void(AT, sums, AT, AT, z, AT, AT, x, AT, AT), codegen


@jit
def add_dots(sums, sums_at, sums_row, z, z_at, z_row, x, x_at, rows, columns, count):
    """Add Σ over t of z[r, t] · x[s + t] to sums, tile by tile: all arrays flat, all places in elements.

    Args:
        sums, sums_at, sums_row: the array, where it starts, the distance from row to row; a sum is a vector.
        z, z_at, z_row: the same of z.
        x, x_at: the array and where it starts.
        rows, columns: how many r and s.
        count: of vectors: t runs to `count` times as many numbers as a vector has.
    """
    lanes = VECTOR_BYTES // sums.itemsize
    for row in range(0, rows, ROWS):
        high, column = min(ROWS, rows - row), 0
        while column < columns:
            tiles = (columns - column + COLUMNS - 1) // COLUMNS
            wide = (columns - column + tiles - 1) // tiles
            shape, at = (high - 1) * COLUMNS + wide - 1, sums_at + row * sums_row + column * lanes
            places = z, z_at + row * z_row, z_row, x, x_at + column
            add_tile(shape, sums, at, sums_row, *places, count)
            column += wide
