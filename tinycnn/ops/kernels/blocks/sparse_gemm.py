"""GEMM for a left operand that is mostly zero, in CSR form: only its nonzeros are stored, row by row.

`sparse_gemm` computes `c += a · b` like `gemm.py`, but of each row of `a` only the nonzeros are stored, each
with the offset of the row of `b` that it is multiplied with. After a 2 x 2 maximum three quarters of a
gradient are zero, and a ReLU and dropout set more to zero; the nonzeros are then a small part of the whole.

     one row of a             b, anywhere in memory
     value  offset
    +-----+-----+            +--------+--------+
    | 0.3 |  96 | ---------> |  b0    |  b1    |  · 0.3   \\
    | 1.2 |   0 | ---------> |  b0    |  b1    |  · 1.2    >  added up in registers, then to its row of c
    | 0.7 | 352 | ---------> |  b0    |  b1    |  · 0.7   /
    +-----+-----+            +--------+--------+

Every sum starts from what `c` holds and goes on in the order of the nonzeros, as in `gemm.py`: multiplying
the zeros, too, would give the same bits.
"""

import functools
from typing import NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from tinycnn.ops.kernels.blocks.matrix import View, structure_type
from tinycnn.ops.kernels.codegen.function_pointers import INT64, address, flat_array
from tinycnn.ops.kernels.codegen.jit import inlined, jit
from tinycnn.ops.kernels.codegen.vector_builder import (
    VECTOR_BYTES,
    VectorBuilder,
    switch,
    unpack_arguments,
)

# Widths of a panel of columns, (vectors in a row, masked?), widest first; a masked one is less than a vector
# wide. Six vectors of sums do not depend on each other: so a CPU can work on six multiply-adds at a time.
WIDTHS = ((6, 0), (4, 0), (2, 0), (1, 0), (1, 1))
WORD = ir.IntType(64)


class CSR(NamedTuple):
    """`a`, a sparse matrix: row r has the nonzeros values[row_start[r] : row_end[r]].

    All arrays are flat; all but the values are int64.
    """

    values: np.ndarray
    b_offsets: np.ndarray  # for each value, where in `b` the row begins that it is multiplied with
    row_start: np.ndarray
    row_end: np.ndarray


class ScatteredRows(NamedTuple):
    """`c`, a matrix whose rows lie anywhere in a flat array: row r begins at offset + row_offsets[r].

    Rows may overlap.
    """

    array: np.ndarray
    offset: int
    row_offsets: np.ndarray  # (rows,) int64


def emit_sparse_row(
    emit: VectorBuilder,
    vectors: int,
    c: ir.Value,
    b: ir.Value,
    nonzeros: tuple[ir.Value, ir.Value, ir.Value],
    columns_left: ir.Value | None,
) -> None:
    """Emit the code of one row: `c += Σ over t of values[t] · (the row of b at b_offsets[t])`.

    Args:
        emit: the builder.
        vectors: how many vectors of the row are computed.
        c: the address of the row of c.
        b: the address that b_offsets count from.
        nonzeros: (address of the values, address of b_offsets, how many nonzeros the row has).
        columns_left: how many columns of the row exist, if less than a vector; None: all of them.
    """
    values, b_offsets, count = nonzeros
    one = emit.constant(1)

    def nonzero(state: list[ir.Value]) -> list[ir.Value]:
        """Emit one nonzero; the state is [the addresses of its value and its b_offset, sums]."""
        value, b_offset, *sums = state
        scalar = emit.broadcast(emit.load_scalar(value), emit.vector)
        b_row = emit.offset(b, emit.builder.load(b_offset, typ=WORD))
        # Masked, unlike in gemm.py: here b is not padded, and a whole vector could reach beyond its end.
        b_vectors = emit.load(b_row, vectors, columns_left)
        sums = [
            emit.multiply_add(scalar, vector, total)
            for vector, total in zip(b_vectors, sums, strict=True)
        ]
        next_offset = emit.builder.gep(b_offset, [one], source_etype=WORD)
        return [emit.offset(value, one), next_offset, *sums]

    # One row at a time, unlike in gemm.py: the next row has other nonzeros, and so needs other rows of b.
    state = [values, b_offsets, *emit.load(c, vectors, columns_left)]
    _, _, *sums = emit.loop(count, state, nonzero)
    emit.store(sums, c, columns_left)


def emit_sparse_rows(
    emit: VectorBuilder,
    vectors: int,
    c: ScatteredRows,
    nonzeros: CSR,
    b: ir.Value,
    rows: ir.Value,
    columns_left: ir.Value | None,
) -> None:
    """Emit a loop over all rows of a and c, each by `emit_sparse_row`.

    Args:
        emit: the builder.
        vectors, columns_left: see `emit_sparse_row`.
        c, nonzeros: fields known at run time only; their arrays are addresses of first elements.
        b: the address that b_offsets count from.
        rows: how many rows.
    """

    def load_word(address: ir.Value, row: ir.Value) -> ir.Value:
        """Load element `row` of the int64 array at an address."""
        return emit.builder.load(emit.builder.gep(address, [row], source_etype=WORD), typ=WORD)

    def step(state: list[ir.Value]) -> list[ir.Value]:
        """Emit one row; the state is [its number]."""
        (row,) = state
        # There may be a gap behind a row's nonzeros: so both its start and its end are loaded.
        start, end = load_word(nonzeros.row_start, row), load_word(nonzeros.row_end, row)
        first_offset = emit.builder.gep(nonzeros.b_offsets, [start], source_etype=WORD)
        first_value = emit.offset(nonzeros.values, start)
        c_row = emit.offset(emit.offset(c.array, c.offset), load_word(c.row_offsets, row))
        row_nonzeros = first_value, first_offset, emit.builder.sub(end, start)
        emit_sparse_row(emit, vectors, c_row, b, row_nonzeros, columns_left)
        return [emit.builder.add(row, emit.constant(1))]

    emit.loop(rows, [emit.constant(0)], step)


@intrinsic
def sparse_gemm_panel(typing_context, width, c, nonzeros, b, rows, columns_left):
    """Do `c += a · b` for a panel of columns.

    Args:
        width: how wide the panel is, an index of WIDTHS.
        c: `ScatteredRows`, its offset at the panel's first column.
        nonzeros: `a`, a `CSR`.
        b: a `View`, its offset at the panel's first column.
        rows: how many rows a and c have.
        columns_left: the number of columns from the panel's first on.
    """
    dtype = c.types[0].dtype

    def codegen(context, builder, signature, arguments):
        """Emit the code of a call: Numba runs this while it compiles a caller."""
        emit = VectorBuilder(builder, context.get_data_type(dtype))
        width, c, nonzeros, b, rows, columns_left = unpack_arguments(
            context, builder, signature, arguments
        )
        b_address = emit.offset(b.array, b.offset)

        def emit_case(vectors: int, masked: int) -> None:
            """Emit the panel of one width in WIDTHS."""
            mask = columns_left if masked else None
            emit_sparse_rows(emit, vectors, c, nonzeros, b_address, rows, mask)

        cases = {n: functools.partial(emit_case, *shape) for n, shape in enumerate(WIDTHS)}
        switch(builder, width, cases)
        return context.get_dummy_value()

    return types.void(INT64, c, nonzeros, b, INT64, INT64), codegen


@inlined
def multiples(count, step):
    """Return int64 (count,): 0, step, 2 · step, ...; for row_start or row_offsets of evenly spaced rows."""
    out = np.empty(count, np.int64)
    for position in range(count):
        out[position] = position * step
    return out


@jit
def sparse_gemm(c, nonzeros, b, columns):
    """Do `c += a · b` for a sparse matrix a; all arrays are flat, all offsets count elements.

    For each row and each column j, t running over the row's nonzeros:
    c.array[c.offset + row_offsets[row] + j] += Σ over t of values[t] · b.array[b.offset + b_offsets[t] + j]

    Args:
        c: `ScatteredRows`, is written.
        nonzeros: `a`, a `CSR`.
        b: a `View`.
        columns: how long the rows of `b` and `c` are.
    """
    lanes = VECTOR_BYTES // c.array.itemsize
    column = 0
    while column < columns:
        columns_left, width = columns - column, 0
        while WIDTHS[width][0] * lanes > columns_left and not WIDTHS[width][1]:
            width += 1  # the next narrower one; the last is masked
        c_panel = ScatteredRows(c.array, c.offset + column, c.row_offsets)
        b_panel, rows = View(b.array, b.offset + column), len(c.row_offsets)
        sparse_gemm_panel(width, c_panel, nonzeros, b_panel, rows=rows, columns_left=columns_left)
        column += WIDTHS[width][0] * lanes


@functools.cache
def sparse_gemm_address(dtype: np.dtype) -> int:
    """Return the address of `sparse_gemm` for arrays of this dtype, for `function_pointers.call`."""
    flat, integers = flat_array(dtype), flat_array(np.int64)
    c = types.NamedTuple((flat, INT64, integers), ScatteredRows)
    nonzeros = types.NamedTuple((flat, integers, integers, integers), CSR)
    return address(sparse_gemm, (c, nonzeros, structure_type(View, dtype), INT64))
