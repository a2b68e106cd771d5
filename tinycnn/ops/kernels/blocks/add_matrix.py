"""`add_matrix`: one matrix added to another, rows of any length, a vector at a time."""

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from tinycnn.ops.kernels.codegen.function_pointers import INT64
from tinycnn.ops.kernels.codegen.jit import inlined
from tinycnn.ops.kernels.codegen.vector_builder import VECTOR_BYTES, VectorBuilder, unpack_arguments


@intrinsic
def add_rows(typing_context, total, x, rows, vectors, rest):
    """Do total += x for matrices whose rows are `vectors` whole vectors and `rest` numbers more."""
    dtype = total.types[0].dtype

    def codegen(context, builder, signature, arguments):
        """Emit the code of a call: Numba runs this while it compiles a caller."""
        emit = VectorBuilder(builder, context.get_data_type(dtype))
        total, x, rows, vectors, rest = unpack_arguments(context, builder, signature, arguments)

        def step(state: list[ir.Value], width: ir.Value | None = None) -> list[ir.Value]:
            """Emit one vector, all of it or `width` lanes; the state is its addresses in total and x."""
            (old,), (new,) = (emit.load(address, 1, width) for address in state)
            emit.store([emit.add(old, new)], state[0], width)
            return [emit.offset(address, emit.constant(emit.lanes)) for address in state]

        def row(state: list[ir.Value]) -> list[ir.Value]:
            """Emit one row; the state is its addresses in total and x."""
            after = emit.loop(vectors, state, step)
            with builder.if_then(builder.icmp_signed(">", rest, emit.constant(0))):
                step(after, rest)
            strides = total.row_stride, x.row_stride
            return [emit.offset(*pair) for pair in zip(state, strides, strict=True)]

        emit.loop(rows, [emit.offset(m.array, m.offset) for m in (total, x)], row)
        return context.get_dummy_value()

    return types.void(total, x, INT64, INT64, INT64), codegen


@inlined
def add_matrix(total, x, rows, columns):
    """Do total += x for two `Matrix` of `rows` x `columns` in different arrays."""
    lanes = VECTOR_BYTES // x.array.itemsize
    add_rows(total, x, rows, columns // lanes, columns % lanes)
