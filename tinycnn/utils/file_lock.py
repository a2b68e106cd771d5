"""A lock that one process holds on a file, and that ends with the process, however that ends."""

import errno
import os
import time
from typing import BinaryIO

if os.name == "nt":
    import msvcrt
else:
    import fcntl

# What the system says if another process holds the lock.
HELD = {errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, errno.EDEADLK}
PAUSE = 0.02  # seconds between two attempts


def lock(path: str, patience: float = 0) -> BinaryIO | None:
    """Return the file at `path`, locked until it is closed; None if another process holds it.

    Where the file's system has no locks, it is returned as if it were locked.

    Args:
        path: of a file for nothing else; it is made if it is not there, and stays.
        patience: how many seconds to wait for another process.

    Raises:
        OSError: if the file cannot be made.
    """
    end = time.monotonic() + patience
    file = open(path, "ab")  # noqa: SIM115 - it stays open
    while not _try_lock(file):
        if time.monotonic() >= end:
            file.close()
            return None
        time.sleep(PAUSE)
    return file


def _try_lock(file: BinaryIO) -> bool:
    """Lock a file; return False if another process holds the lock."""
    try:
        if os.name == "nt":
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in HELD
    return True
