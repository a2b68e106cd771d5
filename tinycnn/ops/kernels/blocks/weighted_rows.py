"""A product with a left operand of which much is zero: `out = initial + weights · rows`.

`sparse_gemm.py` is given its nonzeros; here they are first listed, eight numbers at a time: a table has, for
each of the 256 patterns of zeros, the places of the others.

    weights   0  1.2  0   0  0.3 0.7  0   0      pattern 00110010
                  |          |   |               table[pattern] = 1 4 5
    rows         b1     +   b4 + b5              added up in registers

Each sum goes on in the order of the rows, as in `gemm.py`: multiplying the
zeros, too, would give the same bits.
"""

import functools
from typing import NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from tinycnn.ops.kernels.blocks.matrix import Matrix, View, structure_type
from tinycnn.ops.kernels.codegen.function_pointers import INT64, address, flat_array
from tinycnn.ops.kernels.codegen.jit import jit
from tinycnn.ops.kernels.codegen.vector_builder import (
    VECTOR_BYTES,
    VectorBuilder,
    switch,
    unpack_arguments,
)

# Widths of a panel of columns, (vectors in a row, masked?), widest first; a masked one is less than a vector
# wide. Twelve vectors of sums, and what is multiplied with them, fit 16 registers.
WIDTHS = ((12, 0), (4, 0), (2, 0), (1, 0), (1, 1))
EIGHT = 8  # numbers whose zeros are looked up at once
WORD, INT32 = ir.IntType(64), ir.IntType(32)


@functools.cache
def place_table() -> np.ndarray:
    """Return int32 (256 · 8,): for each pattern of eight bits the places of those set, then zeros."""
    places = [[place for place in range(EIGHT) if bits >> place & 1] for bits in range(1 << EIGHT)]
    return np.array([(*some, *[0] * (EIGHT - len(some))) for some in places], np.int32).reshape(-1)


@intrinsic
def list_eights(typing_context, x, eights, table, positions, count):
    """Write to positions[count], ... where x is not 0, and return the new count.

    Args:
        x: a `View` of `eights` times eight numbers.
        eights: how many.
        table: from `place_table`.
        positions: int32, as long as x, besides what is there already.
        count: how many are there already.
    """
    dtype = x.types[0].dtype

    def codegen(context, builder, signature, arguments):
        """Emit the code of a call: Numba runs this while it compiles a caller."""
        emit = VectorBuilder(builder, context.get_data_type(dtype))
        x, eights, table, positions, count = unpack_arguments(
            context, builder, signature, arguments
        )
        start, eight = emit.offset(x.array, x.offset), emit.constant(EIGHT)
        numbers, places = ir.VectorType(emit.element, EIGHT), ir.VectorType(INT32, EIGHT)
        zeros = ir.Constant(numbers, [0.0] * EIGHT)
        kind = ir.FunctionType(WORD, [WORD])
        count_bits = cgutils.get_or_insert_function(builder.module, kind, "llvm.ctpop.i64")

        def vector_at(pointer: ir.Value, vector: ir.VectorType) -> ir.Value:
            """Return a pointer to eight numbers."""
            return builder.bitcast(pointer, vector.as_pointer())

        def step(state: list[ir.Value]) -> list[ir.Value]:
            """Emit eight numbers; the state is [the index of the first, the count]."""
            first, count = state
            source = vector_at(emit.offset(start, first), numbers)
            eight_numbers = builder.load(source, typ=numbers, align=emit.size)
            # "Unordered": a NaN, too, is not 0.
            bits = builder.fcmp_unordered("!=", eight_numbers, zeros)
            pattern = builder.zext(builder.bitcast(bits, ir.IntType(EIGHT)), WORD)
            row = builder.gep(table, [builder.mul(pattern, eight)], source_etype=INT32)
            found = builder.load(vector_at(row, places), typ=places, align=4)
            place = builder.trunc(first, INT32)
            lanes = [ir.Constant(places, ir.Undefined), ir.Constant(places, [0] * EIGHT)]
            all_first = builder.insert_element(lanes[0], place, ir.Constant(INT32, 0))
            all_first = builder.shuffle_vector(all_first, *lanes)
            # All eight are written, and only those that exist are counted.
            target = vector_at(builder.gep(positions, [count], source_etype=INT32), places)
            builder.store(builder.add(found, all_first), target, align=4)
            return [
                builder.add(first, eight),
                builder.add(count, builder.call(count_bits, [pattern])),
            ]

        _, count = emit.loop(eights, [emit.constant(0), count], step)
        return count

    return types.int64(x, INT64, table, positions, INT64), codegen


@jit
def list_nonzeros(x, rows, length, table, positions, ends):
    """Write where the rows of a matrix are not 0: of row r to positions[ends[r] : ends[r + 1]].

    Args:
        x: a `Matrix`.
        rows, length: its size.
        table: from `place_table`.
        positions: int32 (rows · length,), is written as far as it is needed.
        ends: int64 (rows + 1,), is written.
    """
    count, whole = 0, length // EIGHT * EIGHT
    ends[0] = 0
    for row in range(rows):
        numbers = View(x.array, x.offset + row * x.row_stride)
        count = list_eights(numbers, length // EIGHT, table, positions, count)
        for place in range(whole, length):
            positions[count] = place
            count += x.array[numbers.offset + place] != 0
        ends[row + 1] = count


@intrinsic
def add_panel(
    typing_context, width, out, initial, weights, rows, positions, start, end, columns_left
):
    """Write out[j] = initial[j] + Σ over the positions p from `start` to `end` of weights[p] · rows[p, j].

    Args:
        width: how many columns j there are, an index of WIDTHS.
        out, initial, weights: a `View` each.
        rows: a `Matrix`.
        positions: int32.
        start, end: which of them.
        columns_left: how many columns there are, if less than a vector.
    """
    dtype = out.types[0].dtype

    def codegen(context, builder, signature, arguments):
        """Emit the code of a call: Numba runs this while it compiles a caller."""
        emit = VectorBuilder(builder, context.get_data_type(dtype))
        width, *operands, positions, start, end, columns_left = unpack_arguments(
            context, builder, signature, arguments
        )
        out, initial, weights, rows = (emit.offset(one.array, one.offset) for one in operands)
        row_stride = operands[3].row_stride

        def emit_case(vectors: int, masked: int) -> None:
            """Emit the panel of one width in WIDTHS."""
            mask = columns_left if masked else None

            def step(state: list[ir.Value]) -> list[ir.Value]:
                """Emit one position; the state is [its index, sums]."""
                index, *sums = state
                narrow = builder.load(
                    builder.gep(positions, [index], source_etype=INT32), typ=INT32
                )
                position = builder.zext(narrow, WORD)
                weight = emit.load_scalar(emit.offset(weights, position))
                factor = emit.broadcast(weight, emit.vector)
                row = emit.offset(rows, builder.mul(position, row_stride))
                pairs = zip(emit.load(row, vectors, mask), sums, strict=True)
                sums = [emit.multiply_add(factor, vector, total) for vector, total in pairs]
                return [builder.add(index, emit.constant(1)), *sums]

            state = [start, *emit.load(initial, vectors, mask)]
            _, *sums = emit.loop(builder.sub(end, start), state, step)
            emit.store(sums, out, mask)

        cases = {n: functools.partial(emit_case, *shape) for n, shape in enumerate(WIDTHS)}
        switch(builder, width, cases)
        return context.get_dummy_value()

    return types.void(INT64, out, initial, weights, rows, positions, INT64, INT64, INT64), codegen


@jit
def add_weighted_rows(out, initial, weights, rows, positions, ends, count, columns):
    """Write out[i, j] = initial[i, j] + Σ over the positions p of row i of weights[i, p] · rows[p, j].

    Args:
        out: a `Matrix` (count, columns), is written.
        initial: a `Matrix`, what the sums start from: `out` itself, or one row, such as a bias.
        weights: a `Matrix` of `count` rows.
        rows: a `Matrix`.
        positions, ends: of the nonzeros of `weights`, from `list_nonzeros`.
        count, columns: the size of `out`.
    """
    lanes, column = VECTOR_BYTES // out.array.itemsize, 0
    while column < columns:
        left, width = columns - column, 0
        while WIDTHS[width][0] * lanes > left and not WIDTHS[width][1]:
            width += 1  # the next narrower one; the last is masked
        panel = Matrix(rows.array, rows.offset + column, rows.row_stride)
        for i in range(count):
            add_panel(
                width,
                View(out.array, out.offset + i * out.row_stride + column),
                View(initial.array, initial.offset + i * initial.row_stride + column),
                View(weights.array, weights.offset + i * weights.row_stride),
                panel,
                positions,
                start=ends[i],
                end=ends[i + 1],
                columns_left=left,
            )
        column += WIDTHS[width][0] * lanes


class Addresses(NamedTuple):
    """The addresses of these two functions, for `function_pointers.call`."""

    list_nonzeros: int
    add_weighted_rows: int


@functools.cache
def addresses(dtype: np.dtype) -> Addresses:
    """Return the `Addresses` of the functions compiled for arrays of this dtype."""
    matrix = structure_type(Matrix, dtype)
    narrow, wide = flat_array(np.int32), flat_array(np.int64)
    listing = matrix, INT64, INT64, narrow, narrow, wide
    adding = matrix, matrix, matrix, matrix, narrow, wide, INT64, INT64
    return Addresses(address(list_nonzeros, listing), address(add_weighted_rows, adding))
