"""Writing a file whole or not at all: a temporary file in the same folder is written and then renamed.

In this module the temporary file is called the *part*, and the file that it is renamed to the *target*.
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

# A part is called .tinycnn-MACHINE-PROCESS-PID-RANDOM.part: see `_own`.
_MACHINE = f"{zlib.crc32(platform.node().encode()):08x}"
_PROCESS = secrets.token_hex(4)  # tells this process from an earlier one with the same process id
_STALE = 3600.0  # seconds since the last write after which a part counts as abandoned
_RENAMES = 40  # attempts, 0.05 s apart: on Windows a file cannot be replaced while another program reads it


@contextlib.contextmanager
def replacing(
    path: str | os.PathLike, error: type[FileError] = FileError, overwrite: bool = True
) -> Iterator[BinaryIO]:
    """Yield a new file, open for writing in binary, that replaces `path` when the `with` block ends.

    If the block raises, the new file is removed and `path` stays as it was. Whenever the process or the
    machine stops, `path` has its old content or all of the new one. A symbolic link at `path` stays, and its
    target is replaced; the permissions and, where allowed, the owner of the old file stay. Temporary files
    that killed processes left in the folder are removed.

    Args:
        path: the file, new or to be replaced, in an existing folder.
        error: the class of the error to raise.
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
            # Renamed while open, and so locked: `sweep` in another process leaves it alone.
            if fcntl:
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
        error: the class of the error to raise.
        overwrite: whether an existing file may be replaced.

    Raises:
        FileError: of the class `error`, if it cannot be written.

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
    """Yield (part, target): the name of a part that does not exist yet, and `path` with all links resolved.

    Before, it checks that the target can be written, and removes abandoned parts in the folder. Afterwards it
    removes this part, if it was not renamed. Any OSError becomes an `error`.
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
    """A `with` block in which any OSError becomes an `error` that names the file and says what to do.

    Args:
        path: the file, for the message; a NUL in it raises `error` at once.
        error: the class of the error to raise.

    Raises:
        FileError: of the class `error`.

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
    """Call `save(path)`; if that fails, try other names, and warn which one was used.

    Args:
        save: given a name, saves there or raises a FileError.
        path: the wanted name.
        others: names to try if that fails; empty: those of `other_names(path)`.

    Returns:
        The name that it was saved under.

    Raises:
        FileError: that of `path`, if it cannot be saved under any name.

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
    """Return (inode, time of the last change in ns, size), to see whether a file was changed or replaced.

    It is None if there is no file, or it is no regular file.

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
    """Yield names to save under instead: in the same folder, the current one, and that for temporary files.

    The file's name gets a random part, so that no existing file is replaced.

    Args:
        path: the file that cannot be written.

    Example:
        >>> os.path.dirname(next(other_names("far/mnist.h5")))
        'far'
    """
    folder, name = os.path.split(os.fspath(path))
    stem, ending = os.path.splitext(name)
    if stem.endswith(".weights"):  # Keras's ending of files of weights: ".weights.h5"
        stem, ending = stem.removesuffix(".weights"), f".weights{ending}"
    other = f"{stem[:40]}-{secrets.token_hex(3)}{ending}"
    yield os.path.join(folder, other)
    for place in (os.getcwd, tempfile.gettempdir):
        try:
            yield os.path.join(place(), other)
        except OSError:  # this folder was removed, or there is none for temporary files
            continue


def sweep(folder: str) -> None:
    """Remove the parts in a folder that killed processes left; parts that are being written stay.

    A process locks the part that it writes, and the lock ends with the process. So an unlocked part of this
    machine is abandoned. (Process ids are not looked at: they are used again.) Parts of other machines, whose
    locks may not be visible here, and all parts where there are no locks, are removed an hour after their
    last change.
    """
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if _is_part(entry.name) and not entry.name.startswith(_own()):
                with contextlib.suppress(OSError):  # another user's, or swept by another process
                    if entry.is_file(follow_symlinks=False):
                        _remove_abandoned(entry.path)


def _own() -> str:
    """Return the beginning of the names of this process's parts; the process id tells forks apart."""
    return f".tinycnn-{_MACHINE}-{_PROCESS}-{os.getpid()}-"


def _new_part(folder: str) -> str:
    """Return a name for a new part in a folder; no file is made."""
    return os.path.join(folder, f"{_own()}{secrets.token_hex(4)}.part")


def _is_part(name: str) -> bool:
    """Return whether a file's name is that of a part, of any process and machine."""
    return name.startswith(".tinycnn-") and name.endswith(".part")


def _remove_abandoned(part: str) -> None:
    """Remove a part if it is abandoned: see `sweep`."""
    stale = time.time() - os.stat(part).st_mtime > _STALE
    if not fcntl:
        if stale:
            os.unlink(part)  # Windows refuses while it is open
        return
    with open(part, "r+b") as file:
        locked = True
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # it is being written
        except OSError:  # a file system without locks
            locked = False
        if stale or (locked and f"-{_MACHINE}-" in os.path.basename(part)):
            os.unlink(part)


def _opened(part: str, target: str) -> BinaryIO:
    """Create the part and return it open and locked.

    From the start nobody may read or write it who may not read or write the target.
    """
    mode = stat.S_IMODE(os.stat(target).st_mode) & 0o666 if os.path.exists(target) else 0o666

    def opener(name: str, flags: int) -> int:
        """Open the file for `open`; a new one gets the target's permissions."""
        return os.open(name, flags, mode | 0o600)

    while True:
        file = open(part, "xb", opener=opener)  # noqa: SIM115 (open until it is renamed)
        if fcntl:
            with contextlib.suppress(OSError):  # a folder without locks
                fcntl.flock(file, fcntl.LOCK_EX)
        if os.path.exists(part):
            return file
        file.close()  # another process's `sweep` removed it before it was locked: once more


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
    """Give the part the owner, group and permissions of the target, as far as the system allows."""
    try:
        old, new = os.stat(target), os.stat(part)
    except FileNotFoundError:
        return  # a new file keeps the usual ones
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        for owner in (-1, old.st_uid):  # a group may be allowed where an owner is not
            with contextlib.suppress(OSError):
                os.chown(part, owner, old.st_gid)
    with contextlib.suppress(OSError):  # some disks have no permissions
        os.chmod(part, stat.S_IMODE(old.st_mode))


def _rename(part: str, target: str) -> None:
    """Rename the part to the target on Windows, several times if another program has the target open."""
    for _ in range(_RENAMES):
        try:
            return os.replace(part, target)
        except PermissionError:
            time.sleep(0.05)
    return os.replace(part, target)


def _flush_folder(folder: str) -> None:
    """Make sure that the folder's list of files, with the new name, is on the disk."""
    if os.name == "posix":  # elsewhere a folder cannot be opened
        with contextlib.suppress(OSError):  # not every disk can; the file is in place
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def _check_target(path: str, target: str, error: type[FileError], overwrite: bool) -> None:
    """Raise `error` if no file can be written at `target`; messages name it as the caller did, `path`."""
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
