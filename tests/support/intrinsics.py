"""Where the kernels enter emitted LLVM IR, and how to watch every such call.

Numba's own checks do not see into such code. The functions that call it are found by the names that they
use; `entered` then lets everything above them run as plain Python, so that a test sees every call.
"""

import contextlib
import importlib
import pkgutil
from collections.abc import Callable, Iterator

import pytest
from numba.core.dispatcher import Dispatcher
from numba.extending import _Intrinsic

from tinycnn.ops import kernels
from tinycnn.ops.kernels.parallel.thread_pool import workers

CALL = "call"  # the intrinsic by which kernels call others by their address
# These touch no number, or one flag of the thread pool's own, which no user's shape can lead astray.
HARMLESS = {CALL, "atomic_add", "atomic_load", "atomic_store", "call_packed", "power_of_two"}


def named(kind: type) -> list[tuple]:
    """Return (module, name, value) for every global of the kernels that is of this kind."""
    actual = pkgutil.walk_packages(kernels.__path__, f"{kernels.__name__}.")
    modules = [importlib.import_module(module.name) for module in actual]
    return [(m, n, v) for m in modules for n, v in vars(m).items() if isinstance(v, kind)]


def users(names: set[str]) -> set[Dispatcher]:
    """Return the compiled functions whose code uses one of these names."""
    functions = {value for _, _, value in named(Dispatcher)}
    return {one for one in functions if names & set(one.py_func.__code__.co_names)}


def entry_points() -> set[Dispatcher]:
    """Return the compiled functions that enter emitted code themselves."""
    return users({name for _, name, _ in named(_Intrinsic)} - HARMLESS)


def address(where: int, functions: set[Dispatcher]) -> Dispatcher:
    """Return which of the compiled functions begins at an address."""
    for function in functions:
        for compiled in function.overloads.values():
            if where == compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name):
                return function
    raise ValueError(f"none was compiled to {where:#x}")


def callers() -> set[Dispatcher]:
    """Return the compiled functions from which one gets to emitted code, but not those that enter it."""
    actual = users({CALL})
    while True:
        more = users({one.__name__ for one in actual}) - actual
        if not more:
            return actual - entry_points()
        actual |= more


@contextlib.contextmanager
def entered(call: Callable) -> Iterator[None]:
    """Call `call(function, arguments)` instead of each function of `entry_points()`.

    Whatever leads there runs as plain Python meanwhile, and in one thread.
    """
    inner, outer = entry_points(), callers()
    with pytest.MonkeyPatch.context() as patch:
        for module, name, function in named(Dispatcher):
            if function in outer:
                patch.setattr(module, name, function.py_func)
        for module, name, _ in named(_Intrinsic):
            if name == CALL:
                patch.setattr(module, name, lambda where, given: call(address(where, inner), given))
        patch.setattr(
            workers,
            "run",
            lambda span, n, grain, /, *options, **named: span(0, n, *options, **named),
        )
        yield
