"""GEMM, the matrix product `c = initial + a · b`, in small tiles whose sums stay in registers.

Convolution and dense layers, forward and backward, are sums of products. A CPU is fast at them only if
the accumulators stay in its vector registers while `k` runs; written as a loop over a small array, LLVM
keeps them in memory instead. So this file emits the register-blocked micro-kernel as LLVM IR:

                     b: one row of `vectors` vectors for each k
                    +--------+--------+--------+--------+
    a: one scalar   |  b0    |  b1    |  b2    |  b3    |    each step of k:
     for each row   +--------+--------+--------+--------+      load the vectors of b
         +----+     +--------+--------+--------+--------+      for every row: broadcast one scalar of a
         | a0 |     | c00    | c01    | c02    | c03    |      over a vector, multiply it with b, add
         | a1 |     | c10    | c11    | c12    | c13    |
         | .. |     |   24 accumulators of 16 floats = 24 of the 32 registers of AVX-512
         | a5 |     | c50    | c51    | c52    | c53    |
         +----+     +--------+--------+--------+--------+

6 x 4 multiply-adds follow 4 + 6 loads, so the arithmetic, not memory, sets the pace. Where a machine has
16 registers, the tile is 6 x 2, or 3 x 4 for few rows. Narrow matrices get narrower tiles, and rows are
shared evenly: ten are two tiles of five. Every sum runs over k in order, whatever the tile, so results
do not depend on the tiles.

The last tile of a row may be wider than the matrix. It reads whole vectors of b, which must be padded for
that (`pad_to_vector_width`), and writes only the columns that exist.

`a` is read with two strides and in segments, which lets the rows of a matrix, the transposed matrix and
the overlapping windows of an image all be "a" without copying them; so is `b`.

Memory is slower than the tile, so the next tile's rows of c are prefetched while this one is computed; and
`pack_panels` lays out a matrix so that what a tile reads of b is contiguous.
"""

import functools
from typing import NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from tinycnn.ops.kernels.blocks.matrix import Matrix, structure_type
from tinycnn.ops.kernels.codegen.function_pointers import INT64, address
from tinycnn.ops.kernels.codegen.jit import inlined, jit
from tinycnn.ops.kernels.codegen.vector_builder import (
    VECTOR_BYTES,
    VECTORS,
    VectorBuilder,
    switch,
    unpack_arguments,
)
from tinycnn.utils.recording import recordable

ROWS = 6  # of the highest tile that is several vectors wide
TALL = 12  # rows of the highest that is one vector wide: additions to fewer sums would wait for each other
SMALL = 8 * 1024  # bytes: a quarter of a first-level cache
ACCUMULATORS = ROWS * VECTORS  # vectors of sums in the largest tile: registers are limited
# Widths of tiles: (vectors in a row, masked). A masked tile is less than a vector wide.
WIDTHS = ((4, False), (2, False), (1, False), (1, True))
# The most rows of a tile of each of these widths.
HEIGHTS = tuple(min(ROWS, ACCUMULATORS // v) if v > 1 else TALL for v, _ in WIDTHS)
# Every shape of a tile, (rows, vectors in a row, masked): TILES[w · TALL + r - 1] has WIDTHS[w] and r rows.
TILES = tuple((rows, *width) for width in WIDTHS for rows in range(1, TALL + 1))
# Those that are used.
CASES = {n: shape for n, shape in enumerate(TILES) if n % TALL < HEIGHTS[n // TALL]}


class LeftOperand(NamedTuple):
    """`a`, a matrix in a flat array whose rows consist of `segments` segments of `segment_length` numbers.

    Element k of segment s of a row is array[offset + row · row_stride + s · segment_stride + k · k_stride].
    A plain matrix has one segment. In a convolution a row is the window of an output pixel, and a segment is
    a row of that window: windows overlap in memory, and are not copied.
    """

    array: np.ndarray
    offset: int  # in elements, as all strides
    row_stride: int
    k_stride: int
    segment_stride: int
    segment_length: int
    segments: int


class RightOperand(NamedTuple):
    """`b`, a matrix in a flat array with a row for each element of a row of `a`.

    The row for (segment s, k) begins at array[offset + s · segment_stride + k · k_stride]. It must be padded
    to whole vectors: see `pad_to_vector_width`.
    """

    array: np.ndarray
    offset: int
    k_stride: int
    segment_stride: int


@inlined
def matrix_operand(array, offset, row_stride, k_stride, length):
    """Return a `LeftOperand` for a plain matrix.

    A row has `length` numbers that lie `k_stride` apart; it begins `row_stride` behind the row before.
    """
    return LeftOperand(
        array=array,
        offset=offset,
        row_stride=row_stride,
        k_stride=k_stride,
        segment_stride=0,
        segment_length=length,
        segments=1,
    )


def round_up_to_vectors(columns: int, dtype: np.dtype) -> int:
    """Return `columns` rounded up to a multiple of the numbers in a vector of this dtype."""
    lanes = VECTOR_BYTES // np.dtype(dtype).itemsize
    return -(-columns // lanes) * lanes


@recordable
def pad_to_vector_width(matrix: np.ndarray) -> np.ndarray:
    """Return a matrix (..., columns), the last axis zero-padded to whole vectors: `gemm` needs that of b.

    It is a copy, unless the matrix is contiguous and needs no padding.

    Example:
        >>> padded = pad_to_vector_width(np.ones((5, 3, 7), np.float32))
        >>> padded.shape[2] == round_up_to_vectors(7, padded.dtype)
        True
    """
    columns = matrix.shape[-1]
    padded_columns = round_up_to_vectors(columns, matrix.dtype)
    if padded_columns == columns:
        return np.ascontiguousarray(matrix)
    padded = np.zeros((*matrix.shape[:-1], padded_columns), matrix.dtype)
    padded[..., :columns] = matrix
    return padded


def panel_width(matrix: np.ndarray) -> int:
    """Return the width that `pack_panels` should use for a matrix (k, columns).

    A small matrix becomes one panel; of a larger one a panel is as wide as the highest tile.
    """
    padded_columns = round_up_to_vectors(matrix.shape[1], matrix.dtype)
    # So small that it stays in the cache: with one panel, the rows of a are read only once.
    if len(matrix) * padded_columns * matrix.itemsize <= SMALL:
        return padded_columns
    return tile_width(matrix.dtype)


def tile_width(dtype: np.dtype) -> int:
    """Return how many columns a tile of ROWS rows has at most, for numbers of this dtype."""
    return ACCUMULATORS // ROWS * VECTOR_BYTES // np.dtype(dtype).itemsize


@recordable
def pack_panels(matrix: np.ndarray, width: int) -> np.ndarray:
    """Return a matrix (k, columns) as packed panels (panels, k, width), padded with zeros.

    A tile reads a few columns of every row. Where rows are long, these lie so far apart that they map to the
    same sets of the cache, and evict each other; in a panel they are contiguous.

    Example:
        >>> pack_panels(np.ones((5, 40), np.float32), 16).shape
        (3, 5, 16)
    """
    k, columns = matrix.shape
    count = -(-columns // width)
    packed = np.zeros((count, k, width), matrix.dtype)
    for panel in range(count):
        part = matrix[:, panel * width : (panel + 1) * width]
        packed[panel, :, : part.shape[1]] = part
    return packed


def emit_tile(
    emit: VectorBuilder,
    size: tuple[int, int],
    c: Matrix,
    initial: Matrix,
    a: LeftOperand,
    b: RightOperand,
    columns_left: ir.Value | None,
) -> None:
    """Emit the code of one tile: `c = initial + a · b`.

    It is a loop over the segments of a's rows, with a loop over k inside. Both carry as state the addresses
    reached in a and b, and rows · vectors vectors of sums: see `VectorBuilder.loop`.

    Args:
        emit: the builder.
        size: rows of the tile, and vectors in a row, known while compiling.
        c, initial, a, b: their fields are values known at run time only; the field `array` of each is the
            address of the tile's first element.
        columns_left: how many columns of the tile exist, if less than a vector; None: all of them.
    """
    rows, vectors = size
    sums = []
    for row in range(rows):
        first = emit.offset(initial.array, emit.times(row, initial.row_stride))
        sums += emit.load(first, vectors, columns_left)
        # The next tile lies below: load its rows of c into the cache while this tile is computed.
        emit.prefetch(emit.offset(c.array, emit.times(rows + row, c.row_stride)))

    def one_segment(state: list[ir.Value]) -> list[ir.Value]:
        """Emit a segment; the state is [its address in a, in b, sums]."""
        a_start, b_start, *sums = state
        a_rows = [emit.offset(a_start, emit.times(row, a.row_stride)) for row in range(rows)]

        def one_k(state: list[ir.Value]) -> list[ir.Value]:
            """Emit one k; the state is [its offset in a's rows, the address of b's row, sums]."""
            # All rows of a share one offset that grows with k: an address for each would need more registers.
            a_offset, b_row, *sums = state
            scalars = [emit.offset(a_row, a_offset) for a_row in a_rows]
            sums = emit_multiply_adds(emit, vectors, scalars, b_row, sums)
            return [emit.builder.add(a_offset, a.k_stride), emit.offset(b_row, b.k_stride), *sums]

        _, _, *sums = emit.loop(a.segment_length, [emit.constant(0), b_start, *sums], one_k)
        next_a = emit.offset(a_start, a.segment_stride)
        return [next_a, emit.offset(b_start, b.segment_stride), *sums]

    # The accumulators pass through both loops as phi nodes: between two k they never leave registers.
    _, _, *sums = emit.loop(a.segments, [a.array, b.array, *sums], one_segment)
    for row in range(rows):
        first = emit.offset(c.array, emit.times(row, c.row_stride))
        emit.store(sums[row * vectors : (row + 1) * vectors], first, columns_left)


def emit_multiply_adds(
    emit: VectorBuilder, vectors: int, scalars: list[ir.Value], b_row: ir.Value, sums: list
) -> list[ir.Value]:
    """Emit `sums[row, column] += a[row] · b[column]` for one k; return the new sums.

    Args:
        emit: the builder.
        vectors: in a row of the tile.
        scalars: for each row of the tile the address of its number of a.
        b_row: the address of the row of b.
        sums: rows · vectors vectors, row by row.
    """
    rows, sums = len(scalars), list(sums)
    if rows <= vectors:
        # Few rows: all numbers of a are kept in registers, and the vectors of b are loaded one by one.
        a_vectors = [emit.broadcast(emit.load_scalar(s), emit.vector) for s in scalars]
        for column in range(vectors):
            (b_vector,) = emit.load(emit.offset(b_row, emit.constant(column * emit.lanes)), 1)
            for row, a_vector in enumerate(a_vectors):
                index = row * vectors + column
                sums[index] = emit.multiply_add(a_vector, b_vector, sums[index])
        return sums
    # Few vectors: those of b are kept in registers. There are too few registers to keep both.
    b_vectors = emit.load(b_row, vectors)
    for row, scalar in enumerate(scalars):
        a_vector = emit.broadcast(emit.load_scalar(scalar), emit.vector)
        for column, b_vector in enumerate(b_vectors):
            index = row * vectors + column
            sums[index] = emit.multiply_add(a_vector, b_vector, sums[index])
    return sums


@intrinsic
def gemm_tile(typing_context, tile, c, initial, a, b, row, column, columns_left):
    """Write one tile of `c = initial + a · b`.

    Args:
        tile: which shape, a key of CASES.
        c, initial, a, b: the whole operands, see `gemm`.
        row, column: where in c the tile begins.
        columns_left: the number of columns of c from `column` on.
    """
    dtype = c.types[0].dtype

    def codegen(context, builder, signature, arguments):
        """Emit the code of a call: Numba runs this while it compiles a caller."""
        emit = VectorBuilder(builder, context.get_data_type(dtype))
        tile, *operands, row, column, columns_left = unpack_arguments(
            context, builder, signature, arguments
        )

        def first_element(operand: NamedTuple, by_row: bool, by_column: bool) -> NamedTuple:
            """Return the operand with the address of the tile's first element in its array's place."""
            first = emit.offset(operand.array, operand.offset)
            first = emit.offset(first, builder.mul(row, operand.row_stride)) if by_row else first
            return operand._replace(array=emit.offset(first, column) if by_column else first)

        c, initial, a, b = operands
        c = first_element(c, by_row=True, by_column=True)
        initial = first_element(initial, by_row=True, by_column=True)
        # All columns of c need the same rows of a, and all rows of c the same columns of b.
        a = first_element(a, by_row=True, by_column=False)
        b = first_element(b, by_row=False, by_column=True)

        def emit_case(rows: int, vectors: int, masked: bool) -> None:
            """Emit the tile of one shape in TILES."""
            emit_tile(emit, (rows, vectors), c, initial, a, b, columns_left if masked else None)

        # Code for every shape of a tile: the sums are in registers, so their number must be a constant.
        cases = {number: functools.partial(emit_case, *shape) for number, shape in CASES.items()}
        switch(builder, tile, cases)
        return context.get_dummy_value()

    return types.void(INT64, c, initial, a, b, INT64, INT64, INT64), codegen


@jit
def gemm(c, initial, a, b, rows, columns):
    """Write c[i, j] = initial[i, j] + Σ over segments s and k of a[i, s, k] · b[s, k, j].

    Args:
        c: a `Matrix` (rows, columns), is written.
        initial: a `Matrix`, what the sums start from: `c` itself to add to it, or one row, such as a bias.
        a: a `LeftOperand` with `rows` rows.
        b: a `RightOperand`; columns up to the next whole vector are read.
        rows, columns: the size of `c`.
    """
    lanes, column = VECTOR_BYTES // c.array.itemsize, 0
    # Columns outside, rows inside: the few columns of b stay in the first-level cache for all rows of a.
    while column < columns:
        # The widest tile that the columns left fill, and that is high enough for these rows.
        columns_left, width, row, tile = columns - column, 0, 0, 0
        while (WIDTHS[width][0] * lanes > columns_left and not WIDTHS[width][1]) or (
            HEIGHTS[width] < min(rows, ROWS)
        ):
            width += 1  # the next narrower one; the last is masked
        # Tiles share rows evenly: a last tile of one row would load as much of b for a sixth of the work.
        # A tile has `height` rows, and the first `higher` tiles have one more.
        tiles = (rows + HEIGHTS[width] - 1) // HEIGHTS[width]
        height, higher = rows // tiles, rows % tiles
        while row < rows:
            tile_rows = height + (tile < higher)
            shape = width * TALL + tile_rows - 1  # its index in TILES
            gemm_tile(shape, c, initial, a, b, row=row, column=column, columns_left=columns_left)
            row, tile = row + tile_rows, tile + 1
        column += WIDTHS[width][0] * lanes


@functools.cache
def gemm_address(dtype: np.dtype) -> int:
    """Return the address of `gemm` for arrays of this dtype, for `function_pointers.call`."""
    operands = [structure_type(s, dtype) for s in (Matrix, Matrix, LeftOperand, RightOperand)]
    return address(gemm, (*operands, INT64, INT64))
