"""`jit`: compile with Numba, keep the machine code on disk, and never fail because of that disk."""

import contextlib
import functools
import hashlib
import io
import pathlib
import sys
from collections.abc import Callable, Iterator
from typing import BinaryIO

import numba
from numba.core.caching import FunctionCache, IndexDataCacheFile, NullCache

from tinycnn.utils import file_lock
from tinycnn.utils.compiling import before_compiling

KERNELS = pathlib.Path(__file__).parents[1]  # the folder tinycnn/ops/kernels
# Seconds to wait for another process that compiles a function; if it takes longer, it may have been stopped.
PATIENCE = 60


@functools.cache
def source_hash() -> str:
    """Return the SHA-256 of all Python files in tinycnn/ops/kernels, as hexadecimal digits.

    It is part of every cache key, because a kernel's machine code contains the kernels that it calls.
    """
    digest = hashlib.sha256()
    # Which kernel contains which is not known here: so any change makes all be compiled anew.
    for path in sorted(KERNELS.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


@functools.cache
def announce() -> None:
    """Print to standard error, once in a process, that kernels are being compiled, which takes long."""
    if sys.stderr is not None:
        print(
            "compiling kernels that were not needed here before: up to twenty seconds, once",
            file=sys.stderr,
            flush=True,
        )


class HashedFiles(IndexDataCacheFile):
    """The cache files of one function, each with the SHA-256 of its bytes appended.

    Numba does not check these files, and a flipped bit in machine code can crash the process. Unpickling
    ignores bytes behind the pickle, so Numba can still read the files.

    A function has an index file, which maps types to data files with machine code. Numba numbers the data
    files; after a crash, or with two processes writing, an index could then name a file with machine code
    for other types or of an older source. So here the name is a hash of source and types.
    """

    def save(self, key: tuple, data: tuple) -> None:
        """Write `data`, the machine code for `key`, to a file, and then the index that names this file."""
        overloads = self._load_index()
        digest = hashlib.sha256(repr((self._source_stamp, key)).encode()).digest()
        # The same code has the same name: two processes that write it at once write the same bytes.
        overloads[key] = self._data_name(int.from_bytes(digest[:8], "big"))
        # The index last: it never names a file that is not there yet.
        self._save_data(overloads[key], data)
        self._save_index(overloads)

    @contextlib.contextmanager
    def _open_for_write(self, filepath: str) -> Iterator[io.BytesIO]:
        """Yield a file in memory that is written, with its SHA-256 behind it, when the block ends."""
        with super()._open_for_write(filepath) as file:
            # Kept in memory until complete, for the hash is over all of it.
            content = io.BytesIO()
            yield content
            file.write(content.getvalue() + hashlib.sha256(content.getvalue()).digest())

    def _load_index(self) -> dict:
        """Return the index, {key: name of a data file}; ValueError if the file is damaged."""
        check_hash(pathlib.Path(self._index_path))
        return super()._load_index()

    def _load_data(self, name: str) -> tuple:
        """Return the machine code in a data file; ValueError if the file is damaged."""
        check_hash(pathlib.Path(self._data_path(name)))
        return super()._load_data(name)


def check_hash(path: pathlib.Path) -> None:
    """Return if the file does not exist, or ends in the SHA-256 of the bytes before.

    Raises:
        ValueError: if it is damaged; the message names the path.
    """
    if path.exists():
        stored = path.read_bytes()
        if hashlib.sha256(stored[:-32]).digest() != stored[-32:]:
            raise ValueError(f"{path} is damaged")


class ForgivingCache(FunctionCache):
    """Numba's disk cache of one function; it notices changes in called kernels and survives damaged files.

    Numba's own looks only at the source file of the function itself, and raises if a file is truncated.
    A process locks the function before it compiles it; others wait, and load what it has stored.
    """

    def __init__(self, function: Callable):
        super().__init__(function)
        self._cache_file = HashedFiles(
            self._cache_path, self._impl.filename_base, self._impl.locator.get_source_stamp()
        )
        self._locked: BinaryIO | None = None

    def _index_key(self, sig: object, codegen: object) -> tuple:
        """Return the key of the machine code for arguments of some types."""
        # Numba's key has the types and the CPU; ours has the source of all kernels, too.
        return (*super()._index_key(sig, codegen), source_hash())

    def load_overload(self, sig: object, target_context: object) -> object:
        """Return the stored machine code; None if there is none or it is damaged: then compile it."""
        loaded = self._load(sig, target_context)
        if loaded is None:
            announce()
            if self.lock(PATIENCE) and (listener := before_compiling.get()):
                listener()
            # Another process may have compiled it meanwhile.
            loaded = self._load(sig, target_context)
        if loaded is not None:
            self.unlock()
        return loaded

    def _load(self, sig: object, target_context: object) -> object:
        """Return the stored machine code, or None."""
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # a damaged file can raise anything out of unpickling
            # All files of this function are removed: the index may be damaged, or name a damaged file.
            with contextlib.suppress(OSError):
                self.flush()
        return None

    def save_overload(self, sig: object, data: object) -> None:
        """Store the machine code, if possible; otherwise the next process compiles again."""
        with contextlib.suppress(Exception):  # OSError, or a damaged index that cannot be replaced
            super().save_overload(sig, data)
        self.unlock()

    def lock(self, patience: float = 0) -> bool:
        """Return whether this process may compile the function alone, until `unlock`.

        Args:
            patience: how many seconds to wait for another process that is compiling it.
        """
        with contextlib.suppress(OSError):  # where nothing can be written, nothing is shared
            self._impl.locator.ensure_cache_path()
            path = f"{self._cache_file._index_path}.lock"
            self._locked = self._locked or file_lock.lock(path, patience)
        return self._locked is not None

    def unlock(self) -> None:
        """Let other processes compile the function."""
        if self._locked:
            self._locked.close()
        self._locked = None


class NoCache(NullCache):
    """A cache that stores nothing: used where no cache folder can be written."""

    def load_overload(self, sig: object, target_context: object) -> None:
        """Announce that compiling begins, and return None: nothing is stored."""
        announce()


def jit(function: Callable, **options: object) -> Callable:
    """Return `function` compiled by Numba, at its first call with arguments of new types; without the GIL.

    Args:
        function: written in the part of Python that Numba compiles.
        options: further options of `numba.njit`.

    Returns:
        Numba's dispatcher, called like `function`. Its machine code is kept on disk if that can be written.

    Example:
        >>> @jit
        ... def double(x):
        ...     return 2 * x
        >>> double(4)
        8
    """
    # Without the GIL kernels run side by side; NumPy's rules give inf and NaN for a division by zero.
    dispatcher = numba.njit(nogil=True, error_model="numpy", **options)(function)
    # AttributeError, TypeError: a version of Numba with other internals; then it uses its own cache, or none.
    with contextlib.suppress(AttributeError, TypeError):
        try:
            dispatcher._cache = ForgivingCache(function)
        except RuntimeError:  # none of Numba's cache folders can be written
            dispatcher._cache = NoCache()
    return dispatcher


def inlined(function: Callable) -> Callable:
    """Return `function` for Numba to insert into the kernels that call it; it is not compiled by itself.

    For small functions with one or two callers this halves the time of compiling.
    """
    return numba.njit(inline="always", nogil=True, error_model="numpy")(function)
