"""Loops shared among a few threads: kernels release the GIL, so plain Python threads run in parallel.

No threading layer of Numba's is used: its portable one ends the whole process when two Python threads
enter a parallel region together, and its OpenMP one does so after a fork.

The thread that calls `ThreadPool.run` is the caller; the other threads are helpers. The loop's indices are
cut into spans, (start, stop). The protocol:

1. Each call makes a `Loop` object. Its spans are in a deque, and the thread that takes one out runs it;
   taking is atomic, so every span runs once.
2. A helper takes a ticket of the loop, raises the flag of that ticket (sets it to 1), takes spans until
   none is left, and lowers the flag (sets it to 0). The caller takes spans, too. When none is left it waits
   until no flag is up. A flag is up from before a helper's first span until after its last, so no helper
   works on a loop that has returned.
3. The caller does not wait for a helper that has not begun. One that comes late finds no span. So helpers
   change only the time that a loop takes, not its result.
4. A thread that waits reads memory in a loop, without the GIL ("spins"), before it sleeps at a queue. The
   thread that it waits for changes the memory first and puts something into the queue then, so no wake-up
   is lost.
5. An error or an interrupt empties the deque. Then the caller waits for the flags as always, and raises it.

To wake a sleeping thread takes about 0.1 ms, as long as many kernels run: that is why threads spin first. A
thread that needs the GIL while another holds it sleeps, too. So a helper begins when the caller has
released it, and lowers its flag without it; one that helps with many kernels at once, see `program.py`, does
so in the same native call as its last work.
"""

import collections
import functools
import itertools
import os
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import NamedTuple

import numpy as np

from tinycnn.ops.kernels.codegen.jit import jit
from tinycnn.ops.kernels.parallel.atomics import atomic_load, atomic_store
from tinycnn.utils.recording import Launch, recorder
from tinycnn.utils.thread_count import available_threads, count_cpus

SPINS = 20_000  # reads of a memory cell before going to sleep: some tenths of a millisecond
# Reads before a helper takes the GIL again, in `clear_flag_and_spin`: some microseconds.
BACKOFF = 400
FLAG = 8  # distance of two flags in an int64 array: each has a cache line of its own
# Instead of a ticket (the index of a helper's flag): the helper has no flag to lower.
NO_TICKET = -1
FORKED = (
    "This process was forked in the middle of a loop, whose other threads are not here: begin anew."
)


@jit
def clear_flag_and_spin(flags, ticket, caller_sleeps, latest, seen, spins, backoff):
    """Lower a helper's flag, then wait for the next loop without the GIL; return None.

    It returns when `latest` is no longer `seen`, when the caller sleeps and must be woken, or after `spins`.

    Args:
        flags, ticket: flags[ticket] is set to 0, unless ticket is NO_TICKET.
        caller_sleeps: int64 (1,): not 0 while the loop's caller sleeps.
        latest: int64 (1,): the number of the pool's latest loop.
        seen: the number of the loop that the helper knows.
        spins: how often to look.
        backoff: how many more reads to wait after another loop was seen. Meanwhile its caller enters its
            kernel and so releases the GIL, which this helper needs next.
    """
    if ticket != NO_TICKET:
        atomic_store(flags, ticket, 0)
    for _ in range(spins):
        if atomic_load(caller_sleeps, 0) != 0:
            return
        if atomic_load(latest, 0) != seen:
            for _ in range(backoff):
                atomic_load(latest, 0)
            return


@jit
def all_flags_clear(flags, spins):
    """Return True once each flag has been seen to be 0, False if that takes more than `spins` looks.

    A flag that rises after it was seen does no harm: its helper finds no span left.
    """
    position = 0
    for _ in range(spins):
        while position < len(flags) and atomic_load(flags, position) == 0:
            position += FLAG
        if position >= len(flags):
            return True
    return False


class Waiting(NamedTuple):
    """What a helper needs to lower its flag and wait for the next loop: see `clear_flag_and_spin`."""

    flags: np.ndarray
    ticket: int
    caller_sleeps: np.ndarray
    latest: np.ndarray
    seen: int
    spins: int
    backoff: int


def pop_or_none(items: collections.deque) -> object:
    """Remove the first item of a deque and return it; None if the deque is empty."""
    try:
        return items.popleft()
    except IndexError:
        return None


class Loop:
    """One call of `ThreadPool.run`: the kernel, the spans that nobody has taken yet, and the helpers' flags.

    Args:
        kernel: called as kernel(start, stop, *arguments) for each span.
        spans: (start, stop) pairs.
        arguments: of the kernel.
        helpers: how many helper threads may join, each with a ticket, the index of its flag in `flags`.
        spins: how often the caller looks at the flags before it sleeps.
        lingers: whether a helper's kernel takes its `Waiting`, too, to lower the flag after its last work and
            wait for the next loop without having taken the GIL in between.
    """

    def __init__(
        self,
        kernel: Callable,
        spans: list,
        arguments: tuple,
        helpers: int,
        spins: int,
        lingers: bool = False,
    ):
        # left: the spans that nobody has taken yet.
        self.kernel, self.left, self.arguments = kernel, collections.deque(spans), arguments
        self.spins, self.lingers, self.process = spins, lingers, os.getpid()
        self.tickets = collections.deque(range(0, helpers * FLAG, FLAG))
        self.flags, self.caller_sleeps = np.zeros(helpers * FLAG, np.int64), np.zeros(1, np.int64)
        self.wakeups: SimpleQueue = SimpleQueue()  # the caller sleeps until something is put in
        self.failures: collections.deque = collections.deque()
        self.finished = False

    def run_spans(self, waiting: Waiting | None = None) -> None:
        """Take spans and run them until none is left; after a failure none is; `waiting` is a helper's."""
        arguments = (*self.arguments, waiting) if self.lingers else self.arguments
        try:
            while (span := pop_or_none(self.left)) is not None:
                self.kernel(*span, *arguments)
                if self.lingers:  # the flag is down: nothing more may be done
                    break
        except BaseException as error:  # the caller raises it
            self.failures.append(error)
            self.left.clear()

    def finish(self) -> None:
        """Drop the spans that are left and wait for all helpers; then raise what interrupted the waiting.

        An interrupt (Ctrl-C) is not raised before: helpers still write to the caller's arrays.
        """
        interrupt = None
        while not self.finished:
            try:
                self.left.clear()
                self.wait()
                self.finished = True
            except BaseException as error:
                interrupt = error
        if interrupt is not None:
            raise interrupt

    def wait(self) -> None:
        """Return when no flag is up: look `spins` times, then sleep at the queue `wakeups`.

        Every helper puts an item there after its flag is down. A child that was forked meanwhile has no
        helpers: it notes a failure and returns.
        """
        if not all_flags_clear(self.flags, self.spins):
            # Helpers that are done and spin in `clear_flag_and_spin` see this, and wake this thread at once.
            self.caller_sleeps[0] = 1
            while not all_flags_clear(self.flags, 1):
                if os.getpid() != self.process:
                    self.failures.append(RuntimeError(FORKED))
                    return
                self.wakeups.get()


class WorkerThread:
    """A helper thread: it takes spans of its pool's latest loop, and sleeps while there is none."""

    def __init__(self, pool: "ThreadPool"):
        self.pool, self.latest = pool, pool.latest
        self.wakeups, self.sleeping, self.stopping = SimpleQueue(), False, False
        self.thread = threading.Thread(target=self.work, name="tinycnn", daemon=True)
        self.thread.start()

    def work(self) -> None:
        """The thread's main function: help with each new loop, until `shutdown`."""
        nothing = np.zeros(1, np.int64)
        try:
            while not self.stopping:
                seen = int(self.latest[0])
                if not self.help(self.pool.loop, seen):
                    spins = self.pool.spins
                    clear_flag_and_spin(
                        nothing, NO_TICKET, nothing, self.latest, seen, spins, BACKOFF
                    )
                self.sleep(seen)
        finally:
            if self in self.pool.helpers:  # ended from outside: the next loop begins another
                self.pool.helpers.remove(self)

    def help(self, loop: Loop | None, seen: int) -> bool:
        """Take a ticket of the loop and run spans until none is left; return False if there was no ticket.

        `seen` is the number of the latest loop that this thread knows: afterwards it waits for another.
        """
        ticket = None if loop is None else pop_or_none(loop.tickets)
        if ticket is None:
            return False
        flags, wakeups = loop.flags, loop.wakeups
        waiting = Waiting(flags, ticket, loop.caller_sleeps, self.latest, seen, loop.spins, BACKOFF)
        # Up before the first span is taken: from here on the caller waits for this thread.
        flags[ticket] = 1
        try:
            loop.run_spans(waiting)
        finally:
            del loop  # its arrays are not to be held while this thread waits
            try:
                clear_flag_and_spin(*waiting)
            finally:
                flags[ticket] = 0  # once more: the call above may have failed for lack of memory
                wakeups.put(None)
        return True

    def sleep(self, seen: int) -> None:
        """Sleep until the pool's latest loop has another number than `seen`, or until `shutdown`."""
        # Set before `latest` is read: a caller that changes `latest` afterwards sees it, and calls `wake`.
        self.sleeping = True
        while self.latest[0] == seen and not self.stopping:
            self.wakeups.get()
        self.sleeping = False

    def wake(self) -> None:
        """Wake the thread, if it sleeps."""
        if self.sleeping:
            self.wakeups.put(None)

    def shutdown(self) -> None:
        """Let the thread end when it has nothing to do."""
        self.stopping = True
        self.wakeups.put(None)


def spans(length: int, parts: int, grain: int) -> list[tuple[int, int]]:
    """Return (start, stop) pairs that cover `range(length)`, to be taken from the front.

    One large span for each part comes first. For long loops small ones follow, which go to the threads that
    are done first: CPUs are seldom equally fast, or equally idle.

    Args:
        length: how many indices there are.
        parts: how many threads share them.
        grain: the least number of indices worth a thread of their own.

    Example:
        >>> spans(10, 2, 3), spans(32, 2, 2)
        ([(0, 5), (5, 10)], [(0, 12), (12, 24), (24, 26), (26, 28), (28, 30), (30, 32)])
    """
    is_long = parts > 1 and length >= 4 * parts * max(1, grain)
    # Length of a small span, an eighth of a thread's share: the longest that one thread waits for another.
    small = -(-length // (8 * parts)) if is_long else 0
    small_spans = 2 * parts if is_long else 0
    large_end = length - small_spans * small
    edges = [large_end * part // parts for part in range(parts + 1)]
    edges += range(large_end + small, length + 1, small) if is_long else ()
    return list(itertools.pairwise(edges))


class ThreadPool:
    """Runs loops on several threads: the caller's and helpers, which are started when first needed."""

    def __init__(self):
        self.count: int | None = None
        self.spins = SPINS
        self.reset_after_fork()

    def reset_after_fork(self) -> None:
        """Begin without helpers and loops; in a forked process, too: threads exist in the parent alone."""
        self.helpers: list[WorkerThread] = []
        self.loop: Loop | None = None
        # The number of the latest loop, in memory that compiled code can read; and the numbers to come.
        self.latest, self.loop_numbers = np.zeros(1, np.int64), itertools.count(1)

    def set_count(self, count: int) -> None:
        """Use `count` threads from the next kernel on; results stay the same to the last bit."""
        self.count = count
        # With more threads than CPUs none spins: it would take a CPU from a thread that has work.
        self.spins = SPINS if count <= count_cpus() else 0
        self.helpers, superfluous = self.helpers[: count - 1], self.helpers[count - 1 :]
        for helper in superfluous:
            helper.shutdown()

    def get_count(self) -> int:
        """Return how many threads share a loop, the caller's included."""
        if self.count is None:
            self.set_count(available_threads())
        return self.count

    def helpers_for(self, parts: int) -> list[WorkerThread]:
        """Return parts - 1 helpers, for the caller does a part, too; fewer if no thread can be started."""
        try:
            while len(self.helpers) < parts - 1:
                self.helpers.append(WorkerThread(self))
        except RuntimeError:  # too many threads, or the program is ending
            pass
        return self.helpers[: parts - 1]

    def submit(self, loop: Loop, helpers: list[WorkerThread]) -> None:
        """Make `loop` the pool's latest loop, and wake those of the helpers that sleep."""
        self.loop = loop
        # Set after `loop`: a helper that sees the new number finds the loop that belongs to it.
        self.latest[0] = next(self.loop_numbers)
        for helper in helpers:
            helper.wake()

    def run(
        self, kernel: Callable, length: int, grain: int, /, *arguments: object, **named: object
    ) -> None:
        """Call `kernel(start, stop, *arguments, **named)` for spans that cover `range(length)`, in parallel.

        It returns when all are done. If the helpers are busy with a loop of another Python thread, the
        calling thread does all by itself.

        Args:
            kernel: a compiled function; no two indices of its loop write to the same memory.
            length: how many indices there are.
            grain: the least number of indices worth a thread of their own.
            arguments, named: passed on as they are.
        """
        active = recorder()
        if active is not None:
            active.add(Launch(kernel, length, grain, arguments, named))
        parts = max(1, min(self.count or self.get_count(), length // max(1, grain)))
        helpers = self.free_helpers(parts)
        if not helpers:
            kernel(0, length, *arguments, **named)
            return
        shares = spans(length, len(helpers) + 1, grain)
        kernel = functools.partial(kernel, **named)
        loop = Loop(kernel, shares, arguments, len(helpers), self.spins)
        self.share(loop, helpers, loop.run_spans)

    def run_together(self, lead: Callable[[], None], help: Callable[[Waiting], None]) -> None:
        """Call `lead` here and, meanwhile, `help` in helpers that are free; return when all are back.

        Args:
            lead: does all the work if nobody helps.
            help: after its last work it does, without the GIL, what `clear_flag_and_spin` does.
        """
        helpers = self.free_helpers(self.count or self.get_count())
        shares = [()] * len(helpers)
        loop = Loop(help, shares, (), len(helpers), self.spins, lingers=True)
        self.share(loop, helpers, lead)

    def free_helpers(self, parts: int) -> list[WorkerThread]:
        """Return parts - 1 helpers; none if they are busy with a loop of another Python thread."""
        # Another thread may be here at the same time: then both submit, and helpers join the later loop.
        current = self.loop
        free = current is None or not current.left
        return self.helpers_for(parts) if parts > 1 and free else []

    def share(self, loop: Loop, helpers: list[WorkerThread], work: Callable[[], None]) -> None:
        """Submit a loop to helpers, do `work` in this thread, and wait until no helper is at the loop."""
        try:
            try:
                self.submit(loop, helpers)
                work()
            finally:
                loop.finish()
        finally:
            loop.finish()  # once more: an interrupt may have ended the first call early
            self.loop = None
        if loop.failures:
            raise loop.failures.popleft()


workers = ThreadPool()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=workers.reset_after_fork)
