"""Kernels that are compiled once and called by their address.

Where one compiled function calls another, Numba compiles the other once more *into* it. `gemm` is called
from a dozen places and takes a second each time. So the large ones are compiled by themselves; the kernels
that need them are given their address, a number, and jump there.
"""

from collections.abc import Callable

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.base import BaseContext
from numba.extending import intrinsic

INT64 = types.int64


def flat_array(dtype: np.dtype) -> types.Array:
    """Return Numba's type of a C-contiguous array with one axis."""
    return types.Array(numba.from_dtype(np.dtype(dtype)), 1, "C")


def address(function: Callable, kinds: tuple) -> int:
    """Compile a function for arguments of these types, and return the address of its machine code.

    Args:
        function: made by `jit`; it returns None.
        kinds: the Numba types of its arguments.
    """
    function.compile(kinds)
    compiled = function.overloads[kinds]
    return compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name)


def passed_kind(kind: types.Type) -> types.Type:
    """Return the Numba type that `call` passes an argument of type `kind` as.

    All integers become int64, also inside tuples; other types stay, without Numba's "literal" marks.
    """
    if isinstance(kind, types.Integer):
        return INT64
    if isinstance(kind, types.BaseTuple):
        # With a literal or an int32 inside, the tuple would have another type and another layout in memory.
        structure = getattr(kind, "instance_class", None)  # of a NamedTuple
        return types.BaseTuple.from_types([passed_kind(field) for field in kind], structure)
    return types.unliteral(kind)


def emit_cast(
    context: BaseContext, builder: ir.IRBuilder, value: ir.Value, have: types.Type, want: types.Type
) -> ir.Value:
    """Emit LLVM IR that converts `value` from the Numba type `have` to `want`; return the converted value.

    Tuples are converted field by field, because Numba's own cast does not support NamedTuples.
    """
    if not isinstance(have, types.BaseTuple):
        return context.cast(builder, value, have, want)
    fields = zip(cgutils.unpack_tuple(builder, value, len(have)), have, want, strict=True)
    return context.make_tuple(builder, want, [emit_cast(context, builder, *f) for f in fields])


@intrinsic
def call(typing_context, function_address, arguments):
    """Call the compiled function at `function_address`, which comes from `address`; return None.

    `arguments` is a tuple. Their types must be those that the function was compiled for, or memory is
    overwritten: nothing checks them. Integers are passed as int64.
    """
    kinds = [passed_kind(kind) for kind in arguments.types]

    def codegen(context, builder, signature, given):
        """Emit the code of a call: Numba runs this while it compiles a caller."""
        fields = zip(cgutils.unpack_tuple(builder, given[1]), arguments.types, kinds, strict=True)
        values = [emit_cast(context, builder, *field) for field in fields]
        kind: ir.FunctionType = context.call_conv.get_function_type(types.none, kinds)
        function = builder.inttoptr(given[0], kind.as_pointer())
        # Numba's own convention: an error inside comes back as a status, and goes on to our caller.
        status, _ = context.call_conv.call_function(builder, function, types.none, kinds, values)
        with cgutils.if_unlikely(builder, status.is_error):
            context.call_conv.return_status_propagate(builder, status)
        return context.get_dummy_value()

    # The address is data: machine code that is cached stays right, wherever `gemm` lies next time.
    return types.void(INT64, arguments), codegen
