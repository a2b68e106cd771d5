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
from numba.np import arrayobj

from tinycnn.ops.kernels.codegen.function_pointers import INT64, address, flat_array
from tinycnn.ops.kernels.codegen.jit import inlined, jit
from tinycnn.ops.kernels.codegen.vector_builder import VECTOR_BYTES, VectorBuilder, switch

# Every width there is: (vectors in a row, with a mask?), the widest first.
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
        b_vectors = emit.load(b_row, vectors, columns_left)
        sums = [
            emit.multiply_add(scalar, vector, total)
            for vector, total in zip(b_vectors, sums, strict=True)
        ]
        next_offset = emit.builder.gep(b_offset, [one], source_etype=WORD)
        return [emit.offset(value, one), next_offset, *sums]

    state = [values, b_offsets, *emit.load(c, vectors, columns_left)]
    _, _, *sums = emit.loop(count, state, nonzero)
    emit.store(sums, c, columns_left)


def emit_sparse_rows(
    emit: VectorBuilder,
    vectors: int,
    addresses: list[ir.Value],
    rows: ir.Value,
    columns_left: ir.Value | None,
) -> None:
    """Emit a loop over the rows of `a` and `c`; `addresses`: see `sparse_gemm_panel`."""
    c, row_offsets, b, values, b_offsets, row_start, row_end = addresses

    def load_word(address: ir.Value, row: ir.Value) -> ir.Value:
        return emit.builder.load(emit.builder.gep(address, [row], source_etype=WORD), typ=WORD)

    def step(state: list[ir.Value]) -> list[ir.Value]:
        (row,) = state
        start, end = load_word(row_start, row), load_word(row_end, row)
        first_offset = emit.builder.gep(b_offsets, [start], source_etype=WORD)
        nonzeros = emit.offset(values, start), first_offset, emit.builder.sub(end, start)
        c_row = emit.offset(c, load_word(row_offsets, row))
        emit_sparse_row(emit, vectors, c_row, b, nonzeros, columns_left)
        return [emit.builder.add(row, emit.constant(1))]

    emit.loop(rows, [emit.constant(0)], step)


@intrinsic
def sparse_gemm_panel(
    typing_context,
    width,
    c,
    c_offset,
    row_offsets,
    b,
    b_offset,
    values,
    b_offsets,
    row_start,
    row_end,
    rows,
    columns_left,
):
    """Add the rows of a panel of columns: see `sparse_gemm`; `width` numbers WIDTHS."""

    def codegen(context, builder, signature, arguments):
        emit = VectorBuilder(builder, context.get_data_type(c.dtype))

        def address(array: int) -> ir.Value:
            kind = signature.args[array]
            return arrayobj.make_array(kind)(context, builder, arguments[array]).data

        c_address = emit.offset(address(1), arguments[2])
        b_address = emit.offset(address(4), arguments[5])
        addresses = [c_address, address(3), b_address, *(address(k) for k in (6, 7, 8, 9))]

        def emit_case(vectors: int, masked: int) -> None:
            columns_left = arguments[11] if masked else None
            emit_sparse_rows(emit, vectors, addresses, arguments[10], columns_left)

        cases = {n: functools.partial(emit_case, *width) for n, width in enumerate(WIDTHS)}
        switch(builder, arguments[0], cases)
        return context.get_dummy_value()

    nonzeros = values, b_offsets, row_start, row_end
    return types.void(INT64, c, INT64, row_offsets, b, INT64, *nonzeros, INT64, INT64), codegen


@inlined
def multiples(count, step):
    """Return 0, step, 2 · step, ..."""
    out = np.empty(count, np.int64)
    for position in range(count):
        out[position] = position * step
    return out


@jit
def sparse_gemm(c, c_offset, row_offsets, nonzeros, b, b_offset, columns):
    """Add `a · b` to rows of `c`; all arrays are flat, all offsets are counted in elements.

    Args:
        c, c_offset, row_offsets: the array, and where its rows lie: at c_offset + row_offsets[row].
        nonzeros: of `a`, a `CSR`.
        b, b_offset: the array, and what is added to every offset of the nonzeros.
        columns: how long the rows of `b` and `c` are.

    c[c_offset + row_offsets[row] + j] += Σ over t: values[t] · b[b_offset + b_offsets[t] + j]
    """
    lanes = VECTOR_BYTES // c.itemsize
    column = 0
    while column < columns:
        columns_left, width = columns - column, 0
        while WIDTHS[width][0] * lanes > columns_left and not WIDTHS[width][1]:
            width += 1
        sparse_gemm_panel(
            width,
            c,
            c_offset + column,
            row_offsets,
            b,
            b_offset + column,
            nonzeros.values,
            nonzeros.b_offsets,
            nonzeros.row_start,
            nonzeros.row_end,
            len(row_offsets),
            columns_left,
        )
        column += WIDTHS[width][0] * lanes


@functools.cache
def sparse_gemm_address(dtype: np.dtype) -> int:
    """Return where `sparse_gemm` for arrays of this dtype begins, for `function_pointers.call`."""
    flat, integers = flat_array(dtype), flat_array(np.int64)
    nonzeros = types.NamedTuple((flat, integers, integers, integers), CSR)
    return address(sparse_gemm, (flat, INT64, integers, nonzeros, flat, INT64, INT64))
