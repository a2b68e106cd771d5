"""A weighted sum of rows, `out += Σ over t of weights[t] · row[t]`, where reading the rows takes the time.

`gemm.py` and `sparse_gemm.py` keep sums in registers while they read a few columns of many rows. That is
right for rows in the cache. Rows that come from memory, for one sample, are read once, and memory is fastest
at long runs: so here a few rows are read side by side from their beginning to their end, and the sums, which
stay in the first-level cache, are loaded and stored.

Each sum goes on in the order of the rows, as in `gemm.py`: the bits are the same.
"""

import functools

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from tinycnn.ops.kernels.codegen.function_pointers import INT64
from tinycnn.ops.kernels.codegen.vector_builder import VectorBuilder, switch, unpack_arguments

# How many rows are read side by side: as many of the first as there are, then of the next.
HEIGHTS = (8, 4, 2, 1)
WORD = ir.IntType(64)


@intrinsic
def add_weighted_rows(typing_context, height, out, weights, rows, positions, columns):
    """Do out[j] += Σ over t of weights[p] · rows[p, j] for the next positions p, in their order.

    Args:
        height: how many rows, an index of HEIGHTS.
        out: a `View` of `columns` numbers.
        weights: a `View`: a number for each row of `rows`.
        rows: a `Matrix`.
        positions: a `View` of int64: the numbers of these rows.
        columns: how long a row is.
    """
    dtype = out.types[0].dtype

    def codegen(context, builder, signature, arguments):
        """Emit the code of a call: Numba runs this while it compiles a caller."""
        emit = VectorBuilder(builder, context.get_data_type(dtype))
        height, out, weights, rows, positions, columns = unpack_arguments(
            context, builder, signature, arguments
        )
        out_start, first_row, first_weight = (
            emit.offset(operand.array, operand.offset) for operand in (out, rows, weights)
        )

        def position(t: int) -> ir.Value:
            """Load number t of the positions."""
            where = builder.add(positions.offset, emit.constant(t))
            return builder.load(builder.gep(positions.array, [where], source_etype=WORD), typ=WORD)

        def emit_case(count: int) -> None:
            """Emit the sum of `count` rows."""
            numbers = [position(t) for t in range(count)]
            starts = [emit.offset(first_row, builder.mul(n, rows.row_stride)) for n in numbers]
            scalars = [emit.load_scalar(emit.offset(first_weight, n)) for n in numbers]
            factors = [emit.broadcast(scalar, emit.vector) for scalar in scalars]

            def one_vector(column: ir.Value, width: ir.Value | None) -> None:
                """Emit the sum of all rows for the vector of columns that begins at `column`."""
                (total,) = emit.load(emit.offset(out_start, column), 1, width)
                for start, factor in zip(starts, factors, strict=True):
                    (row,) = emit.load(emit.offset(start, column), 1, width)
                    total = emit.multiply_add(factor, row, total)
                emit.store([total], emit.offset(out_start, column), width)

            emit.for_vectors(columns, one_vector)

        cases = {n: functools.partial(emit_case, count) for n, count in enumerate(HEIGHTS)}
        switch(builder, height, cases)
        return context.get_dummy_value()

    return types.void(INT64, out, weights, rows, positions, INT64), codegen
