"""Loops shared among a few threads: kernels release the GIL, so plain Python threads run them at once.

No threading layer of Numba's is used: its portable one ends the whole process when two Python threads
enter a parallel region together, and its OpenMP one does so after a fork.

To wake a sleeping thread takes about 0.1 ms, as long as many a kernel runs. So who waits looks again and
again for a moment, without the GIL, before going to sleep. A thread that wants the GIL while another has it
sleeps, too: so a helper begins when the other has let go of it, and says "done" without it.
"""

import collections
import itertools
import os
import platform
import threading
from collections.abc import Callable

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np import arrayobj

from tinycnn.kernels.compile import jit

LOOKS = 20_000  # before going to sleep: some tenths of a millisecond
MOMENT = 400  # looks: some microseconds
X86 = ("x86_64", "amd64")  # which have an instruction for a moment's rest


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


@intrinsic
def look_at(typing_context, numbers):
    """Read the first number from memory, whatever the compiler thinks that it holds, after a pause."""

    def codegen(context, builder, signature, arguments):
        if platform.machine().lower() in X86:
            kind, name = ir.FunctionType(ir.VoidType(), []), "llvm.x86.sse2.pause"
            builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [])
        kind = signature.args[0]
        data = arrayobj.make_array(kind)(context, builder, arguments[0]).data
        return builder.load_atomic(data, "acquire", 8, typ=ir.IntType(64))

    return types.int64(numbers), codegen


@jit
def lift_and_look(lifted, asleep, numbers, wanted, looks, moment):
    """Raise `lifted`, of one number or none, by one; return whether `numbers` became `wanted` meanwhile.

    Both threads take the GIL before they look at anything else, which puts all they wrote in order. If the
    other one is about to let go of it, a moment of so many looks more saves a sleep. If `asleep`, of one
    number or none, is set, there is somebody to wake, and nothing to look for.
    """
    for position in range(len(lifted)):
        lifted[position] += 1
    for _ in range(looks):
        for _ in range(len(asleep)):
            if look_at(asleep) > 0:
                return False
        if look_at(numbers) >= wanted:
            for _ in range(moment):
                look_at(numbers)
            return True
    return False


class Signal:
    """A count that one thread raises and one other waits for."""

    def __init__(self):
        self.count = np.zeros(1, np.int64)
        self.asleep = np.zeros(1, np.int64)
        self.bed = threading.Lock()
        self.bed.acquire()

    def lift(self) -> None:
        """Count one more, and wake the thread that waits if it sleeps."""
        self.count[0] += 1
        self.wake()

    def wake(self) -> None:
        """Wake the thread that waits, if it sleeps."""
        if self.asleep[0] and self.bed.locked():
            self.bed.release()

    def wait(self, wanted: int, moment: int) -> None:
        """Return when the count is `wanted` or more, and a moment of so many looks is over."""
        nothing = self.count[:0]
        if lift_and_look(nothing, nothing, self.count, wanted, LOOKS, moment):
            return
        # Whoever lifts counts first and looks at `asleep` then; here it is the other way round.
        self.asleep[0] = 1
        while self.count[0] < wanted:
            self.bed.acquire()
        self.asleep[0] = 0


class Helper:
    """A thread that runs what it is given, one thing after the other.

    It waits a moment until the one who gave is inside of its own kernel, and has let go of the GIL.
    """

    def __init__(self):
        self.tasks, self.failures = collections.deque(), collections.deque()
        self.given, self.done = Signal(), Signal()
        threading.Thread(target=self.work, name="tinycnn", daemon=True).start()

    def work(self) -> None:
        """Run tasks until one of them is None."""
        self.given.wait(1, MOMENT)
        for number in itertools.count(2):
            function, arguments = self.tasks.popleft()
            if function is None:
                return
            try:
                function(*arguments)
            except BaseException as error:  # it is raised where the task came from
                self.failures.append(error)
            function = arguments = None  # arrays are not to be held until the next task
            self.report_and_wait(number)

    def report_and_wait(self, number: int) -> None:
        """Say that a task is done, and wait for the next, a while without sleeping."""
        done = self.done.count, self.done.asleep
        if not lift_and_look(*done, self.given.count, number, LOOKS, MOMENT):
            self.done.wake()
            self.given.wait(number, MOMENT)

    def give(self, function: Callable | None, *arguments: object) -> None:
        """Let the thread call `function(*arguments)`; None ends it."""
        self.tasks.append((function, arguments))
        self.given.lift()

    def finish(self) -> None:
        """Wait until all is done, whatever interrupts come meanwhile; raise one, or what a task raised."""
        interrupt = None
        # Until then the arrays that the caller gets back are written to.
        while self.done.count[0] < self.given.count[0]:
            try:
                self.given.wake()
                self.done.wait(self.given.count[0], 0)
            except BaseException as error:
                interrupt = error
        if interrupt is not None:
            raise interrupt
        if self.failures:
            failure = self.failures.popleft()
            self.failures.clear()
            raise failure

    def leave(self) -> None:
        """Let the thread end, whatever was half given to it."""
        self.tasks.clear()
        self.give(None)


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


def take_spans(span: tuple, left: collections.deque, kernel: Callable, arguments: tuple) -> None:
    """Call a kernel on a span, then on others as long as some are left."""
    while span is not None:
        kernel(*span, *arguments)
        try:
            span = left.popleft()
        except IndexError:
            span = None


def finish_all(helpers: list[Helper]) -> None:
    """Wait for all helpers; raise the first error of theirs."""
    errors = []
    for helper in helpers:
        try:
            helper.finish()
        except BaseException as error:
            errors.append(error)
    if errors:
        raise errors[0]


class Workers:
    """The threads of this process: made at the first use, and made anew in a forked child."""

    def __init__(self):
        self.count: int | None = None
        self.forget()

    def set_count(self, count: int) -> None:
        """Use `count` threads from the next kernel on; results stay the same to the last bit."""
        self.count = count

    def forget(self) -> None:
        """Drop the threads: after a fork they exist only in the parent."""
        self.helpers: list[Helper] = []
        self.free = threading.Lock()

    def get_count(self) -> int:
        """Return how many threads share a loop."""
        if self.count is None:
            self.count = available_threads()
        return self.count

    def helpers_for(self, parts: int) -> list[Helper]:
        """Return helpers for all parts but one; fewer where no more threads are to be had."""
        try:
            while len(self.helpers) < parts - 1:
                self.helpers.append(Helper())
        except RuntimeError:  # too many threads, or the program is ending
            pass
        return self.helpers[: parts - 1]

    def run(self, kernel: Callable, length: int, grain: int, *arguments: object) -> None:
        """Call `kernel(start, stop, *arguments)` on spans that cover `range(length)`, side by side.

        While another thread uses the helpers, this one does all by itself.

        Args:
            kernel: a function whose every index owns what it writes.
            length: how many indices there are.
            grain: the least number of indices worth a thread of their own.
            arguments: passed on as they are.
        """
        parts = max(1, min(self.get_count(), length // max(1, grain)))
        free = self.free
        if parts == 1 or not free.acquire(blocking=False):
            kernel(0, length, *arguments)
            return
        try:
            helpers = self.helpers_for(parts)
            left = collections.deque(spans(length, len(helpers) + 1, grain))
            first = left.popleft()
            try:
                for helper in helpers:
                    helper.give(take_spans, left.popleft(), left, kernel, arguments)
                take_spans(first, left, kernel, arguments)
            finally:
                left.clear()
                finish_all(helpers)
        except BaseException:
            # An interrupt may have left a task half given.
            abandoned, self.helpers = self.helpers, []
            for helper in abandoned:
                helper.leave()
            raise
        finally:
            free.release()


workers = Workers()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=workers.forget)
