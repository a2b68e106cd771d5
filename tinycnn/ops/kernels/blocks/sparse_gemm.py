"""GEMM for a left operand that is mostly zero, in CSR form: only its nonzeros are stored, row by row.

`sparse_gemm` computes `c += a · b` like `gemm.py`, but of each row of `a` only the nonzeros are stored, each
with the offset of the row of `b` that it is multiplied with. After a 2 x 2 maximum three quarters of a
gradient are zero, and a ReLU and dropout silence more; the nonzeros are then a small part of the whole.

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

# Every width there is: (vectors in a row, with a mask?), the widest first.
# One row has only its own sums to go on with: six of them hide most of a multiply-add's latency.
WIDTHS = ((6, 0), (4, 0), (2, 0), (1, 0), (1, 1))
WORD = ir.IntType(64)


class CSR(NamedTuple):
    """A sparse matrix: of row r the nonzeros are entries row_start[r] to row_end[r] of the first two arrays.

    All arrays are flat; all but the values are int64.
    """

    values: np.ndarray
    b_offsets: np.ndarray  # where the row of `b` begins that each is multiplied with
    row_start: np.ndarray
    row_end: np.ndarray


class ScatteredRows(NamedTuple):
    """`c`: rows inside a flat array, each at an offset of its own; they may overlap."""

    array: np.ndarray
    offset: int  # added to every one of the next, (rows,) int64
    row_offsets: np.ndarray


def emit_sparse_row(
    emit: VectorBuilder,
    vectors: int,
    c: ir.Value,
    b: ir.Value,
    nonzeros: tuple[ir.Value, ir.Value, ir.Value],
    columns_left: ir.Value | None,
) -> None:
    """Emit `c += Σ value[t] · b[offset[t]]` for one row of vectors.

    Args:
        emit: the builder.
        vectors: in the row.
        c, b: addresses.
        nonzeros: (address of the values, address of the offsets in b, how many).
        columns_left: how many columns of the row exist; None: all of them.
    """
    values, b_offsets, count = nonzeros
    one = emit.constant(1)

    def nonzero(state: list[ir.Value]) -> list[ir.Value]:
        value, b_offset, *sums = state
        scalar = emit.broadcast(emit.load_scalar(value), emit.vector)
        b_row = emit.offset(b, emit.builder.load(b_offset, typ=WORD))
        # Masked here too, unlike in gemm.py: b is no padded copy, and may end where its last row does.
        b_vectors = emit.load(b_row, vectors, columns_left)
        sums = [
            emit.multiply_add(scalar, vector, total)
            for vector, total in zip(b_vectors, sums, strict=True)
        ]
        next_offset = emit.builder.gep(b_offset, [one], source_etype=WORD)
        return [emit.offset(value, one), next_offset, *sums]

    # One row of c at a time: the next row has other nonzeros, so no load of b could be shared.
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
    """Emit a loop over the rows of `a` and `c`: see `sparse_gemm_panel`; `b` is an address."""

    def load_word(address: ir.Value, row: ir.Value) -> ir.Value:
        return emit.builder.load(emit.builder.gep(address, [row], source_etype=WORD), typ=WORD)

    def step(state: list[ir.Value]) -> list[ir.Value]:
        (row,) = state
        # Rows need not follow each other: each has room for as many nonzeros as there can be.
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
    """Add the rows of a panel of columns: see `sparse_gemm`; `width` numbers WIDTHS."""
    dtype = c.types[0].dtype

    def codegen(context, builder, signature, arguments):
        emit = VectorBuilder(builder, context.get_data_type(dtype))
        width, c, nonzeros, b, rows, columns_left = unpack_arguments(
            context, builder, signature, arguments
        )
        b_address = emit.offset(b.array, b.offset)

        def emit_case(vectors: int, masked: int) -> None:
            mask = columns_left if masked else None
            emit_sparse_rows(emit, vectors, c, nonzeros, b_address, rows, mask)

        cases = {n: functools.partial(emit_case, *shape) for n, shape in enumerate(WIDTHS)}
        switch(builder, width, cases)
        return context.get_dummy_value()

    return types.void(INT64, c, nonzeros, b, INT64, INT64), codegen


@inlined
def multiples(count, step):
    """Return 0, step, 2 · step, ...: where the rows of a matrix begin, for the fields of `CSR`."""
    out = np.empty(count, np.int64)
    for position in range(count):
        out[position] = position * step
    return out


@jit
def sparse_gemm(c, nonzeros, b, columns):
    """Add `a · b` to rows of `c`; all arrays are flat, all offsets are counted in elements.

    Args:
        c: `ScatteredRows`.
        nonzeros: of `a`, a `CSR`.
        b: a `View`; its offset is added to every offset of the nonzeros.
        columns: how long the rows of `b` and `c` are.

    c[c.offset + row_offsets[row] + j] += Σ over t: values[t] · b[b.offset + b_offsets[t] + j]
    """
    lanes = VECTOR_BYTES // c.array.itemsize
    column = 0
    while column < columns:
        columns_left, width = columns - column, 0
        while WIDTHS[width][0] * lanes > columns_left and not WIDTHS[width][1]:
            width += 1  # narrower, at last with a mask
        c_panel = ScatteredRows(c.array, c.offset + column, c.row_offsets)
        b_panel, rows = View(b.array, b.offset + column), len(c.row_offsets)
        sparse_gemm_panel(width, c_panel, nonzeros, b_panel, rows=rows, columns_left=columns_left)
        column += WIDTHS[width][0] * lanes


@functools.cache
def sparse_gemm_address(dtype: np.dtype) -> int:
    """Return where `sparse_gemm` for arrays of this dtype begins, for `function_pointers.call`."""
    flat, integers = flat_array(dtype), flat_array(np.int64)
    c = types.NamedTuple((flat, INT64, integers), ScatteredRows)
    nonzeros = types.NamedTuple((flat, integers, integers, integers), CSR)
    return address(sparse_gemm, (c, nonzeros, structure_type(View, dtype), INT64))
