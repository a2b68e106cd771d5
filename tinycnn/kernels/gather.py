"""The product for numbers that are mostly zero: only the others are listed, each with its row.

`add_gathered` adds `value[t] · row[index[t]]` over a list: the same arithmetic as the product of `product.py`
with a single row of `a`, without the steps where `a` is zero. After a 2 x 2 maximum three quarters of a
gradient are zero, and a ReLU and dropout silence more; the list is then a fraction of the whole.

       value  index            b, anywhere in memory
      +-----+-----+          +--------+--------+
      | 0.3 |  96 | -------> |  b0    |  b1    |  · 0.3   \\
      | 1.2 |   0 | -------> |  b0    |  b1    |  · 1.2    >  added up in registers, then to c
      | 0.7 | 352 | -------> |  b0    |  b1    |  · 0.7   /
      +-----+-----+          +--------+--------+

A multiply-add takes four cycles or so, and the next one may start at once if it does not need the result.
One sum would wait for itself, so narrow rows are added to several sums in turn, which are added up last.
"""

from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numba.np import arrayobj

from tinycnn.kernels.compile import jit
from tinycnn.kernels.vectors import VECTOR_BYTES, Writer

# Every width there is: (vectors in a row, sums taken in turn, with a mask?), wide before narrow.
GATHERS = ((6, 1, 0), (4, 2, 0), (2, 4, 0), (1, 4, 0), (1, 4, 1))


def emit_gather(
    write: Writer, shape: tuple[int, int], c: ir.Value, b: ir.Value, listed: tuple, width: object
) -> None:
    """Write `c += Σ value[t] · b[index[t]]` for one row of vectors.

    Args:
        write: the writer.
        shape: (vectors, sums taken in turn).
        c, b: addresses.
        listed: (address of the values, address of the indices, how many).
        width: how many columns of the row exist; None: all of them.
    """
    (vectors, turns), (values, indices, count) = shape, listed
    word = ir.IntType(64)

    def entry(value: ir.Value, index: ir.Value, sums: list[ir.Value]) -> list[ir.Value]:
        times = write.repeat(write.number(value), write.vector)
        row = write.load(write.at(b, write.builder.load(index, typ=word)), vectors, width)
        return [write.multiply_add(times, part, old) for part, old in zip(row, sums, strict=True)]

    def several(state: list[ir.Value]) -> list[ir.Value]:  # one entry for each of the sums
        value, index, *sums = state
        for turn in range(turns):
            part = slice(turn * vectors, (turn + 1) * vectors)
            one = write.constant(turn)
            entry_at = write.at(value, one), write.builder.gep(index, [one], source_etype=word)
            sums[part] = entry(*entry_at, sums[part])
        return [*after(value, index, turns), *sums]

    def single(state: list[ir.Value]) -> list[ir.Value]:  # what is left over goes to the first sum
        value, index, *sums = state
        return [*after(value, index, 1), *entry(value, index, sums)]

    def after(value: ir.Value, index: ir.Value, entries: int) -> tuple[ir.Value, ir.Value]:
        far = write.constant(entries)
        return write.at(value, far), write.builder.gep(index, [far], source_etype=word)

    rounds = write.builder.sdiv(count, write.constant(turns))
    rest = write.builder.srem(count, write.constant(turns))
    state = [values, indices, *write.zeros(vectors * turns)]
    values, indices, *sums = write.loop(rounds, state, several)
    _, _, *first = write.loop(rest, [values, indices, *sums[:vectors]], single)
    sums[:vectors] = first
    total = write.load(c, vectors, width)
    for place, value in enumerate(sums):
        total[place % vectors] = write.builder.fadd(total[place % vectors], value)
    write.store(total, c, width)


@intrinsic
def add_gathered_row(typing_context, shape, c, c_at, b, b_at, values, indices, first, count, width):
    """Add the listed rows of `b` to one row of `c`: see `add_gathered`; `shape` numbers GATHERS."""

    def codegen(context, builder, signature, arguments):
        element = context.get_data_type(c.dtype)

        def address(array: int, start: ir.Value, kind: ir.Type = element) -> ir.Value:
            data = arrayobj.make_array(signature.args[array])(context, builder, arguments[array])
            return builder.gep(data.data, [start], source_etype=kind)

        places = address(1, arguments[2]), address(3, arguments[4])
        listed = (
            address(5, arguments[7]),
            address(6, arguments[7], ir.IntType(64)),
            arguments[8],
        )
        done = builder.append_basic_block("done")
        switch = builder.switch(arguments[0], done)
        for number, (vectors, turns, masked) in enumerate(GATHERS):
            switch.add_case(number, block := builder.append_basic_block("gather"))
            builder.position_at_end(block)
            width = arguments[9] if masked else None
            emit_gather(Writer(builder, element), (vectors, turns), *places, listed, width)
            builder.branch(done)
        builder.position_at_end(done)
        return context.get_dummy_value()

    at = types.int64
    return types.void(at, c, at, b, at, values, indices, at, at, at), codegen


@jit
def add_gathered(c, c_at, b, b_at, values, indices, first, stop, columns):
    """Add listed rows of `b` to `columns` numbers of `c`; all arrays flat, counted in elements.

    Args:
        c, c_at: the array, and where the row starts.
        b, b_at: the array, and what is added to every index.
        values, indices: the list, int64 indices; its entries `first` to `stop` count.
        columns: how long a row is.

    c[c_at + j] += Σ over t: values[t] · b[b_at + indices[t] + j]
    """
    lanes = VECTOR_BYTES // c.itemsize
    column = 0
    while column < columns and first < stop:
        width, shape = columns - column, 0
        while GATHERS[shape][0] * lanes > width and not GATHERS[shape][2]:
            shape += 1
        c_now, b_now = c_at + column, b_at + column
        add_gathered_row(shape, c, c_now, b, b_now, values, indices, first, stop - first, width)
        column += GATHERS[shape][0] * lanes
