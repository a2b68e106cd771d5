"""How many threads to use; checked before Numba is imported, whose error messages are harder to read."""

import os

from tinycnn.utils.validation import is_int

MOST_THREADS = 1024


def check_thread_count(name: str, count: int) -> int:
    """Return `count` as int if it is a whole number from 1 to 1,024.

    Args:
        name: of the number, for the message.
        count: how many threads.

    Raises:
        ValueError: for anything else; the message has name, wanted and received.

    Example:
        >>> check_thread_count("threads", 4)
        4
    """
    if not is_int(count) or not 1 <= int(count) <= MOST_THREADS:
        wanted = f"must be a whole number from 1 to {MOST_THREADS}"
        raise ValueError(f"{name} {wanted}. Received: {count!r}")
    return int(count)


def count_cpus() -> int:
    """Return how many CPUs this process may run on."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only; elsewhere all CPUs count
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def available_threads() -> int:
    """Return how many threads to use: `NUMBA_NUM_THREADS` if set, else the CPUs this process may run on.

    Raises:
        ValueError: for a `NUMBA_NUM_THREADS` that is not a whole number from 1 to 1,024.

    Example:
        >>> available_threads() >= 1
        True
    """
    wanted = os.environ.get("NUMBA_NUM_THREADS", "")
    if not wanted:
        return min(count_cpus(), MOST_THREADS)
    digits = wanted.isascii() and wanted.isdigit() and len(wanted) < 10
    return check_thread_count("NUMBA_NUM_THREADS", int(wanted) if digits else wanted)
