"""Rows of matrices, of any length, a vector at a time: added to others, or copied and padded.

Where rows are shorter than some vectors, loops that LLVM vectorizes spend their time on what is left over.
"""

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from tinycnn.ops.kernels.blocks.matrix import Matrix
from tinycnn.ops.kernels.codegen.function_pointers import INT64
from tinycnn.ops.kernels.codegen.jit import inlined
from tinycnn.ops.kernels.codegen.vector_builder import VECTOR_BYTES, VectorBuilder, unpack_arguments


def emit_rows(
    emit: VectorBuilder, matrices: tuple, size: tuple, step: object, rest: object
) -> None:
    """Emit a loop over the rows of several matrices, with one over their vectors inside.

    Args:
        emit: the builder.
        matrices: `Matrix` fields known at run time.
        size: (rows, whole vectors in a row, numbers that are left over).
        step, rest: emit the work on a whole vector, given its addresses in all matrices, and on what is left
            over, given its addresses and how many numbers that is.
    """
    rows, vectors, count = size

    def vector(state: list[ir.Value]) -> list[ir.Value]:
        """Emit a whole vector; the state is its addresses."""
        step(state)
        return [emit.offset(address, emit.constant(emit.lanes)) for address in state]

    def row(state: list[ir.Value]) -> list[ir.Value]:
        """Emit one row; the state is its addresses."""
        rest(emit.loop(vectors, state, vector), count)
        strides = [matrix.row_stride for matrix in matrices]
        return [emit.offset(*pair) for pair in zip(state, strides, strict=True)]

    emit.loop(rows, [emit.offset(matrix.array, matrix.offset) for matrix in matrices], row)


@intrinsic
def sum_rows(typing_context, total, x, rows, vectors, rest):
    """Do total += x for matrices whose rows are `vectors` whole vectors and `rest` numbers more."""
    dtype = total.types[0].dtype

    def codegen(context, builder, signature, arguments):
        """Emit the code of a call: Numba runs this while it compiles a caller."""
        emit = VectorBuilder(builder, context.get_data_type(dtype))
        total, x, *size = unpack_arguments(context, builder, signature, arguments)

        def add(addresses: list[ir.Value], lanes: int) -> None:
            """Emit a vector of so many lanes."""
            old, new = (emit.load_lanes(address, lanes) for address in addresses)
            emit.store_lanes(emit.add(old, new), addresses[0])

        def add_rest(addresses: list[ir.Value], count: ir.Value) -> None:
            """Emit what is left over, in parts of lanes / 2, ..., 1: those whose bit is set in `count`."""
            lanes = emit.lanes // 2
            while lanes:
                some = builder.and_(count, emit.constant(lanes))
                with builder.if_then(builder.icmp_signed("!=", some, emit.constant(0))):
                    add(addresses, lanes)
                addresses = [emit.offset(address, some) for address in addresses]
                lanes //= 2

        emit_rows(emit, (total, x), size, lambda addresses: add(addresses, emit.lanes), add_rest)
        return context.get_dummy_value()

    return types.void(total, x, INT64, INT64, INT64), codegen


@inlined
def add_matrix(total, x, rows, columns):
    """Do total += x for two `Matrix` of `rows` x `columns` in different arrays."""
    lanes = VECTOR_BYTES // x.array.itemsize
    sum_rows(total, x, rows, columns // lanes, columns % lanes)


@intrinsic
def pad_rows(typing_context, out, dy, y, all_active, rows, vectors, rest):
    """Write dy where y > 0 or all are active, else 0, for rows as those of `sum_rows`, to whole vectors."""
    dtype = out.types[0].dtype

    def codegen(context, builder, signature, arguments):
        """Emit the code of a call: Numba runs this while it compiles a caller."""
        emit = VectorBuilder(builder, context.get_data_type(dtype))
        out, dy, y, all_active, *size = unpack_arguments(context, builder, signature, arguments)
        every = emit.broadcast(all_active, ir.VectorType(ir.IntType(1), emit.lanes))
        zeros = ir.Constant(emit.vector, [0.0] * emit.lanes)

        def copy(addresses: list[ir.Value], width: ir.Value | None = None) -> None:
            """Emit one vector, all of it or `width` lanes."""
            # forward: y = 0 where z < 0, else z
            gradient, output = (emit.load(address, 1, width)[0] for address in addresses[1:])
            active = builder.or_(every, builder.fcmp_ordered(">", output, zeros))
            emit.store([builder.select(active, gradient, zeros)], addresses[0])

        def copy_rest(addresses: list[ir.Value], count: ir.Value) -> None:
            """Emit what is left over, if there is anything."""
            with builder.if_then(builder.icmp_signed(">", count, emit.constant(0))):
                copy(addresses, count)

        emit_rows(emit, (out, dy, y), size, copy, copy_rest)
        return context.get_dummy_value()

    return types.void(out, dy, y, types.boolean, INT64, INT64, INT64), codegen


@inlined
def copy_padded(dy, relu_output, offset, size, out):
    """Write out (rows, columns rounded up to vectors) = a matrix of dy, 0 where relu_output is not above 0.

    Args:
        dy: flat; the matrix begins at `offset`.
        relu_output: shaped as dy. Of length 0: there is no ReLU.
        offset: where the matrix begins.
        size: its rows and columns; those of `out` are padded with zeros to whole vectors.
        out: flat, is written.
    """
    (rows, columns), lanes = size, VECTOR_BYTES // dy.itemsize
    all_active = len(relu_output) == 0
    width = (columns + lanes - 1) // lanes * lanes
    source = Matrix(dy, offset, row_stride=columns)
    outputs = source if all_active else Matrix(relu_output, offset, row_stride=columns)
    target = Matrix(out, 0, row_stride=width)
    pad_rows(target, source, outputs, all_active, rows, columns // lanes, columns % lanes)
