"""Numbers that several threads read and write without a lock: elements of int64 arrays, one at a time."""

import platform

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np import arrayobj

X86 = ("x86_64", "amd64")  # which have an instruction to pause in a spin loop


def element_pointer(context, builder, array_type, array, index):
    """Emit LLVM IR for the address of array[index]; `array` is flat int64, of Numba's type `array_type`."""
    data = arrayobj.make_array(array_type)(context, builder, array).data
    return builder.gep(data, [index])


@intrinsic
def atomic_load(typing_context, array, index):
    """Return array[index], int64, read with acquire ordering, after the CPU's pause instruction.

    What another thread wrote before its `atomic_store` of that value is visible to this thread afterwards.
    """

    def codegen(context, builder, signature, arguments):
        """Emit the code of a call: Numba runs this while it compiles a caller."""
        if platform.machine().lower() in X86:
            kind, name = ir.FunctionType(ir.VoidType(), []), "llvm.x86.sse2.pause"
            builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [])
        # Acquire: pairs with the release of `atomic_store`, so a kernel's results are seen with its flag.
        where = element_pointer(context, builder, signature.args[0], *arguments)
        return builder.load_atomic(where, "acquire", 8, typ=ir.IntType(64))

    return types.int64(array, types.int64), codegen


@intrinsic
def atomic_store(typing_context, array, index, value):
    """Set array[index] = value, int64, with release ordering: after all that this thread wrote before."""

    def codegen(context, builder, signature, arguments):
        """Emit the code of a call: Numba runs this while it compiles a caller."""
        array, index, value = arguments
        where = element_pointer(context, builder, signature.args[0], array, index)
        # Release: what the kernel wrote is in memory before the flag is seen to be down.
        builder.store_atomic(value, where, "release", 8)
        return context.get_dummy_value()

    return types.void(array, types.int64, types.int64), codegen


@intrinsic
def atomic_add(typing_context, array, index, value):
    """Add `value` to array[index], int64, in one step, and return what it was before.

    With acquire and release ordering: what was written before is seen by whoever reads the new number.
    """

    def codegen(context, builder, signature, arguments):
        """Emit the code of a call: Numba runs this while it compiles a caller."""
        array, index, value = arguments
        where = element_pointer(context, builder, signature.args[0], array, index)
        return builder.atomic_rmw("add", where, value, "acq_rel")

    return types.int64(array, types.int64, types.int64), codegen
