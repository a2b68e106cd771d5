"""Writing a file whole or not at all: beside it first, then renamed to it in one step.

A *part* is the temporary file beside the target, which becomes the target when it is whole.
"""

import contextlib
import os
import platform
import secrets
import stat
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

from tinycnn.utils.errors import FileError
from tinycnn.utils.printable import shortened
from tinycnn.utils.warning import warn

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

_MACHINE = f"{zlib.crc32(platform.node().encode()):08x}"
_PROCESS = secrets.token_hex(4)  # tells this process from an earlier one with the same number
_STALE = 3600.0  # seconds after which nobody writes to a part any more
_RENAMES = 40  # attempts, 0.05 s apart, while another program on Windows reads the old file


@contextlib.contextmanager
def replacing(
    path: str | os.PathLike, error: type[FileError] = FileError, overwrite: bool = True
) -> Iterator[BinaryIO]:
    """Open a file that takes the place of `path` in the end, and vanishes if anything fails.

    Whenever the process or the machine stops, `path` is as it was or whole. A link stays a link; the
    permissions and, where allowed, the owner of the old file stay. What processes that were killed
    left in the folder is removed.

    Args:
        path: the file, new or to be replaced, in an existing folder.
        error: what to raise.
        overwrite: whether an existing file may be replaced.

    Raises:
        FileError: of the class `error`: the file cannot be written; an old one is as it was.

    Example:
        >>> with replacing("notes.txt") as file:  # doctest: +SKIP
        ...     file.write(b"whole or not at all")
    """
    with _part_for(path, error, overwrite) as (part, target):
        with _opened(part, target) as file:
            yield file
            file.flush()
            _keep_owner_and_mode(part, target)
            os.fsync(file.fileno())
            if fcntl:  # while it is locked: nobody takes it for abandoned
                os.replace(part, target)
        if not fcntl:  # Windows renames no open file
            _rename(part, target)
        _flush_folder(os.path.dirname(target))


def check(
    path: str | os.PathLike, error: type[FileError] = FileError, overwrite: bool = True
) -> None:
    """Make sure, before long work, that a file can be written there; nothing is left behind.

    Args:
        path: a file, new or to be replaced.
        error: what to raise.
        overwrite: whether an existing file may be replaced.

    Raises:
        FileError: of the class `error`.

    Example:
        >>> check("no-such-folder/a.csv")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        tinycnn.utils.errors.FileError: no-such-folder/a.csv: there is no folder ...
    """
    with _part_for(path, error, overwrite) as (part, target):
        _opened(part, target).close()


@contextlib.contextmanager
def _part_for(
    path: str | os.PathLike, error: type[FileError], overwrite: bool
) -> Iterator[tuple[str, str]]:
    """Yield the name of a part in the folder of a file, and that of the file itself, behind its links.

    What abandoned parts lie there is swept before, and this part afterwards, unless it was renamed.
    """
    path = os.fspath(path)
    with explained(path, error):
        target = os.path.realpath(path)
        _check_target(path, target, error, overwrite)
        sweep(os.path.dirname(target))
        part = _new_part(os.path.dirname(target))
        try:
            yield part, target
        finally:
            _remove(part)


@contextlib.contextmanager
def explained(path: str, error: type[FileError]) -> Iterator[None]:
    """Turn what the system says of a file into an error that says what to do.

    Args:
        path: the file.
        error: what to raise.

    Raises:
        FileError: of the class `error`, for any OSError.

    Example:
        >>> with explained("a.csv", FileError):
        ...     open("no-such-folder/a.csv")
        Traceback (most recent call last):
        tinycnn.utils.errors.FileError: a.csv: it cannot be written (No such file or directory). Choose \
another name or folder, or free some space there.
    """
    if "\0" in path:
        raise error(path, "no file can have that name", "Choose another name.")
    try:
        yield
    except OSError as cause:
        reason = f"it cannot be written ({cause.strerror or cause})"
        remedy = "Choose another name or folder, or free some space there."
        raise error(path, reason, remedy) from cause


def save_somewhere(
    save: Callable[[str], None], path: str | os.PathLike, others: Iterable[str] = ()
) -> str:
    """Save what must not be lost: under its name, or else under another one, which a warning names.

    Args:
        save: given a name, saves there or raises a FileError.
        path: the right name.
        others: what to try then; nothing: see `other_names`.

    Returns:
        The name that it was saved under.

    Raises:
        FileError: it cannot be saved anywhere.

    Example:
        >>> save_somewhere(lambda name: None, "mnist.h5")
        'mnist.h5'
    """
    try:
        save(path := os.fspath(path))
        return path
    except FileError as error:
        for name in others or other_names(path):
            with contextlib.suppress(FileError):
                save(name)
                warn(f"{error} It is kept as {name}")
                return name
        raise


def version(path: str | os.PathLike) -> tuple[int, int, int] | None:
    """Return what tells a file from one that takes its place; None if there is none.

    Example:
        >>> version("no-such-file")
    """
    try:
        status = os.stat(path)
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def other_names(path: str | os.PathLike) -> Iterator[str]:
    """Yield new names beside a file, in this folder, and in that for temporary files.

    Args:
        path: the file that cannot be written.

    Example:
        >>> os.path.dirname(next(other_names("far/mnist.h5")))
        'far'
    """
    folder, name = os.path.split(os.fspath(path))
    stem, ending = os.path.splitext(name)
    other = f"{stem[:40]}-{secrets.token_hex(3)}{ending}"
    yield os.path.join(folder, other)
    for place in (os.getcwd, tempfile.gettempdir):
        try:
            yield os.path.join(place(), other)
        except OSError:  # this folder was removed, or there is none for temporary files
            continue


def sweep(folder: str) -> None:
    """Remove what killed processes left in a folder; what is being written stays.

    Whoever writes holds a lock on the part, which ends with the process: no number of a process, which
    may be another's by now, is asked. Parts of other machines, whose locks may not be seen from
    here, and all parts where there are no locks, must have rested for an hour.
    """
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if _is_part(entry.name) and not entry.name.startswith(_own()):
                with contextlib.suppress(OSError):  # another user's, or swept by another process
                    if entry.is_file(follow_symlinks=False):
                        _remove_abandoned(entry.path)


def _own() -> str:
    """Return how the names of this process's parts begin; a fork has another number."""
    return f".tinycnn-{_MACHINE}-{_PROCESS}-{os.getpid()}-"


def _new_part(folder: str) -> str:
    return os.path.join(folder, f"{_own()}{secrets.token_hex(4)}.part")


def _is_part(name: str) -> bool:
    return name.startswith(".tinycnn-") and name.endswith(".part")


def _remove_abandoned(part: str) -> None:
    rested = time.time() - os.stat(part).st_mtime > _STALE
    if not fcntl:
        if rested:
            os.unlink(part)  # Windows refuses while it is open
        return
    with open(part, "r+b") as file:
        locks = True
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # it is being written
        except OSError:
            locks = False
        if rested or (locks and f"-{_MACHINE}-" in os.path.basename(part)):
            os.unlink(part)


def _opened(part: str, target: str) -> BinaryIO:
    """Return the part, new, open and locked; never more open to others than the old file."""
    mode = stat.S_IMODE(os.stat(target).st_mode) & 0o666 if os.path.exists(target) else 0o666

    def private(name: str, flags: int) -> int:
        return os.open(name, flags, mode | 0o600)

    while True:
        file = open(part, "xb", opener=private)  # noqa: SIM115 (open until it is renamed)
        if fcntl:
            with contextlib.suppress(OSError):  # a folder without locks
                fcntl.flock(file, fcntl.LOCK_EX)
        if os.path.exists(part):
            return file
        file.close()  # swept between its making and its locking: once more


def _remove(part: str) -> None:
    """Remove a part if it is still there, even if a signal comes at this very moment."""
    try:
        with contextlib.suppress(OSError):
            os.unlink(part)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(part)
        raise


def _keep_owner_and_mode(part: str, target: str) -> None:
    try:
        old, new = os.stat(target), os.stat(part)
    except FileNotFoundError:
        return  # a new file gets what is usual
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        for owner in (-1, old.st_uid):  # a group may be allowed where an owner is not
            with contextlib.suppress(OSError):
                os.chown(part, owner, old.st_gid)
    with contextlib.suppress(OSError):  # some disks have no permissions
        os.chmod(part, stat.S_IMODE(old.st_mode))


def _rename(part: str, target: str) -> None:
    for _ in range(_RENAMES):
        try:
            return os.replace(part, target)
        except PermissionError:
            time.sleep(0.05)
    return os.replace(part, target)


def _flush_folder(folder: str) -> None:
    if os.name == "posix":  # elsewhere a folder cannot be opened
        with contextlib.suppress(OSError):  # not every disk can; the file is in place
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def _check_target(path: str, target: str, error: type[FileError], overwrite: bool) -> None:
    """Raise for a place where no file can be put."""
    folder = os.path.dirname(target)
    if not os.path.isdir(folder):
        raise error(path, f"there is no folder {shortened(folder)!r}", "Make the folder first.")
    try:
        mode = os.stat(target).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        raise error(path, "a folder or a device has that name", "Choose another name.")
    if not overwrite:
        raise error(path, "it is there already", "Pass overwrite=True, or another name.")
    if not mode & 0o222 or not os.access(target, os.W_OK):  # the first: root may write anything
        raise error(path, "it is read-only", "Make it writable, or choose another name.")
