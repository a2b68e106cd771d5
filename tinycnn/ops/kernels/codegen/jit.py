"""`jit`: compile with Numba, keep the machine code on disk, and never fail because of that disk."""

import contextlib
import functools
import hashlib
import io
import pathlib
import sys
from collections.abc import Callable, Iterator

import numba
from numba.core.caching import FunctionCache, IndexDataCacheFile, NullCache

KERNELS = pathlib.Path(__file__).parents[1]


@functools.cache
def source_hash() -> str:
    """Hash every file of the kernels: a kernel's machine code depends on the kernels that it calls."""
    digest = hashlib.sha256()
    # All of them, since what is inlined where is not known here: a change costs one compilation.
    for path in sorted(KERNELS.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


@functools.cache
def announce() -> None:
    """Say, once in a process, why nothing seems to happen."""
    if sys.stderr is not None:
        print(
            "compiling kernels that were not needed here before: up to twenty seconds, once",
            file=sys.stderr,
            flush=True,
        )


class HashedFiles(IndexDataCacheFile):
    """The cache files of one function, each with the hash of its bytes at the end.

    Numba trusts these files, and a flipped bit in machine code can end the process. What follows a
    pickle is not read by it, so the files stay in Numba's own format.

    The process may end at any moment, also between two files, and others may write beside it: each
    file is put in place as a whole, and its name goes by what is in it. With Numba's running numbers
    an index could name the machine code of other types, or of an older source.
    """

    def save(self, key: tuple, data: tuple) -> None:
        """Write the machine code, and then the index that names it."""
        overloads = self._load_index()
        digest = hashlib.sha256(repr((self._source_stamp, key)).encode()).digest()
        # The same code has the same name: two processes that write it at once write the same bytes.
        overloads[key] = self._data_name(int.from_bytes(digest[:8], "big"))
        # The index last: it never names a file that is not there yet.
        self._save_data(overloads[key], data)
        self._save_index(overloads)

    @contextlib.contextmanager
    def _open_for_write(self, filepath: str) -> Iterator[io.BytesIO]:
        with super()._open_for_write(filepath) as file:
            # Kept in memory until complete, for the hash is over all of it.
            content = io.BytesIO()
            yield content
            file.write(content.getvalue() + hashlib.sha256(content.getvalue()).digest())

    def _load_index(self) -> dict:
        check_hash(pathlib.Path(self._index_path))
        return super()._load_index()

    def _load_data(self, name: str) -> tuple:
        check_hash(pathlib.Path(self._data_path(name)))
        return super()._load_data(name)


def check_hash(path: pathlib.Path) -> None:
    """Raise if a file that is there does not end in the hash of what comes before.

    Raises:
        ValueError: with the path.
    """
    if path.exists():
        stored = path.read_bytes()
        if hashlib.sha256(stored[:-32]).digest() != stored[-32:]:
            raise ValueError(f"{path} is damaged")


class ForgivingCache(FunctionCache):
    """Numba's disk cache, made to notice changes in called kernels and to survive damaged files.

    Numba itself looks only at the file of the outermost function, and raises on a truncated file.
    """

    def __init__(self, function: Callable):
        super().__init__(function)
        self._cache_file = HashedFiles(
            self._cache_path, self._impl.filename_base, self._impl.locator.get_source_stamp()
        )

    def _index_key(self, sig: object, codegen: object) -> tuple:
        # Numba's key has the types and the CPU; ours also what the called kernels were.
        return (*super()._index_key(sig, codegen), source_hash())

    def load_overload(self, sig: object, target_context: object) -> object:
        """Return the stored machine code, or None (compile it) when there is none or it is damaged."""
        loaded = None
        try:
            loaded = super().load_overload(sig, target_context)
        except Exception:  # a damaged file can raise anything out of unpickling
            # Everything of this function goes: the index may name what is damaged, too.
            with contextlib.suppress(OSError):
                self.flush()
        if loaded is None:
            announce()
        return loaded

    def save_overload(self, sig: object, data: object) -> None:
        """Store the machine code; a full or read-only disk costs only the next start's time."""
        with contextlib.suppress(Exception):  # OSError, or a damaged index that cannot be replaced
            super().save_overload(sig, data)


class NoCache(NullCache):
    """Nothing is kept from one process to the next, and each says so."""

    def load_overload(self, sig: object, target_context: object) -> None:
        """Say that compiling begins."""
        announce()


def jit(function: Callable, **options: object) -> Callable:
    """Compile `function` at its first call for the types it receives; it runs without the GIL.

    Args:
        function: written in the part of Python that Numba compiles.
        options: of Numba's, beside the usual ones.

    Returns:
        The dispatcher; where no cache folder can be written, one that compiles in every process.

    Example:
        >>> @jit
        ... def double(x):
        ...     return 2 * x
        >>> double(4)
        8
    """
    # Without the GIL kernels run side by side; NumPy's rules give inf and NaN for a division by zero.
    dispatcher = numba.njit(nogil=True, error_model="numpy", **options)(function)
    # RuntimeError: no folder of Numba's list can be written; the others: a Numba with another inside.
    with contextlib.suppress(AttributeError, TypeError):
        try:
            dispatcher._cache = ForgivingCache(function)
        except RuntimeError:
            dispatcher._cache = NoCache()
    return dispatcher


def inlined(function: Callable) -> Callable:
    """Mark a function to be written into the kernels that call it: it is never compiled by itself.

    What is called by one or two kernels, and is small, compiles in half the time that way.
    """
    return numba.njit(inline="always", nogil=True, error_model="numpy")(function)
