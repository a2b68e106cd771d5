"""Emitting LLVM IR: vectors, loops over them, and nothing hidden.

Numba translates Python into LLVM IR and relies on LLVM's vectorizer. Where that is not good enough, an
*intrinsic* emits the instructions itself. `VectorBuilder` has one method for each operation that the kernels
need: load or store a row of vectors, broadcast a scalar, fused multiply-add, loop.

LLVM IR is in static single assignment form: a value never changes. So a loop carries its state from iteration
to iteration in *phi nodes*, which LLVM keeps in registers as long as there are enough of them.
"""

from collections.abc import Callable

from llvmlite import binding, ir
from numba import config, types
from numba.core import cgutils
from numba.core.base import BaseContext
from numba.core.typing.templates import Signature
from numba.np import arrayobj


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
    # 32 registers and broadcasts in the multiply-add itself: four vectors a row, though they are short.
    if triple.startswith(("aarch64", "arm64")):
        return 16, 4, True
    # 32 registers: 6 x 4 accumulators leave eight for operands.
    if "+avx512f" in have:
        return 64, 4, True
    # 16 registers: 6 x 2 accumulators leave four.
    if "+avx2" in have:
        return 32, 2, "+fma" in have
    return 16, 2, False


def compiled_features() -> str:
    """Return the features that Numba compiles for: those of the user's setting, else the machine's."""
    # NUMBA_CPU_FEATURES: code for another machine, or a test of the narrower tiles.
    if config.CPU_FEATURES is not None:
        return config.CPU_FEATURES
    return binding.get_host_cpu_features().flatten()


VECTOR_BYTES, VECTORS, FUSED = vector_shape(compiled_features(), binding.get_default_triple())


def unpack(
    context: BaseContext, builder: ir.IRBuilder, kind: types.Type, value: ir.Value
) -> object:
    """Emit what an argument consists of: the address of an array's first element, the fields of a tuple."""
    if isinstance(kind, types.Array):
        return arrayobj.make_array(kind)(context, builder, value).data
    if not isinstance(kind, types.BaseTuple):
        return value
    fields = zip(kind, cgutils.unpack_tuple(builder, value, len(kind)), strict=True)
    parts = [unpack(context, builder, *field) for field in fields]
    return kind.instance_class(*parts) if isinstance(kind, types.BaseNamedTuple) else tuple(parts)


def unpack_arguments(
    context: BaseContext, builder: ir.IRBuilder, signature: Signature, arguments: list
) -> list:
    """Emit what each argument of an intrinsic consists of: see `unpack`."""
    pairs = zip(signature.args, arguments, strict=True)
    return [unpack(context, builder, *pair) for pair in pairs]


def switch(builder: ir.IRBuilder, selector: ir.Value, cases: dict[int, Callable]) -> None:
    """Emit a switch: only the case of this value runs, or none.

    Args:
        builder: where the instructions go.
        selector: known at run time.
        cases: functions that emit a case.
    """
    # Not a chain of comparisons: LLVM makes a jump table of it.
    done = builder.append_basic_block("done")
    instruction = builder.switch(selector, done)
    for value, emit_case in cases.items():
        instruction.add_case(value, block := builder.append_basic_block("case"))
        builder.position_at_end(block)
        emit_case()
        builder.branch(done)
    builder.position_at_end(done)


class VectorBuilder:
    """Emits LLVM instructions on vectors of one element type.

    Args:
        builder: where the instructions go.
        element: LLVM's float or double.
    """

    def __init__(self, builder: ir.IRBuilder, element: ir.Type):
        self.builder = builder
        self.element = element
        self.size = 4 if isinstance(element, ir.FloatType) else 8  # bytes
        self.lanes = VECTOR_BYTES // self.size
        self.vector = ir.VectorType(element, self.lanes)
        self.word = ir.IntType(64)

    def constant(self, value: int) -> ir.Constant:
        """Return a 64-bit integer."""
        return ir.Constant(self.word, value)

    def offset(self, pointer: ir.Value, index: ir.Value) -> ir.Value:
        """Return the address of element `index` after `pointer`."""
        return self.builder.gep(pointer, [index], source_etype=self.element)

    def times(self, count: int, value: ir.Value) -> ir.Value:
        """Return `count · value`."""
        return self.builder.mul(self.constant(count), value)

    def load_scalar(self, pointer: ir.Value) -> ir.Value:
        """Load one scalar."""
        return self.builder.load(pointer, typ=self.element)

    def vector_pointer(self, pointer: ir.Value, index: int) -> ir.Value:
        """Return the address of vector `index` after `pointer`."""
        # Pointers point to elements; a vector is only a way to read some of them.
        address = self.offset(pointer, self.constant(index * self.lanes))
        return self.builder.bitcast(address, self.vector.as_pointer())

    def broadcast(self, scalar: ir.Value, vector: ir.VectorType) -> ir.Value:
        """Return a vector whose every lane is `scalar`."""
        lanes = ir.VectorType(ir.IntType(32), self.lanes)
        # A splat, in the form that LLVM recognises: lane 0 of one vector, shuffled to all lanes.
        first = self.builder.insert_element(
            ir.Constant(vector, ir.Undefined), scalar, ir.Constant(ir.IntType(32), 0)
        )
        return self.builder.shuffle_vector(
            first, ir.Constant(vector, ir.Undefined), ir.Constant(lanes, [0] * self.lanes)
        )

    def shuffle(self, one: ir.Value, other: ir.Value, indices: list[int]) -> ir.Value:
        """Return the lanes at these indices of two vectors laid end to end."""
        lanes = ir.VectorType(ir.IntType(32), self.lanes)
        return self.builder.shuffle_vector(one, other, ir.Constant(lanes, indices))

    def mask(self, width: ir.Value, index: int) -> ir.Value:
        """Return which lanes of vector `index` lie left of column `width`."""
        words = ir.VectorType(self.word, self.lanes)
        start = index * self.lanes
        # Compared as 64-bit integers, so that `width` may be any count of columns.
        columns = ir.Constant(words, list(range(start, start + self.lanes)))
        return self.builder.icmp_signed("<", columns, self.broadcast(width, words))

    def call(self, name: str, result: ir.Type, arguments: list[ir.Value]) -> ir.Value:
        """Call the LLVM intrinsic `name`."""
        kind = ir.FunctionType(result, [argument.type for argument in arguments])
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        return self.builder.call(function, arguments)

    def suffix(self) -> str:
        """Return how LLVM names this vector type in its intrinsics."""
        return f"v{self.lanes}f{8 * self.size}"

    def load(
        self, pointer: ir.Value, vectors: int, width: ir.Value | None = None
    ) -> list[ir.Value]:
        """Load a row of vectors; lanes at or beyond column `width` are not read and become 0."""
        loaded = []
        for index in range(vectors):
            address = self.vector_pointer(pointer, index)
            if width is None:
                # Rows begin anywhere: an alignment of one element is all that may be promised.
                loaded.append(self.builder.load(address, typ=self.vector, align=self.size))
            else:
                align = ir.Constant(ir.IntType(32), self.size)
                zeros = ir.Constant(self.vector, [0.0] * self.lanes)
                # Lanes behind the end may lie on a page that does not exist: they must not be read at all.
                name = f"llvm.masked.load.{self.suffix()}.p0"
                arguments = [address, align, self.mask(width, index), zeros]
                loaded.append(self.call(name, self.vector, arguments))
        return loaded

    def store(
        self, values: list[ir.Value], pointer: ir.Value, width: ir.Value | None = None
    ) -> None:
        """Store a row of vectors; of a single one lanes at or beyond column `width` are not written."""
        if width is not None:
            (value,) = values
            self.store_partial(value, pointer, width)
            return
        for index, value in enumerate(values):
            self.builder.store(value, self.vector_pointer(pointer, index), align=self.size)

    def store_partial(self, value: ir.Value, pointer: ir.Value, width: ir.Value) -> None:
        """Store the first lanes of a vector: half of it if `width` says so, then a quarter, and so on.

        Why not a masked store: it takes ten times as long on some machines.
        """
        size = self.lanes // 2
        while size:
            # The bits of `width` say which halves, quarters, ... there are: they are its binary digits.
            some = self.builder.and_(width, self.constant(size))
            needed = self.builder.icmp_signed("!=", some, self.constant(0))
            first_lanes = ir.Constant(ir.VectorType(ir.IntType(32), size), list(range(size)))
            with self.builder.if_then(needed):
                part = self.builder.shuffle_vector(value, value, first_lanes)
                address = self.builder.bitcast(pointer, part.type.as_pointer())
                self.builder.store(part, address, align=self.size)
            # What is left comes to the front, so that the next, smaller part is again the first lanes.
            rotation = [(lane + size) % self.lanes for lane in range(self.lanes)]
            value = self.builder.select(needed, self.shuffle(value, value, rotation), value)
            pointer = self.offset(pointer, some)
            size //= 2

    def prefetch(self, pointer: ir.Value) -> None:
        """Prefetch the cache line at an address, which need not exist: it will be written soon."""
        kinds = [pointer.type, *[ir.IntType(32)] * 3]
        kind = ir.FunctionType(ir.VoidType(), kinds)
        function = cgutils.get_or_insert_function(self.builder.module, kind, "llvm.prefetch.p0")
        to_write, closest, data = (ir.Constant(ir.IntType(32), code) for code in (1, 3, 1))
        self.builder.call(function, [pointer, to_write, closest, data])

    def multiply_add(self, a: ir.Value, b: ir.Value, total: ir.Value) -> ir.Value:
        """Return `a · b + total`, rounded once where the machine has the instruction."""
        # `fma` without the instruction would be a call of a library for each lane.
        name = f"llvm.{'fma' if FUSED else 'fmuladd'}.{self.suffix()}"
        return self.call(name, self.vector, [a, b, total])

    def add(self, a: ir.Value, b: ir.Value) -> ir.Value:
        """Return `a + b`."""
        return self.builder.fadd(a, b)

    def subtract(self, a: ir.Value, b: ir.Value) -> ir.Value:
        """Return `a - b`."""
        return self.builder.fsub(a, b)

    def add_scaled(self, factor: float, a: ir.Value, total: ir.Value) -> ir.Value:
        """Return `factor · a + total`."""
        return self.multiply_add(ir.Constant(self.vector, [factor] * self.lanes), a, total)

    def loop(self, count: ir.Value, state: list[ir.Value], body: Callable) -> list[ir.Value]:
        """Repeat `state = body(state)` `count` times; return the last state.

        Phi nodes carry the state, so that it stays in registers.
        """
        # The count is one more value that changes from iteration to iteration.
        builder, state = self.builder, [self.constant(0), *state]
        # A phi node names the blocks that its values come from; `body` may end in another than it began in.
        before = builder.block
        head, inside, after = (builder.append_basic_block(n) for n in ("head", "repeat", "done"))
        builder.branch(head)
        builder.position_at_end(head)
        # Tested before the first iteration: there may be none.
        phis = [builder.phi(value.type) for value in state]
        builder.cbranch(builder.icmp_signed("<", phis[0], count), inside, after)
        builder.position_at_end(inside)
        new = [builder.add(phis[0], self.constant(1)), *body(phis[1:])]
        for phi, first, then in zip(phis, state, new, strict=True):
            phi.add_incoming(first, before)
            phi.add_incoming(then, builder.block)
        builder.branch(head)
        builder.position_at_end(after)
        return phis[1:]
