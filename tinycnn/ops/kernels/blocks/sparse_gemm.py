"""The product for matrices that are mostly zero: only the other numbers are listed, row by row.

`add_gathered` computes `c += a · b` like `product.py`, but `a` is given as lists: for each of its rows, the
numbers that are not zero, each with the place of the row of `b` that it is multiplied with. After a 2 x 2
maximum three quarters of a gradient are zero, and a ReLU and dropout silence more; the list is then a
small part of the whole.

     one row of a             b, anywhere in memory
     value  index
    +-----+-----+            +--------+--------+
    | 0.3 |  96 | ---------> |  b0    |  b1    |  · 0.3   \\
    | 1.2 |   0 | ---------> |  b0    |  b1    |  · 1.2    >  added up in registers, then to its row of c
    | 0.7 | 352 | ---------> |  b0    |  b1    |  · 0.7   /
    +-----+-----+            +--------+--------+

Every sum starts from what `c` holds and goes on in the order of the list, as in `product.py`: multiplying
the zeros, too, would give the same bits.
"""

import functools

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numba.np import arrayobj

from tinycnn.ops.kernels.codegen.function_pointers import AT, address, flat_array
from tinycnn.ops.kernels.codegen.jit import inlined, jit
from tinycnn.ops.kernels.codegen.vector_builder import VECTOR_BYTES, Writer

# Every width there is: (vectors in a row, with a mask?), wide before narrow.
GATHERS = ((6, 0), (4, 0), (2, 0), (1, 0), (1, 1))
WORD = ir.IntType(64)


def emit_row(
    write: Writer, vectors: int, c: ir.Value, b: ir.Value, listed: tuple, width: object
) -> None:
    """Write `c += Σ value[t] · b[index[t]]` for one row of vectors.

    Args:
        write: the writer.
        vectors: in the row.
        c, b: addresses.
        listed: (address of the values, address of the indices, how many).
        width: how many columns of the row exist; None: all of them.
    """
    values, indices, count = listed
    one = write.constant(1)

    def entry(state: list[ir.Value]) -> list[ir.Value]:
        value, index, *sums = state
        times = write.repeat(write.number(value), write.vector)
        row = write.load(write.at(b, write.builder.load(index, typ=WORD)), vectors, width)
        sums = [write.multiply_add(times, part, old) for part, old in zip(row, sums, strict=True)]
        return [write.at(value, one), write.builder.gep(index, [one], source_etype=WORD), *sums]

    state = [values, indices, *write.load(c, vectors, width)]
    _, _, *sums = write.loop(count, state, entry)
    write.store(sums, c, width)


def emit_rows(
    write: Writer, vectors: int, arrays: list[ir.Value], rows: ir.Value, width: object
) -> None:
    """Write a loop over the rows of `a` and `c`; `arrays` are the addresses that `add_gathered` names."""
    c, places, b, values, indices, firsts, stops = arrays

    def whole(address: ir.Value, row: ir.Value) -> ir.Value:
        return write.builder.load(write.builder.gep(address, [row], source_etype=WORD), typ=WORD)

    def step(state: list[ir.Value]) -> list[ir.Value]:
        (row,) = state
        first, stop = whole(firsts, row), whole(stops, row)
        index = write.builder.gep(indices, [first], source_etype=WORD)
        listed = write.at(values, first), index, write.builder.sub(stop, first)
        emit_row(write, vectors, write.at(c, whole(places, row)), b, listed, width)
        return [write.builder.add(row, write.constant(1))]

    write.loop(rows, [write.constant(0)], step)


@intrinsic
def add_gathered_strip(
    typing_context, shape, c, c_at, places, b, b_at, values, indices, firsts, stops, rows, width
):
    """Add the rows of a strip of columns: see `add_gathered`; `shape` numbers GATHERS."""

    def codegen(context, builder, signature, arguments):
        element = context.get_data_type(c.dtype)

        def address(array: int) -> ir.Value:
            kind = signature.args[array]
            return arrayobj.make_array(kind)(context, builder, arguments[array]).data

        def moved(array: int, at: int) -> ir.Value:
            return builder.gep(address(array), [arguments[at]], source_etype=element)

        arrays = [moved(1, 2), address(3), moved(4, 5), *(address(k) for k in (6, 7, 8, 9))]
        done = builder.append_basic_block("done")
        switch = builder.switch(arguments[0], done)
        for number, (vectors, masked) in enumerate(GATHERS):
            switch.add_case(number, block := builder.append_basic_block("gather"))
            builder.position_at_end(block)
            width = arguments[11] if masked else None
            emit_rows(Writer(builder, element), vectors, arrays, arguments[10], width)
            builder.branch(done)
        builder.position_at_end(done)
        return context.get_dummy_value()

    at = types.int64
    lists = values, indices, firsts, stops
    return types.void(at, c, at, places, b, at, *lists, at, at), codegen


@inlined
def multiples(count, step):
    """Return 0, step, 2 · step, ..."""
    found = np.empty(count, np.int64)
    for position in range(count):
        found[position] = position * step
    return found


@jit
def add_gathered(c, c_at, places, b, b_at, values, indices, firsts, stops, columns):
    """Add `a · b` to rows of `c`, where `a` is given by lists; all arrays flat, counted in elements.

    Args:
        c, c_at, places: the array, and where its rows stand: at c_at + places[row].
        b, b_at: the array, and what is added to every index.
        values, indices: the lists of all rows: numbers of `a`, and where their rows of `b` stand.
        firsts, stops: the entries of each row are those from firsts[row] to stops[row].
        columns: how long the rows of `b` and `c` are.

    places, indices, firsts and stops are int64.

    c[c_at + places[row] + j] += Σ over t: values[t] · b[b_at + indices[t] + j]
    """
    lanes = VECTOR_BYTES // c.itemsize
    column = 0
    while column < columns:
        width, shape = columns - column, 0
        while GATHERS[shape][0] * lanes > width and not GATHERS[shape][1]:
            shape += 1
        c_now, b_now, rows = c_at + column, b_at + column, len(places)
        add_gathered_strip(
            shape, c, c_now, places, b, b_now, values, indices, firsts, stops, rows, width
        )
        column += GATHERS[shape][0] * lanes


@functools.cache
def add_gathered_address(dtype: np.dtype) -> int:
    """Return where `add_gathered` for arrays of this dtype begins, for `calls.call`."""
    flat, whole = flat_array(dtype), flat_array(np.int64)
    return address(add_gathered, (flat, AT, whole, flat, AT, flat, whole, whole, whole, AT))
