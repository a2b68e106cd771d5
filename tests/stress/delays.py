"""Delays wherever threads hand something over: what goes well only in the usual order then fails."""

import contextlib
import pathlib
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator

PAUSES = (0, 0, 0, 1e-6, 1e-5, 1e-4, 1e-3)


def until(condition: Callable[[], bool]) -> None:
    """Return when the condition holds; who waits for ever has found an error."""
    while not condition():
        time.sleep(0)


def pause(dice: random.Random, chance: float) -> None:
    """Let others go on, sometimes, for a moment."""
    if dice.random() < chance:
        time.sleep(dice.choice(PAUSES))


@contextlib.contextmanager
def delay_every_line(file: str, seed: int, chance: float = 0.05) -> Iterator[None]:
    """Pause before lines of one file chosen at random, in this thread and in those that start meanwhile."""
    name = str(pathlib.Path(file))

    def trace_with(dice):
        def trace(frame, event, argument):
            if frame.f_code.co_filename != name:
                return None
            pause(dice, chance)
            return trace

        return trace

    def begin(frame, event, argument):
        trace = trace_with(random.Random(f"{seed} {threading.current_thread().name}"))
        sys.settrace(trace)
        return trace(frame, event, argument)

    before = sys.gettrace(), threading.gettrace()
    threading.settrace(begin)
    sys.settrace(trace_with(random.Random(seed)))
    try:
        yield
    finally:
        sys.settrace(before[0])
        threading.settrace(before[1])
