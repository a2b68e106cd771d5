"""The nonzeros of a matrix in CSR form, for `sparse_gemm.py`: eight numbers are looked at at a time.

A table has, for each of the 256 patterns of zeros among eight numbers, the places of the others:

    x   0  1.2  0   0  0.3 0.7  0   0      pattern 00110010, table[pattern] = 1 4 5
"""

import functools

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from tinycnn.ops.kernels.blocks.matrix import Matrix, View, structure_type
from tinycnn.ops.kernels.blocks.sparse_gemm import CSR
from tinycnn.ops.kernels.codegen.function_pointers import INT64, address, flat_array
from tinycnn.ops.kernels.codegen.jit import jit
from tinycnn.ops.kernels.codegen.vector_builder import VectorBuilder, unpack_arguments

EIGHT = 8  # numbers whose zeros are looked up at once
WORD, INT32 = ir.IntType(64), ir.IntType(32)


@functools.cache
def place_table() -> np.ndarray:
    """Return int32 (256 · 8,): for each pattern of eight bits the places of those set, then zeros."""
    places = [[place for place in range(EIGHT) if bits >> place & 1] for bits in range(1 << EIGHT)]
    return np.array([some + [0] * (EIGHT - len(some)) for some in places], np.int32).reshape(-1)


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
def list_nonzeros(x, length, table, positions, distance, nonzeros):
    """Write the nonzeros of a matrix, as many rows as `nonzeros` has, each with the offset of its row of b.

    Args:
        x: a `Matrix`.
        length: of its rows.
        table: from `place_table`.
        positions: int32 (length,), scratch.
        distance: from one row of b to the next.
        nonzeros: a `CSR` with room for all numbers of x, is written.
    """
    values, b_offsets, row_start, row_end = nonzeros
    end, whole = 0, length // EIGHT * EIGHT
    for row in range(len(row_start)):
        start = x.offset + row * x.row_stride
        count = list_eights(View(x.array, start), length // EIGHT, table, positions, 0)
        for position in range(whole, length):
            positions[count] = position
            count += x.array[start + position] != 0
        row_start[row], row_end[row] = end, end + count
        numbers = x.array[start : start + length]
        row_values, row_offsets = values[end : end + count], b_offsets[end : end + count]
        for index in range(len(row_values)):
            # Unsigned: Numba then need not look whether it counts from the end.
            row_values[index] = numbers[np.uint32(positions[index])]
            row_offsets[index] = positions[index] * distance
        end += count


@functools.cache
def list_nonzeros_address(dtype: np.dtype) -> int:
    """Return the address of `list_nonzeros` for arrays of this dtype, for `function_pointers.call`."""
    narrow, wide = flat_array(np.int32), flat_array(np.int64)
    nonzeros = types.NamedTuple((flat_array(dtype), wide, wide, wide), CSR)
    matrix = structure_type(Matrix, dtype)
    return address(list_nonzeros, (matrix, INT64, narrow, narrow, INT64, nonzeros))
