"""Where the kernels enter code that writes LLVM's own language, and how to stand at that door.

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

from tinycnn import kernels
from tinycnn.kernels.threads import workers


def named(kind: type) -> list[tuple]:
    """Return (module, name, value) for every global of the kernels that is of this kind."""
    names = [module.name for module in pkgutil.iter_modules(kernels.__path__)]
    modules = [importlib.import_module(f"{kernels.__name__}.{name}") for name in names]
    return [(m, n, v) for m in modules for n, v in vars(m).items() if isinstance(v, kind)]


def users(names: set[str]) -> set[Dispatcher]:
    """Return the compiled functions whose code uses one of these names."""
    functions = {value for _, _, value in named(Dispatcher)}
    return {one for one in functions if names & set(one.py_func.__code__.co_names)}


def doors() -> set[Dispatcher]:
    """Return the compiled functions that enter emitted code themselves."""
    return users({name for _, name, _ in named(_Intrinsic)})


def above(functions: set[Dispatcher]) -> set[Dispatcher]:
    """Return the compiled functions from which one leads to these, but not these."""
    found: set[Dispatcher] = set()
    while True:
        more = users({one.__name__ for one in functions | found}) - functions
        if more <= found:
            return found
        found |= more


@contextlib.contextmanager
def entered(call: Callable) -> Iterator[None]:
    """Call `call(function, arguments)` instead of each function of `doors()`.

    Whatever leads there runs as plain Python meanwhile, and in one thread.
    """
    inner = doors()
    outer = above(inner)

    def replaced(function):
        if function in inner:
            return lambda *arguments: call(function, arguments)
        return function.py_func

    with pytest.MonkeyPatch.context() as patch:
        for module, name, function in named(Dispatcher):
            if function in inner | outer:
                patch.setattr(module, name, replaced(function))
        patch.setattr(workers, "run", lambda span, length, grain, *rest: span(0, length, *rest))
        yield
