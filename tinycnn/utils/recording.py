"""Recording what a computation does with arrays, so that it can be repeated without its Python.

While a `Recorder` is active in a thread, every kernel that runs (`ThreadPool.run`) and every function called
through `recorded` is written down with its very arrays. `ops/kernels/parallel/program.py` repeats that.
"""

import contextlib
import dataclasses
import functools
import math
import threading
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np


class Launch(NamedTuple):
    """A kernel that ran: see `ThreadPool.run`."""

    kernel: Callable
    length: int
    grain: int
    arguments: tuple
    named: dict


class Call(NamedTuple):
    """A function that was called, and what it returned: arrays, tuples of these, or None."""

    function: Callable
    arguments: tuple
    named: dict
    result: Any

    def repeat(self) -> None:
        """Call the function again and copy what it returns into the arrays of the first time."""
        result = self.function(*self.arguments, **self.named)
        if result is self.result:  # None, or an array that was kept
            return
        if isinstance(result, np.ndarray):
            self.result[...] = result
        else:
            for old, new in zip(arrays_in(self.result), arrays_in(result), strict=True):
                old[...] = new


class Recorder:
    """What one thread did while it was active: `entries`, launches and calls in their order.

    Args:
        most_bytes: of all arrays together. With more `entries` becomes [], and `complete` False, so that
            arrays that nobody else needs are not held.
    """

    def __init__(self, most_bytes: float = math.inf):
        self.entries: list[Launch | Call] = []
        self.most_bytes, self.complete = most_bytes, True
        self._sizes: dict[int, int] = {}  # of each array's memory, by the id of whose it is

    def add(self, entry: Launch | Call) -> None:
        """Write down what ran."""
        if self.complete:
            self.entries.append(entry)
            self._sizes.update((id(root), root.nbytes) for root in map(root_of, arrays_in(entry)))
            if sum(self._sizes.values()) > self.most_bytes:
                self.entries, self.complete = [], False

    def active(self) -> contextlib.AbstractContextManager:
        """Record what this thread does in the block."""
        return _recording_with(self)


_thread = threading.local()


def recorder() -> Recorder | None:
    """Return the recorder that is active in this thread, or None."""
    return getattr(_thread, "recorder", None)


@contextlib.contextmanager
def _recording_with(active: Recorder | None) -> Iterator[Recorder | None]:
    """Let this recorder, or none, be active in this thread for the block."""
    before, _thread.recorder = recorder(), active
    try:
        yield active
    finally:
        _thread.recorder = before


def recorded(function: Callable, *arguments: Any, **named: Any) -> Any:
    """Return `function(*arguments, **named)`; if this thread records, the call is written down.

    For what stands between kernels: NumPy's functions, and loops that are not shared among threads.

    Args:
        function: its result follows from the arguments alone; arrays of the same shapes each time. It
            changes no argument: one that returns an argument as it is is not written down.

    Example:
        >>> with Recorder().active() as active:
        ...     x = np.ones(2)
        ...     total = recorded(np.sum, x, keepdims=True)
        >>> x[:] = 3
        >>> active.entries[0].repeat()
        >>> total.tolist()
        [6.0]
    """
    active = getattr(_thread, "recorder", None)
    if active is None:
        return function(*arguments, **named)
    with _recording_with(None):  # kernels inside run again with the whole call
        result = function(*arguments, **named)
    if not any(result is argument for argument in arguments):  # it did something
        active.add(Call(function, arguments, named, result))
    return result


@dataclasses.dataclass(frozen=True)
class Recordable:
    """A function each call of which goes through `recorded`; a copy of it is equal.

    Args:
        function: what is called.
    """

    function: Callable

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Return what the function returns."""
        return recorded(self.function, *arguments, **named)


def recordable(function: Callable) -> Callable:
    """Decorate a function so that each call goes through `recorded`."""

    @functools.wraps(function)
    def calling(*arguments: Any, **named: Any) -> Any:
        return recorded(function, *arguments, **named)

    return calling


def root_of(array: np.ndarray) -> np.ndarray:
    """Return the array whose memory this one is a view of, or itself."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def arrays_in(value: Any) -> list[np.ndarray]:
    """Return the arrays in a value, itself or in tuples, lists and dicts; all else is left out."""
    if isinstance(value, np.ndarray):
        return [value]
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, tuple | list):
        return [array for item in value for array in arrays_in(item)]
    return []
