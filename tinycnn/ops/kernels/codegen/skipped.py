"""Which kernels a piece of work needs: it runs with every kernel skipped; and compiling these kernels."""

import contextlib
import types
from collections.abc import Callable, Iterable, Iterator

from numba.core import sigutils
from numba.core.dispatcher import Dispatcher

from tinycnn.utils.recording import arrays_in

Kernel = tuple[Dispatcher, tuple]  # a function made by `jit`, and the Numba types of its arguments
# Stands in for machine code: its address is 0, and nothing jumps there, as the callers are skipped, too.
NO_CODE = types.SimpleNamespace(
    library=types.SimpleNamespace(get_pointer_to_function=lambda name: 0),
    fndesc=types.SimpleNamespace(llvm_func_name=""),
)


def stand_in(function: Dispatcher) -> Callable:
    """Return what is called instead of a kernel: it sets arrays to 0, an index that is in range everywhere.

    A function of numbers alone returns what it should.
    """

    def skip(*arguments: object, **named: object) -> object:
        arrays = arrays_in([*arguments, *named.values()])
        for array in arrays:
            if array.flags.writeable:
                array.fill(0)
        return None if arrays else function.py_func(*arguments, **named)

    return skip


@contextlib.contextmanager
def skipped_kernels() -> Iterator[list[Kernel]]:
    """Yield a list to which every kernel that is called in the block is appended, in order, instead of run.

    It is for a process of its own, with one thread, that has not run these kernels: what is compiled already
    is run.
    """
    kernels: list[Kernel] = []

    def note(function, signature):
        kinds, _ = sigutils.normalize_signature(signature)
        kernels.append((function, kinds))
        function.overloads[kinds] = NO_CODE
        return stand_in(function)

    compile_now, Dispatcher.compile = Dispatcher.compile, note
    try:
        yield kernels
    finally:
        Dispatcher.compile = compile_now
        for function, kinds in kernels:
            function.overloads.pop(kinds, None)


def compile_others(kernels: Iterable[Kernel]) -> None:
    """Compile those kernels that are not in the cache and that no other process is compiling."""
    for function, kinds in dict.fromkeys(kernels):
        if function._cache.lock():
            function.compile(kinds)
