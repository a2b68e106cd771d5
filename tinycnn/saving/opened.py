"""Opening an untrusted file: only a regular one, never waiting, and every failure a ModelFileError."""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from typing import BinaryIO

from tinycnn.saving import kinds
from tinycnn.saving.messages import NamedDatatypeError
from tinycnn.utils.errors import ModelFileError

LARGEST_FILE = 4 * 10**9  # bytes; larger files are refused
UNREADABLE = {  # (cause, remedy) of a ModelFileError, by the number of an OSError
    errno.ENOENT: ("there is no such file", "Check the name."),
    errno.ELOOP: ("its links lead in a circle", "Name the file itself."),
    errno.ENAMETOOLONG: ("its name is too long", "Check the name."),
    **dict.fromkeys(
        (errno.EACCES, errno.EPERM),
        ("it may not be read", "Ask its owner for permission to read it."),
    ),
}


@contextlib.contextmanager
def opened(path: str | os.PathLike) -> Iterator[tuple[BinaryIO, int]]:
    """A `with` block with a file open for reading in binary, given as (stream, its size in bytes).

    Every OSError, ValueError, MemoryError and RecursionError in the block becomes a ModelFileError.

    Args:
        path: an existing regular file.

    Raises:
        ModelFileError: if the file cannot be opened or read, or was changed by the end of the block.

    Example:
        >>> with opened("mnist.keras") as (stream, size):  # doctest: +SKIP
        ...     stream.read(2)
        b'PK'
    """
    path = os.fspath(path)
    with explained(path), _open(path) as stream:
        before = os.fstat(stream.fileno())
        if not stat.S_ISREG(before.st_mode):
            raise ModelFileError(path, "it is no regular file", "Name a file.")
        yield stream, before.st_size
        after = os.fstat(stream.fileno())
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise ModelFileError(path, "it changed while it was read", "Load it again.")


def _open(path: str) -> BinaryIO:
    """Return the file, open for reading; ModelFileError if the name cannot be a file's."""
    try:
        return open(path, "rb", opener=_without_waiting)
    except ValueError as error:  # the name has a NUL or a surrogate
        raise ModelFileError(path, "no file can have that name", "Check the name.") from error


def _without_waiting(path: str, flags: int) -> int:
    """Open a file, for `open`'s argument `opener`, without waiting if it is a pipe."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # a pipe would wait for a writer


@contextlib.contextmanager
def explained(path: str) -> Iterator[None]:
    """A `with` block in which the errors that reading raises become a ModelFileError."""
    try:
        yield
    except OSError as error:
        raise ModelFileError(path, *_unreadable(path, error)) from error
    except MemoryError as error:
        remedy = "Close other programs, or take a smaller model."
        raise ModelFileError(path, "the memory is too small for it", remedy) from error
    except NamedDatatypeError as error:
        remedy = "Save the model again with tinycnn or Keras."
        raise ModelFileError(path, str(error), remedy) from error
    # What reading raises for a damaged file; anything else is a mistake of ours.
    except (ValueError, RecursionError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0][:200]
        cause = f"it is damaged, or no model file ({first})"
        raise ModelFileError(path, cause, kinds.AGAIN) from error


def _unreadable(path: str, error: OSError) -> tuple[str, str]:
    """Return the cause and the remedy to name for an OSError."""
    if error.errno == errno.EISDIR:
        return kinds.folder(path)
    cause = f"it cannot be read ({error.strerror or error})"
    remedy = "Check the disk that it is on, or take another copy of the file."
    return UNREADABLE.get(error.errno, (cause, remedy))
