"""The product that carries everything: `c += a · b` for a small tile of `c` that stays in registers.

Convolution and dense layers, forward and backward, are sums of products. A CPU is fast at them only if
the numbers being summed stay in its vector registers while `k` runs; written as a loop over a small
array, LLVM keeps them in memory instead. So this file writes the loop in LLVM's own language:

                     b: one row of `vectors` vectors for each k
                    +--------+--------+--------+--------+
      a: one number |  b0    |  b1    |  b2    |  b3    |    each step of k:
      for each row  +--------+--------+--------+--------+      load the vectors of b
         +----+     +--------+--------+--------+--------+      for every row: repeat one number of a
         | a0 |     | c00    | c01    | c02    | c03    |      over a vector, multiply it with b, add
         | a1 |     | c10    | c11    | c12    | c13    |
         | .. |     |   24 sums of 16 floats each = 24 of the 32 registers of AVX-512
         | a5 |     | c50    | c51    | c52    | c53    |
         +----+     +--------+--------+--------+--------+

6 x 4 multiply-adds follow 4 + 6 loads, so the arithmetic, not memory, sets the pace. Where a machine has
16 registers, the tile is 6 x 2, or 3 x 4 for few rows. Narrow matrices get narrower tiles, and rows are
dealt out evenly: ten are two tiles of five. Every sum runs over k in order, whatever the tile, so results
do not depend on how the work is cut.

The last tile of a row may be wider than the matrix. It reads whole vectors of b, which must have room for
that (`widened`), and writes only the columns that exist.

`a` is read with two strides and in segments, which lets the rows of a matrix, the transposed matrix and
the overlapping windows of an image all be "a" without copying them; so is `b`.

Memory is slower than the tile, so the next tile's place in c is fetched while this one is computed; and
`strips` lays out a matrix so that what a tile reads of b stands together.
"""

import functools

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from tinycnn.ops.kernels.codegen.function_pointers import AT, address, flat_array
from tinycnn.ops.kernels.codegen.jit import jit
from tinycnn.ops.kernels.codegen.vector_builder import (
    VECTOR_BYTES,
    VECTORS,
    Writer,
    element_at,
    one_of,
)

# NumPy's own 0 and 1: Numba compiles a function anew for every mixture of Python's and other numbers.
ZERO, ONE = np.int64(0), np.int64(1)
ROWS = 6  # of the highest tile
SMALL = 8 * 1024  # bytes: a quarter of a first-level cache
SUMS = ROWS * VECTORS  # of the largest one: there are only so many registers
WIDTHS = ((4, False), (2, False), (1, False), (1, True))  # vectors in a row; with a mask?
HEIGHTS = tuple(min(ROWS, SUMS // vectors) for vectors, _ in WIDTHS)
# Every tile there is, (rows, vectors in a row, with a mask?): tile w · ROWS + r - 1 has width w and r rows.
SHAPES = tuple((rows, *width) for width in WIDTHS for rows in range(1, ROWS + 1))


def whole_vectors(columns: int, dtype: np.dtype) -> int:
    """Return how many columns the vectors have that cover so many."""
    lanes = VECTOR_BYTES // np.dtype(dtype).itemsize
    return -(-columns // lanes) * lanes


def widened(matrix: np.ndarray) -> np.ndarray:
    """Return a matrix whose rows are filled up with zeros to whole vectors, so that it can be `b`.

    Example:
        >>> wide = widened(np.ones((5, 3, 7), np.float32))
        >>> wide.shape[2] == whole_vectors(7, wide.dtype)
        True
    """
    columns = matrix.shape[-1]
    wide = whole_vectors(columns, matrix.dtype)
    if wide == columns:
        return np.ascontiguousarray(matrix)
    found = np.zeros((*matrix.shape[:-1], wide), matrix.dtype)
    found[..., :columns] = matrix
    return found


def strip_width(matrix: np.ndarray) -> int:
    """Return how many columns of a matrix (k, columns) to keep together: all of a small one."""
    wide = whole_vectors(matrix.shape[1], matrix.dtype)
    if len(matrix) * wide * matrix.itemsize <= SMALL:
        return wide
    return tile_width(matrix.dtype)


def tile_width(dtype: np.dtype) -> int:
    """Return how many columns the highest tile has."""
    return SUMS // ROWS * VECTOR_BYTES // np.dtype(dtype).itemsize


def strips(matrix: np.ndarray, wide: int) -> np.ndarray:
    """Return a matrix (k, columns) as strips (strips, k, wide), filled up with zeros.

    A tile reads a few columns of every row. Where rows are long, these stand so far apart that they share
    their places in the cache, and drive each other out; in a strip they stand together.

    Example:
        >>> strips(np.ones((5, 40), np.float32), 16).shape
        (3, 5, 16)
    """
    k, columns = matrix.shape
    count = -(-columns // wide)
    found = np.zeros((count, k, wide), matrix.dtype)
    for strip in range(count):
        part = matrix[:, strip * wide : (strip + 1) * wide]
        found[strip, :, : part.shape[1]] = part
    return found


def emit_tile(
    write: Writer,
    size: tuple[int, int],
    c: tuple,
    start: tuple,
    a: tuple,
    b: tuple,
    width: ir.Value | None,
) -> None:
    """Write `c = start + a · b` for one tile. What stands in brackets below is known at run time only.

    Args:
        write: the writer.
        size: rows, and vectors in a row.
        c, start: (address, elements from row to row).
        a: (address, elements from row to row, from k to k, from segment to segment, k in a segment,
            segments).
        b: (address, elements from k to k, from segment to segment).
        width: how many columns of the tile exist; None: all of them.
    """
    (rows, vectors), (c_address, c_row), (start_address, start_row) = size, c, start
    a_address, a_row, a_k, a_segment, length, segments = a
    b_address, b_k, b_segment = b
    sums = []
    for row in range(rows):
        sums += write.load(write.at(start_address, write.times(row, start_row)), vectors, width)
        write.fetch(write.at(c_address, write.times(rows + row, c_row)))  # for the next tile

    def segment(state: list[ir.Value]) -> list[ir.Value]:  # one run of k
        a_start, b_start, *sums = state
        a_rows = [write.at(a_start, write.times(row, a_row)) for row in range(rows)]

        def step(state: list[ir.Value]) -> list[ir.Value]:  # one k: every row takes its number of a
            a_place, b_now, *sums = state
            numbers = [write.at(start, a_place) for start in a_rows]
            if rows <= vectors:  # a waits in registers for the vectors of b, which come one by one
                a_vectors = [write.repeat(write.number(at), write.vector) for at in numbers]
                for column in range(vectors):
                    (b_vector,) = write.load(
                        write.at(b_now, write.constant(column * write.lanes)), 1
                    )
                    for row, a_vector in enumerate(a_vectors):
                        place = row * vectors + column
                        sums[place] = write.multiply_add(a_vector, b_vector, sums[place])
            else:  # the other way round: there are too few registers for all of both
                b_vectors = write.load(b_now, vectors)
                for row, at in enumerate(numbers):
                    a_vector = write.repeat(write.number(at), write.vector)
                    for column, b_vector in enumerate(b_vectors):
                        place = row * vectors + column
                        sums[place] = write.multiply_add(a_vector, b_vector, sums[place])
            return [write.builder.add(a_place, a_k), write.at(b_now, b_k), *sums]

        _, _, *sums = write.loop(length, [write.constant(0), b_start, *sums], step)
        return [write.at(a_start, a_segment), write.at(b_start, b_segment), *sums]

    _, _, *sums = write.loop(segments, [a_address, b_address, *sums], segment)
    for row in range(rows):
        address = write.at(c_address, write.times(row, c_row))
        write.store(sums[row * vectors : (row + 1) * vectors], address, width)


@intrinsic
def set_tile(
    typing_context,
    shape,
    c,
    c_at,
    c_row,
    start,
    start_at,
    start_row,
    a,
    a_at,
    a_steps,
    b,
    b_at,
    b_k,
    width,
):
    """Write `start` plus the product of `a` and `b` to one tile of `c`, all flat arrays of one dtype.

    Args: as `product`; `shape` numbers the tile in SHAPES, `width` counts the columns left.
    """

    def codegen(context, builder, signature, arguments):
        write = Writer(builder, context.get_data_type(c.dtype))

        def address(array: int) -> ir.Value:
            return element_at(context, builder, signature, arguments, array)

        def write_tile(rows: int, vectors: int, masked: bool) -> None:
            a_steps, b_steps = (
                cgutils.unpack_tuple(builder, arguments[steps], count)
                for steps, count in ((9, 5), (12, 2))
            )
            places = (address(1), arguments[3]), (address(4), arguments[6])
            rest = (address(7), *a_steps), (address(10), *b_steps)
            emit_tile(write, (rows, vectors), *places, *rest, arguments[13] if masked else None)

        cases = {
            number: functools.partial(write_tile, *shape)
            for number, shape in enumerate(SHAPES)
            if shape[0] * shape[1] <= SUMS
        }
        one_of(builder, arguments[0], cases)
        return context.get_dummy_value()

    steps, pair = types.UniTuple(AT, 5), types.UniTuple(AT, 2)
    return types.void(AT, c, AT, AT, start, AT, AT, a, AT, steps, b, AT, pair, AT), codegen


@jit
def product(
    c, c_at, c_row, start, start_at, start_row, a, a_at, a_steps, b, b_at, b_steps, rows, columns
):
    """Set the matrix `c` to `start + a · b`: tile by tile, all arrays flat, all places in elements.

    Args:
        c, c_at, c_row: the array, where the matrix starts, the distance from row to row.
        start, start_at, start_row: the same of what the sums start from: `c` itself to add to it, or
            one row for all, with distance 0.
        a, a_at: the array and where its first number stands.
        a_steps: distances from row to row, from k to k, from segment to segment; then how many k a
            segment has and how many segments there are.
        b, b_at: the array and where it starts; columns up to the next whole vector are read.
        b_steps: distances from k to k and from segment to segment.
        rows, columns: the size of `c`.

    c[i, j] = start[i, j] + Σ over segments s and k:
        a[a_at + i·row + k·step + s·segment] · b[b_at + k·b_step + s·b_segment + j]
    """
    lanes = VECTOR_BYTES // c.itemsize
    column, tiles = 0, (rows + ROWS - 1) // ROWS
    low, higher = (
        rows // tiles,
        rows % tiles,
    )  # the height of most tiles; how many have one row more
    while column < columns:
        left, shape, row, tile = columns - column, 0, 0, 0
        while (WIDTHS[shape][0] * lanes > left and not WIDTHS[shape][1]) or (
            HEIGHTS[shape] < min(rows, ROWS)
        ):
            shape += 1  # narrower, at last with a mask
        while row < rows:
            height = low + (tile < higher)
            set_tile(
                shape * ROWS + height - 1,
                c,
                c_at + row * c_row + column,
                c_row,
                start,
                start_at + row * start_row + column,
                start_row,
                a,
                a_at + row * a_steps[0],
                a_steps,
                b,
                b_at + column,
                b_steps,
                left,
            )
            row, tile = row + height, tile + 1
        column += WIDTHS[shape][0] * lanes


@functools.cache
def product_address(dtype: np.dtype) -> int:
    """Return where `product` for arrays of this dtype begins, for `calls.call`."""
    flat, steps = flat_array(dtype), types.UniTuple(AT, 5)
    places = flat, AT, AT, flat, AT, AT, flat, AT, steps, flat, AT, types.UniTuple(AT, 2)
    return address(product, (*places, AT, AT))
