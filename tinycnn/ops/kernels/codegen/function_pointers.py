"""Kernels that are compiled once and called by their address.

Where one compiled function calls another, Numba compiles the other once more *into* it. The product is called
from a dozen places and takes a second each time. So the large ones are compiled by themselves; the kernels
that need them are given their address, a number, and jump there.
"""

from collections.abc import Callable

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

AT = types.int64


def flat_array(dtype: np.dtype) -> types.Array:
    """Return Numba's type of a C-contiguous array with one axis."""
    return types.Array(numba.from_dtype(np.dtype(dtype)), 1, "C")


def address(function: Callable, kinds: tuple) -> int:
    """Return where the machine code of a compiled function begins, for arguments of these types.

    Args:
        function: made by `jit`; it returns nothing.
        kinds: Numba's types of its arguments.
    """
    function.compile(kinds)
    compiled = function.overloads[kinds]
    return compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name)


@intrinsic
def call(typing_context, where, arguments):
    """Call the function at an address with a tuple of arguments, of exactly the types it was compiled for.

    Whole numbers are passed as int64.
    """
    kinds = [AT if isinstance(k, types.Integer) else types.unliteral(k) for k in arguments.types]

    def codegen(context, builder, signature, given):
        pairs = zip(cgutils.unpack_tuple(builder, given[1]), arguments.types, kinds, strict=True)
        values = [context.cast(builder, value, have, want) for value, have, want in pairs]
        kind: ir.FunctionType = context.call_conv.get_function_type(types.none, kinds)
        function = builder.inttoptr(given[0], kind.as_pointer())
        status, _ = context.call_conv.call_function(builder, function, types.none, kinds, values)
        with cgutils.if_unlikely(builder, status.is_error):
            context.call_conv.return_status_propagate(builder, status)
        return context.get_dummy_value()

    return types.void(AT, arguments), codegen
