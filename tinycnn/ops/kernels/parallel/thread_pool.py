"""Loops shared among a few threads: kernels release the GIL, so plain Python threads run them at once.

No threading layer of Numba's is used: its portable one ends the whole process when two Python threads
enter a parallel region together, and its OpenMP one does so after a fork.

The protocol:

1. A loop stands by itself. Its spans lie in a deque, and whoever takes one out runs it; taking is atomic,
   so every span runs once.
2. A helper takes a ticket of the loop, raises the flag of that ticket, takes spans until none is left, and
   lowers the flag. The caller takes spans, too. When none is left it waits until no flag is up. A flag is up
   from before a helper's first span until after its last, so nobody works on a loop that has returned.
3. Nobody waits for a helper that has not begun. One that comes late finds no span. So only the time depends
   on the helpers: not the result, and not whether there is one.
4. Who waits looks at memory, without the GIL, before going to sleep at a queue. Whoever changes that memory
   does so first and puts something into the queue then, so no call is lost; one too many costs a look.
5. An error or an interrupt empties the deque. Then the caller waits for the flags as always, and raises.

To wake a sleeping thread takes about 0.1 ms, as long as many a kernel runs: that is why they look first.
A thread that wants the GIL while another has it sleeps, too. So a helper begins when the caller has let go
of it, and says that it is done without it.
"""

import collections
import itertools
import os
import platform
import threading
from collections.abc import Callable
from queue import SimpleQueue

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np import arrayobj

from tinycnn.ops.kernels.codegen.jit import jit
from tinycnn.utils.thread_count import available_threads, count_cpus

SPINS = 20_000  # loads before going to sleep: some tenths of a millisecond
BACKOFF = 400  # loads: some microseconds
FLAG = 8  # int64 from one flag to the next: each has a cache line of its own
NO_TICKET = -1
FORKED = (
    "This process was forked in the middle of a loop, whose other threads are not here: begin anew."
)
X86 = ("x86_64", "amd64")  # which have an instruction to pause in a spin loop


def element_pointer(context, builder, array_type, array, index):
    """Emit the address of one element of a flat int64 array."""
    data = arrayobj.make_array(array_type)(context, builder, array).data
    return builder.gep(data, [index])


@intrinsic
def atomic_load(typing_context, array, index):
    """Read an element after a pause; what was written before that element is seen from then on."""

    def codegen(context, builder, signature, arguments):
        if platform.machine().lower() in X86:
            kind, name = ir.FunctionType(ir.VoidType(), []), "llvm.x86.sse2.pause"
            builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [])
        where = element_pointer(context, builder, signature.args[0], *arguments)
        return builder.load_atomic(where, "acquire", 8, typ=ir.IntType(64))

    return types.int64(array, types.int64), codegen


@intrinsic
def atomic_store(typing_context, array, index, value):
    """Write an element after everything that was written before."""

    def codegen(context, builder, signature, arguments):
        array, index, value = arguments
        where = element_pointer(context, builder, signature.args[0], array, index)
        builder.store_atomic(value, where, "release", 8)
        return context.get_dummy_value()

    return types.void(array, types.int64, types.int64), codegen


@jit
def clear_flag_and_spin(flags, ticket, caller_sleeps, latest, seen, spins, backoff):
    """Lower the flag of a ticket, if there is one; return when another loop came, or after so many spins.

    If another loop came, a back-off of so many loads more lets its caller get inside of its kernel. If the
    caller of this loop sleeps, there is somebody to wake, and nothing to look for.
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
    """Return whether each flag was found down once, in so many spins. One that rises later finds no span."""
    position = 0
    for _ in range(spins):
        while position < len(flags) and atomic_load(flags, position) == 0:
            position += FLAG
        if position >= len(flags):
            return True
    return False


def pop_or_none(things: collections.deque) -> object:
    """Return the first thing of a deque and take it out, or None."""
    try:
        return things.popleft()
    except IndexError:
        return None


class Loop:
    """A kernel, the spans that are left, and the flags of those who work on them."""

    def __init__(self, kernel: Callable, spans: list, arguments: tuple, helpers: int, spins: int):
        self.kernel, self.left, self.arguments = kernel, collections.deque(spans), arguments
        self.spins, self.process = spins, os.getpid()
        self.tickets = collections.deque(range(0, helpers * FLAG, FLAG))
        self.flags, self.caller_sleeps = np.zeros(helpers * FLAG, np.int64), np.zeros(1, np.int64)
        self.wakeups: SimpleQueue = SimpleQueue()
        self.failures: collections.deque = collections.deque()
        self.finished = False

    def run_spans(self) -> None:
        """Take spans and run them until none is left; after a failure none is."""
        try:
            while (span := pop_or_none(self.left)) is not None:
                self.kernel(*span, *self.arguments)
        except BaseException as error:  # the caller raises it
            self.failures.append(error)
            self.left.clear()

    def finish(self) -> None:
        """Drop the spans that are left, and return when nobody is at work; raise an interrupt then only.

        Until then the arrays that the caller gets back are written to.
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
        """Return when no flag is up, a while without sleeping."""
        if not all_flags_clear(self.flags, self.spins):
            self.caller_sleeps[0] = 1
            while not all_flags_clear(self.flags, 1):
                if os.getpid() != self.process:
                    self.failures.append(RuntimeError(FORKED))
                    return
                self.wakeups.get()


class WorkerThread:
    """A thread that works on the latest loop of its pool."""

    def __init__(self, pool: "ThreadPool"):
        self.pool, self.latest = pool, pool.latest
        self.wakeups, self.sleeping, self.stopping = SimpleQueue(), False, False
        self.thread = threading.Thread(target=self.work, name="tinycnn", daemon=True)
        self.thread.start()

    def work(self) -> None:
        """Help with each loop that comes, until shut down."""
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
        """Run spans of a loop, if a ticket is left; return whether it was."""
        ticket = None if loop is None else pop_or_none(loop.tickets)
        if ticket is None:
            return False
        flags, caller_sleeps, wakeups, spins = (
            loop.flags,
            loop.caller_sleeps,
            loop.wakeups,
            loop.spins,
        )
        flags[ticket] = 1
        try:
            loop.run_spans()
        finally:
            del loop  # its arrays are not to be held while this thread waits
            try:
                clear_flag_and_spin(flags, ticket, caller_sleeps, self.latest, seen, spins, BACKOFF)
            finally:
                flags[ticket] = 0  # even if there was no memory to call anything
                wakeups.put(None)
        return True

    def sleep(self, seen: int) -> None:
        """Return when there is another loop than the one that was seen."""
        self.sleeping = True
        while self.latest[0] == seen and not self.stopping:
            self.wakeups.get()
        self.sleeping = False

    def wake(self) -> None:
        """End the sleep, if it sleeps."""
        if self.sleeping:
            self.wakeups.put(None)

    def shutdown(self) -> None:
        """Let the thread end when it has nothing to do."""
        self.stopping = True
        self.wakeups.put(None)


def spans(length: int, parts: int, grain: int) -> list[tuple[int, int]]:
    """Return spans that cover `range(length)`: one for each part, then small ones where there is much to do.

    The small ones are for whoever is done first: CPUs are seldom equally fast, or equally idle.

    Args:
        length: how many indices there are.
        parts: how many threads share them.
        grain: the least number of indices worth a thread of their own.

    Example:
        >>> spans(10, 2, 3), spans(32, 2, 2)
        ([(0, 5), (5, 10)], [(0, 12), (12, 24), (24, 26), (26, 28), (28, 30), (30, 32)])
    """
    much = parts > 1 and length >= 4 * parts * max(1, grain)
    small = -(-length // (8 * parts)) if much else 0
    few = 2 * parts if much else 0
    large = length - few * small
    edges = [large * part // parts for part in range(parts + 1)]
    edges += range(large + small, length + 1, small) if much else ()
    return list(itertools.pairwise(edges))


class ThreadPool:
    """The threads of this process: made at the first use, and made anew in a forked child."""

    def __init__(self):
        self.count: int | None = None
        self.spins = SPINS
        self.reset_after_fork()

    def reset_after_fork(self) -> None:
        """Drop the threads: after a fork they exist only in the parent."""
        self.helpers: list[WorkerThread] = []
        self.loop: Loop | None = None
        self.latest, self.loop_numbers = np.zeros(1, np.int64), itertools.count(1)  # of loops

    def set_count(self, count: int) -> None:
        """Use `count` threads from the next kernel on; results stay the same to the last bit."""
        self.count = count
        # Threads without a CPU of their own would look for work in the way of those who have it.
        self.spins = SPINS if count <= count_cpus() else 0
        self.helpers, superfluous = self.helpers[: count - 1], self.helpers[count - 1 :]
        for helper in superfluous:
            helper.shutdown()

    def get_count(self) -> int:
        """Return how many threads share a loop."""
        if self.count is None:
            self.set_count(available_threads())
        return self.count

    def helpers_for(self, parts: int) -> list[WorkerThread]:
        """Return helpers for all parts but one; fewer where no more threads are to be had."""
        try:
            while len(self.helpers) < parts - 1:
                self.helpers.append(WorkerThread(self))
        except RuntimeError:  # too many threads, or the program is ending
            pass
        return self.helpers[: parts - 1]

    def submit(self, loop: Loop, helpers: list[WorkerThread]) -> None:
        """Let helpers find a loop; wake those who sleep."""
        self.loop = loop
        self.latest[0] = next(self.loop_numbers)
        for helper in helpers:
            helper.wake()

    def run(self, kernel: Callable, length: int, grain: int, *arguments: object) -> None:
        """Call `kernel(start, stop, *arguments)` on spans that cover `range(length)`, side by side.

        While the helpers have another thread's loop to work on, this one does all by itself.

        Args:
            kernel: a function whose every index owns what it writes.
            length: how many indices there are.
            grain: the least number of indices worth a thread of their own.
            arguments: passed on as they are.
        """
        parts = max(1, min(self.count or self.get_count(), length // max(1, grain)))
        current = self.loop
        free = current is None or not current.left
        helpers = self.helpers_for(parts) if parts > 1 and free else []
        if not helpers:
            kernel(0, length, *arguments)
            return
        shares = spans(length, len(helpers) + 1, grain)
        loop = Loop(kernel, shares, arguments, len(helpers), self.spins)
        try:
            try:
                self.submit(loop, helpers)
                loop.run_spans()
            finally:
                loop.finish()
        finally:
            loop.finish()  # an interrupt may have kept the first one from its work
            self.loop = None
        if loop.failures:
            raise loop.failures.popleft()


workers = ThreadPool()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=workers.reset_after_fork)
