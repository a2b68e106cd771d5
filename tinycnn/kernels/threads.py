"""Loops shared among a few threads: kernels release the GIL, so plain Python threads run them at once.

No threading layer of Numba's is used: its portable one ends the whole process when two Python threads
enter a parallel region together, and its OpenMP one does so after a fork. A thread pool does neither.
"""

import itertools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


def available_threads() -> int:
    """Count the threads to use: `NUMBA_NUM_THREADS` if set, else the CPUs this process may run on.

    Raises:
        ValueError: for a `NUMBA_NUM_THREADS` that is not a whole number of at least 1.

    Example:
        >>> available_threads() >= 1
        True
    """
    wanted = os.environ.get("NUMBA_NUM_THREADS", "")
    if not wanted:
        affinity = getattr(os, "sched_getaffinity", None)  # Linux only
        return len(affinity(0)) if affinity else os.cpu_count() or 1
    if not wanted.isdecimal() or int(wanted) < 1:
        raise ValueError(f"NUMBA_NUM_THREADS must be a whole number from 1. Received: {wanted!r}")
    return int(wanted)


class Workers:
    """The threads of this process: made at the first use, and made anew in a forked child."""

    def __init__(self):
        self.count: int | None = None
        self.pool: ThreadPoolExecutor | None = None

    def set_count(self, count: int) -> None:
        """Use `count` threads from the next kernel on; results stay the same to the last bit."""
        self.count, self.pool = count, None

    def forget(self) -> None:
        """Drop the pool: after a fork its threads exist only in the parent."""
        self.pool = None

    def get_count(self) -> int:
        """Return how many threads share a loop."""
        if self.count is None:
            self.count = available_threads()
        return self.count

    def run(self, kernel: Callable, length: int, grain: int, *arguments: object) -> None:
        """Call `kernel(start, stop, *arguments)` on spans that cover `range(length)`, side by side.

        Args:
            kernel: a function whose every index owns what it writes.
            length: how many indices there are.
            grain: the least number of indices worth a thread of their own.
            arguments: passed on as they are.
        """
        parts = max(1, min(self.get_count(), length // max(1, grain)))
        if parts == 1:
            kernel(0, length, *arguments)
            return
        pool = self.pool  # held here, because another thread may change the count meanwhile
        if pool is None:
            pool = ThreadPoolExecutor(max(1, self.get_count() - 1), thread_name_prefix="tinycnn")
            self.pool = pool
        edges = [length * part // parts for part in range(parts + 1)]
        others = []
        for start, stop in itertools.pairwise(edges[1:]):
            try:
                others.append(pool.submit(kernel, start, stop, *arguments))
            except RuntimeError:  # no more threads to be had, as when the program is ending
                kernel(start, stop, *arguments)
        try:
            kernel(edges[0], edges[1], *arguments)
        finally:
            for other in others:
                other.result()


workers = Workers()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=workers.forget)
