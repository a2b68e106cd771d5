"""The product that carries everything: `c += a · b` for a small tile of `c` that stays in registers.

Convolution and dense layers, forward and backward, are sums of products. A CPU is fast at them only if
the numbers being summed stay in its vector registers while `k` runs; written as a loop over a small
array, LLVM keeps them in memory instead. So this file writes the loop in LLVM's own language:

                     b: one row of `vectors` vectors for each k
                    +--------+--------+--------+--------+
      a: one number |  b0    |  b1    |  b2    |  b3    |    each step of k:
      for each row  +--------+--------+--------+--------+      load the vectors of b
         +----+     +--------+--------+--------+--------+      for every row: repeat one number of a
         | a0 |     | c00    | c01    | c02    | c03    |      over a vector, multiply it with b, add
         | a1 |     | c10    | c11    | c12    | c13    |
         | .. |     |   24 sums of 16 floats each = 24 of the 32 registers of AVX-512
         | a5 |     | c50    | c51    | c52    | c53    |
         +----+     +--------+--------+--------+--------+

6 x 4 multiply-adds follow 4 + 6 loads, so the arithmetic, not memory, sets the pace. Where a machine has
16 registers, the tile is 6 x 2. Every sum runs over k in order, whatever the tile, so results do not
depend on how the work is cut.

`a` is read with two strides and in segments, which lets the rows of a matrix, the transposed matrix and
the overlapping windows of an image all be "a" without copying them.
"""

from llvmlite import binding, ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np import arrayobj

from tinycnn.kernels.compile import jit


def vector_shape(features: str, triple: str) -> tuple[int, int, bool]:
    """Choose (bytes in a vector, vectors in a tile row, fused multiply-add?) for a CPU's features.

    Args:
        features: LLVM's feature list, such as "+avx2,+fma".
        triple: LLVM's name of the machine, such as "x86_64-unknown-linux-gnu".

    Example:
        >>> vector_shape("+avx2,+fma", "x86_64-pc-windows-msvc")
        (32, 2, True)
    """
    have = set(features.split(","))
    if triple.startswith(("aarch64", "arm64")):
        return 16, 4, True
    if "+avx512f" in have:
        return 64, 4, True
    if "+avx2" in have:
        return 32, 2, "+fma" in have
    return 16, 2, False


def compiled_features() -> str:
    """Return the features that Numba compiles for: those of the user's setting, else the machine's."""
    if config.CPU_FEATURES is not None:
        return config.CPU_FEATURES
    return binding.get_host_cpu_features().flatten()


VECTOR_BYTES, VECTORS, FUSED = vector_shape(compiled_features(), binding.get_default_triple())
ROWS = 6


class Tile:
    """Writes the LLVM instructions of one tile: `rows` rows of `vectors` vectors of one dtype."""

    def __init__(self, builder: ir.IRBuilder, element: ir.Type, rows: int, vectors: int):
        self.builder = builder
        self.element = element
        self.size = 4 if isinstance(element, ir.FloatType) else 8  # bytes
        self.lanes = VECTOR_BYTES // self.size
        self.vector = ir.VectorType(element, self.lanes)
        self.rows, self.vectors = rows, vectors
        self.word = ir.IntType(64)

    def constant(self, value: int) -> ir.Constant:
        """Return a 64-bit integer."""
        return ir.Constant(self.word, value)

    def at(self, pointer: ir.Value, index: ir.Value) -> ir.Value:
        """Return the address of element `index` after `pointer`."""
        return self.builder.gep(pointer, [index], source_etype=self.element)

    def vector_at(self, pointer: ir.Value, number: int) -> ir.Value:
        """Return the address of vector `number` after `pointer`."""
        address = self.at(pointer, self.constant(number * self.lanes))
        return self.builder.bitcast(address, self.vector.as_pointer())

    def repeat(self, scalar: ir.Value, vector: ir.VectorType) -> ir.Value:
        """Return a vector whose every lane is `scalar`."""
        lanes = ir.VectorType(ir.IntType(32), self.lanes)
        first = self.builder.insert_element(
            ir.Constant(vector, ir.Undefined), scalar, ir.Constant(ir.IntType(32), 0)
        )
        return self.builder.shuffle_vector(
            first, ir.Constant(vector, ir.Undefined), ir.Constant(lanes, [0] * self.lanes)
        )

    def mask(self, width: ir.Value, number: int) -> ir.Value:
        """Return which lanes of vector `number` lie left of column `width`."""
        words = ir.VectorType(self.word, self.lanes)
        start = number * self.lanes
        columns = ir.Constant(words, list(range(start, start + self.lanes)))
        return self.builder.icmp_signed("<", columns, self.repeat(width, words))

    def call(self, name: str, result: ir.Type, arguments: list[ir.Value]) -> ir.Value:
        """Call the LLVM intrinsic `name`."""
        kind = ir.FunctionType(result, [argument.type for argument in arguments])
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        return self.builder.call(function, arguments)

    def suffix(self) -> str:
        """Return how LLVM names this vector type in its intrinsics."""
        return f"v{self.lanes}f{8 * self.size}"

    def load(self, pointer: ir.Value, width: ir.Value | None) -> list[ir.Value]:
        """Load one row of vectors; lanes at or beyond column `width` are not read and become 0."""
        found = []
        for number in range(self.vectors):
            address = self.vector_at(pointer, number)
            if width is None:
                found.append(self.builder.load(address, typ=self.vector, align=self.size))
            else:
                align = ir.Constant(ir.IntType(32), self.size)
                zeros = ir.Constant(self.vector, [0.0] * self.lanes)
                name = f"llvm.masked.load.{self.suffix()}.p0"
                arguments = [address, align, self.mask(width, number), zeros]
                found.append(self.call(name, self.vector, arguments))
        return found

    def store(self, values: list[ir.Value], pointer: ir.Value, width: ir.Value | None) -> None:
        """Store one row of vectors; lanes at or beyond column `width` are not written."""
        for number, value in enumerate(values):
            address = self.vector_at(pointer, number)
            if width is None:
                self.builder.store(value, address, align=self.size)
            else:
                align = ir.Constant(ir.IntType(32), self.size)
                name = f"llvm.masked.store.{self.suffix()}.p0"
                arguments = [value, address, align, self.mask(width, number)]
                self.call(name, ir.VoidType(), arguments)

    def multiply_add(self, a: ir.Value, b: ir.Value, total: ir.Value) -> ir.Value:
        """Return `a · b + total`, rounded once where the machine has the instruction."""
        name = f"llvm.{'fma' if FUSED else 'fmuladd'}.{self.suffix()}"
        return self.call(name, self.vector, [a, b, total])

    def loop(self, count: ir.Value, state: list[ir.Value], body: object) -> list[ir.Value]:
        """Repeat `state = body(state)` `count` times (at least once); return the last state.

        The state is carried by phi nodes, LLVM's variables that live in registers.
        """
        builder = self.builder
        before, inside = builder.block, builder.append_basic_block("repeat")
        after = builder.append_basic_block("done")
        builder.branch(inside)
        builder.position_at_end(inside)
        values = [builder.phi(value.type) for value in [self.constant(0), *state]]
        for phi, value in zip(values, [self.constant(0), *state], strict=True):
            phi.add_incoming(value, before)
        index, new = builder.add(values[0], self.constant(1)), body(values[1:])
        for phi, value in zip(values, [index, *new], strict=True):
            phi.add_incoming(value, builder.block)
        builder.cbranch(builder.icmp_signed("<", index, count), inside, after)
        builder.position_at_end(after)
        return new


def emit_tile(tile: Tile, c: tuple, a: tuple, b: tuple, width: ir.Value | None) -> None:
    """Write `c += a · b` for one tile. Numbers in brackets below are LLVM values, known at run time.

    Args:
        tile: the writer, which knows rows and vectors.
        c: (address, elements from row to row).
        a: (address, elements from row to row, from k to k, from segment to segment, k in a segment,
            segments).
        b: (address, elements from k to k).
        width: how many columns of the tile exist; None: all of them.
    """
    c_address, c_row = c
    a_address, a_row, a_k, a_segment, length, segments = a
    b_address, b_k = b
    rows = [tile.constant(row) for row in range(tile.rows)]
    c_rows = [tile.at(c_address, tile.builder.mul(row, c_row)) for row in rows]
    sums = [value for row in c_rows for value in tile.load(row, width)]

    def step(state: list[ir.Value]) -> list[ir.Value]:  # one k: every row takes its number of a
        a_now, b_now, *sums = state
        b_vectors = tile.load(b_now, width)
        for row in range(tile.rows):
            offset = tile.builder.mul(rows[row], a_row)
            number = tile.builder.load(tile.at(a_now, offset), typ=tile.element)
            a_vector = tile.repeat(number, tile.vector)
            for column, b_vector in enumerate(b_vectors):
                place = row * tile.vectors + column
                sums[place] = tile.multiply_add(a_vector, b_vector, sums[place])
        return [tile.at(a_now, a_k), tile.at(b_now, b_k), *sums]

    def segment(state: list[ir.Value]) -> list[ir.Value]:  # one run of k; b just goes on
        a_start, b_start, *sums = state
        _, b_end, *sums = tile.loop(length, [a_start, b_start, *sums], step)
        return [tile.at(a_start, a_segment), b_end, *sums]

    _, _, *sums = tile.loop(segments, [a_address, b_address, *sums], segment)
    for row, address in enumerate(c_rows):
        tile.store(sums[row * tile.vectors : (row + 1) * tile.vectors], address, width)


@intrinsic(prefer_literal=True)
def add_tile(
    typing_context, rows, vectors, masked, c, c_at, c_row, a, a_at, a_steps, b, b_at, b_k, width
):
    """Add the product of `a` and `b` to one tile of `c`, all flat arrays of one dtype.

    Args: as `add_product`; `rows`, `vectors` and `masked` are literals, known when compiling.
    """
    literal = all(isinstance(value, types.Literal) for value in (rows, vectors, masked))
    if not literal:
        return None

    def codegen(context, builder, signature, arguments):
        element = context.get_data_type(c.dtype)
        tile = Tile(builder, element, rows.literal_value, vectors.literal_value)

        def address(array: int, start: int) -> ir.Value:
            kind = signature.args[array]
            data = arrayobj.make_array(kind)(context, builder, arguments[array]).data
            return tile.at(data, arguments[start])

        steps = cgutils.unpack_tuple(builder, arguments[8], 5)
        emit_tile(
            tile,
            (address(3, 4), arguments[5]),
            (address(6, 7), *steps),
            (address(9, 10), arguments[11]),
            arguments[12] if masked.literal_value else None,
        )
        return context.get_dummy_value()

    numbers = types.UniTuple(types.int64, 5)
    at = types.int64
    kind = types.void(rows, vectors, masked, c, at, at, a, at, numbers, b, at, at, at)
    return kind, codegen


@jit
def add_product(c, c_at, c_row, a, a_at, a_steps, b, b_at, b_k, rows, columns):
    """Add `a · b` to the matrix `c`: tile by tile, all arrays flat, all places counted in elements.

    Args:
        c, c_at, c_row: the array, where the matrix starts, the distance from row to row.
        a, a_at: the array and where its first number stands.
        a_steps: distances from row to row, from k to k, from segment to segment; then how many k a
            segment has and how many segments there are.
        b, b_at, b_k: the array, where it starts, the distance from k to k.
        rows, columns: the size of `c`.

    c[i, j] += Σ over segments s and k:
        a[a_at + i·row + k·step + s·segment] · b[b_at + (s·length + k)·b_k + j]
    """
    if a_steps[3] < 1 or a_steps[4] < 1:
        return  # nothing to add; the loops of a tile would run once
    wide = VECTORS * (VECTOR_BYTES // c.itemsize)
    for column in range(0, columns, wide):
        width = min(wide, columns - column)
        row = 0
        while row < rows:
            many = rows - row >= ROWS
            c_now = c_at + row * c_row + column
            a_now = a_at + row * a_steps[0]
            add_tile_of(
                many, width, wide, c, c_now, c_row, a, a_now, a_steps, b, b_at + column, b_k
            )
            row += ROWS if many else 1


@jit
def add_tile_of(many, width, wide, c, c_at, c_row, a, a_at, a_steps, b, b_at, b_k):
    """Pick the tile: six rows or one, a full width of vectors or vector by vector with a mask."""
    if width == wide:
        if many:
            add_tile(ROWS, VECTORS, 0, c, c_at, c_row, a, a_at, a_steps, b, b_at, b_k, width)
        else:
            add_tile(1, VECTORS, 0, c, c_at, c_row, a, a_at, a_steps, b, b_at, b_k, width)
        return
    lanes = wide // VECTORS
    for skip in range(0, width, lanes):
        left = width - skip
        c_now, b_now = c_at + skip, b_at + skip
        if many:
            add_tile(ROWS, 1, 1, c, c_now, c_row, a, a_at, a_steps, b, b_now, b_k, left)
        else:
            add_tile(1, 1, 1, c, c_now, c_row, a, a_at, a_steps, b, b_now, b_k, left)
