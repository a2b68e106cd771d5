"""`jit`: compile with Numba, keep the machine code on disk, and never fail because of that disk."""

import contextlib
import functools
import hashlib
import pathlib
from collections.abc import Callable

import numba
from numba.core.caching import FunctionCache


@functools.cache
def source_hash() -> str:
    """Hash every file of this folder: a kernel's machine code depends on the kernels that it calls."""
    digest = hashlib.sha256()
    for path in sorted(pathlib.Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


class ForgivingCache(FunctionCache):
    """Numba's disk cache, made to notice changes in called kernels and to survive damaged files.

    Numba itself looks only at the file of the outermost function, and raises on a truncated file.
    """

    def _index_key(self, sig: object, codegen: object) -> tuple:
        return (*super()._index_key(sig, codegen), source_hash())

    def load_overload(self, sig: object, target_context: object) -> object:
        """Return the stored machine code, or None (compile it) when there is none or it is damaged."""
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # a damaged file can raise anything out of unpickling
            with contextlib.suppress(OSError):
                self.flush()
            return None

    def save_overload(self, sig: object, data: object) -> None:
        """Store the machine code; a full or read-only disk costs only the next start's time."""
        with contextlib.suppress(OSError):
            super().save_overload(sig, data)


def jit(function: Callable) -> Callable:
    """Compile `function` at its first call for the types it receives; it runs without the GIL.

    Args:
        function: written in the part of Python that Numba compiles.

    Returns:
        The dispatcher; where no cache folder can be written, one that compiles in every process.

    Example:
        >>> @jit
        ... def double(x):
        ...     return 2 * x
        >>> double(4)
        8
    """
    dispatcher = numba.njit(nogil=True, error_model="numpy")(function)
    with contextlib.suppress(RuntimeError):  # no folder of Numba's list can be written
        dispatcher._cache = ForgivingCache(function)
    return dispatcher
