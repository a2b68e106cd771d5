"""Emitting LLVM IR: vectors, and loops over them.

Numba translates Python into LLVM IR and relies on LLVM's vectorizer. Where that is not good enough, an
*intrinsic* emits the instructions itself. `VectorBuilder` has one method for each operation that the kernels
need: load or store a row of vectors, broadcast a scalar, fused multiply-add, loop.

To *emit* is to append instructions to the function that is being compiled. An `ir.Value` is the result that
an instruction will have when the compiled function runs: a number, a vector or an address. Python's ints,
lists and loops in these functions exist only while compiling. An intrinsic returns its signature and a
function `codegen`, which Numba calls whenever it compiles a call of the intrinsic; `arguments` are the
`ir.Value`s of the call's arguments.
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
    # The more registers, the larger the tile of gemm.py whose sums they can hold: 6 rows x 2 or 4 vectors.
    # ARM: 32 registers, and a multiply-add that broadcasts: four vectors a row, though they are short.
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
    """Return the CPU features that Numba compiles for, such as "+avx2,+fma".

    They are those of the environment's NUMBA_CPU_FEATURES if set, else this machine's.
    """
    if config.CPU_FEATURES is not None:
        return config.CPU_FEATURES
    return binding.get_host_cpu_features().flatten()


VECTOR_BYTES, VECTORS, FUSED = vector_shape(compiled_features(), binding.get_default_triple())


def unpack(
    context: BaseContext, builder: ir.IRBuilder, kind: types.Type, value: ir.Value
) -> object:
    """Return an argument of an intrinsic in the form that is easy to emit code with.

    An array becomes the address of its first element; a tuple becomes a tuple of its unpacked fields (a
    NamedTuple stays one); other values stay. `kind` is the argument's Numba type.
    """
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
    """Return a list of all arguments of an intrinsic, each as `unpack` returns it."""
    pairs = zip(signature.args, arguments, strict=True)
    return [unpack(context, builder, *pair) for pair in pairs]


def switch(builder: ir.IRBuilder, selector: ir.Value, cases: dict[int, Callable]) -> None:
    """Emit a switch statement: at run time the case whose number equals `selector` runs, or none.

    Args:
        builder: where the instructions go.
        selector: an integer that is known only at run time.
        cases: by number, functions without arguments that emit the code of a case.
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
        """Return a constant 64-bit integer."""
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
        """Return the address of vector `index` after `pointer`, typed as a pointer to a vector."""
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
        """Return the vector of lanes `indices` of the 2 · lanes elements of `one` followed by `other`."""
        lanes = ir.VectorType(ir.IntType(32), self.lanes)
        return self.builder.shuffle_vector(one, other, ir.Constant(lanes, indices))

    def mask(self, width: ir.Value, index: int) -> ir.Value:
        """Return a vector of booleans: which lanes of vector `index` of a row hold a column below `width`."""
        words = ir.VectorType(self.word, self.lanes)
        start = index * self.lanes
        # Compared as 64-bit integers, so that `width` may be any count of columns.
        columns = ir.Constant(words, list(range(start, start + self.lanes)))
        return self.builder.icmp_signed("<", columns, self.broadcast(width, words))

    def call(self, name: str, result: ir.Type, arguments: list[ir.Value]) -> ir.Value:
        """Emit a call of the LLVM intrinsic `name`, which returns the type `result`; return its value."""
        kind = ir.FunctionType(result, [argument.type for argument in arguments])
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        return self.builder.call(function, arguments)

    def suffix(self) -> str:
        """Return LLVM's name of the vector type at the end of its intrinsics' names, such as "v8f32"."""
        return f"v{self.lanes}f{8 * self.size}"

    def load(
        self, pointer: ir.Value, vectors: int, width: ir.Value | None = None
    ) -> list[ir.Value]:
        """Return a list of `vectors` vectors that lie one after the other at `pointer`.

        With `width` only the first `width` columns are read, and the other lanes of the last vector are 0;
        None: all are read.
        """
        loaded = []
        for index in range(vectors):
            address = self.vector_pointer(pointer, index)
            if width is None or index < vectors - 1:
                # Rows begin anywhere: an alignment of one element is all that may be promised.
                loaded.append(self.builder.load(address, typ=self.vector, align=self.size))
            else:
                align = ir.Constant(ir.IntType(32), self.size)
                zeros = ir.Constant(self.vector, [0.0] * self.lanes)
                # Lanes behind the array's end may lie outside of the process's memory: a read would crash.
                name = f"llvm.masked.load.{self.suffix()}.p0"
                arguments = [address, align, self.mask(width, index), zeros]
                loaded.append(self.call(name, self.vector, arguments))
        return loaded

    def load_lanes(self, pointer: ir.Value, lanes: int) -> ir.Value:
        """Load a vector of so many numbers, however many a register holds."""
        vector = ir.VectorType(self.element, lanes)
        address = self.builder.bitcast(pointer, vector.as_pointer())
        return self.builder.load(address, typ=vector, align=self.size)

    def store(
        self, values: list[ir.Value], pointer: ir.Value, width: ir.Value | None = None
    ) -> None:
        """Store vectors, of numbers or of bytes, one after the other at `pointer`.

        With `width` only the first `width` columns are written, some of the last vector's; None: all are.
        """
        for index, value in enumerate(values):
            start = self.constant(index * self.lanes)
            address = self.step(pointer, start, value)
            if width is None or index < len(values) - 1:
                self.store_lanes(value, address)
            else:
                self.store_partial(value, address, self.builder.sub(width, start))

    def step(self, pointer: ir.Value, count: ir.Value, value: ir.Value) -> ir.Value:
        """Return the address `count` elements after `pointer`, elements like those of the vector `value`."""
        return self.builder.gep(pointer, [count], source_etype=value.type.element)

    def store_lanes(self, value: ir.Value, pointer: ir.Value) -> None:
        """Store all lanes of a vector of numbers or bytes."""
        align = 1 if isinstance(value.type.element, ir.IntType) else self.size
        address = self.builder.bitcast(pointer, value.type.as_pointer())
        self.builder.store(value, address, align=align)

    def store_partial(self, value: ir.Value, pointer: ir.Value, width: ir.Value) -> None:
        """Store the first `width` lanes of a vector, 0 <= width <= lanes.

        They are stored in parts of lanes, lanes / 2, ..., 1 lanes: those whose bit is set in `width`.
        LLVM's masked store takes ten times as long on some machines.
        """
        size = self.lanes
        while size:
            # `some`: how many lanes of this part are needed, all of them (`size`) or 0.
            some = self.builder.and_(width, self.constant(size))
            needed = self.builder.icmp_signed("!=", some, self.constant(0))
            first_lanes = ir.Constant(ir.VectorType(ir.IntType(32), size), list(range(size)))
            with self.builder.if_then(needed):
                part = self.builder.shuffle_vector(value, value, first_lanes)
                self.store_lanes(part, pointer)
            # Move the lanes that are not yet stored to the front: the next part takes the first lanes again.
            rotation = [(lane + size) % self.lanes for lane in range(self.lanes)]
            value = self.builder.select(needed, self.shuffle(value, value, rotation), value)
            pointer = self.step(pointer, some, value)
            size //= 2

    def prefetch(self, pointer: ir.Value) -> None:
        """Emit a prefetch of the cache line at `pointer`, for writing; any address is allowed."""
        kinds = [pointer.type, *[ir.IntType(32)] * 3]
        kind = ir.FunctionType(ir.VoidType(), kinds)
        function = cgutils.get_or_insert_function(self.builder.module, kind, "llvm.prefetch.p0")
        to_write, closest, data = (ir.Constant(ir.IntType(32), code) for code in (1, 3, 1))
        self.builder.call(function, [pointer, to_write, closest, data])

    def multiply_add(self, a: ir.Value, b: ir.Value, total: ir.Value) -> ir.Value:
        """Return `a · b + total`, rounded once where the machine has the instruction."""
        # On a CPU without the instruction, "fma" would call a library function for each lane.
        name = f"llvm.{'fma' if FUSED else 'fmuladd'}.{self.suffix()}"
        return self.call(name, self.vector, [a, b, total])

    def add(self, a: ir.Value, b: ir.Value) -> ir.Value:
        """Return `a + b`."""
        return self.builder.fadd(a, b)

    def subtract(self, a: ir.Value, b: ir.Value) -> ir.Value:
        """Return `a - b`."""
        return self.builder.fsub(a, b)

    def scale(self, factor: float, a: ir.Value) -> ir.Value:
        """Return `factor · a`; `factor` is known while compiling."""
        return self.builder.fmul(ir.Constant(self.vector, [factor] * self.lanes), a)

    def add_scaled(self, factor: float, a: ir.Value, total: ir.Value) -> ir.Value:
        """Return `factor · a + total`; `factor` is known while compiling."""
        return self.multiply_add(ir.Constant(self.vector, [factor] * self.lanes), a, total)

    def not_unrolled(self) -> ir.MDValue:
        """Return LLVM's mark of a loop that is not to be unrolled.

        Unrolled, a loop has more code for its beginning and end than work where it is short, as the loop over
        a row of a small kernel; and all of it must be compiled.
        """
        module = self.builder.module
        disable = module.add_metadata([ir.MetaDataString(module, "llvm.loop.unroll.disable")])
        mark = ir.MDValue(module, [disable, disable], name=str(len(module.metadata)))
        mark.operands = (mark, disable)  # by LLVM's rule the first operand is the mark itself
        return mark

    def loop(self, count: ir.Value, state: list[ir.Value], body: Callable) -> list[ir.Value]:
        """Emit a loop that repeats `state = body(state)` `count` times; return the state after it.

        Args:
            count: how often, known at run time; 0 is allowed.
            state: the values before the first iteration.
            body: emits one iteration; given the list of the values before it, returns those after it.
        """
        # The number of iterations done is one more value of the state, the first.
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
        builder.branch(head).set_metadata("llvm.loop", self.not_unrolled())
        builder.position_at_end(after)
        return phis[1:]
