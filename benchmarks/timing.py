"""Timing in turns: A B C, A B C, ... so that a slow minute of the machine is slow for everybody."""

import contextlib
import dataclasses
import gc
import itertools
import math
import statistics
import time
from collections.abc import Callable

# Threads of OpenBLAS look for more work for a tenth of a second before they sleep; whoever has the next turn
# would share the CPUs with them.
REST = 0.2  # seconds


@dataclasses.dataclass(frozen=True)
class Work:
    """What one contender does over and over.

    Args:
        run: `run(count)` does it `count` times.
        limit: the largest count there is work for.
        prepare: brings everything back to the beginning; not timed.
    """

    run: Callable[[int], object]
    limit: int = 10**6
    prepare: Callable[[], object] | None = None


@dataclasses.dataclass(frozen=True)
class Summary:
    """The median of some numbers, and the quartiles round it."""

    median: float
    low: float
    high: float

    def __format__(self, spec):
        return f"{self.median:{spec}} [{self.low:{spec}}, {self.high:{spec}}]"


def summary(values):
    """Return median and quartiles; of a single number they are that number."""
    if len(values) < 2:
        return Summary(*values * 3)
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return Summary(middle, low, high)


@contextlib.contextmanager
def settled_memory():
    """Let the collections before each turn look only at what is new: all else takes them 0.3 s."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def seconds(work, count):
    """Return seconds for one turn of the work, over `count` of them, with Python's collector kept out."""
    gc.collect()
    gc.disable()
    try:
        start = time.perf_counter()
        work.run(count)
        return (time.perf_counter() - start) / count
    finally:
        gc.enable()


def settled(work, count):
    """Return `seconds`, with other threads asleep, the work at its beginning, and its data in the caches."""
    time.sleep(REST)
    if work.prepare is not None:
        work.prepare()
    work.run(1)
    return seconds(work, count)


def count_for(work, block):
    """Return how often the work fits into `block` seconds, from 1; the first calls warm it up."""
    if work.prepare is not None:
        work.prepare()
    work.run(1)
    count = 1
    while True:
        elapsed = count * seconds(work, count)
        if elapsed >= block / 2 or count >= work.limit:
            return max(1, min(work.limit, math.ceil(count * block / max(elapsed, 1e-9))))
        count = min(work.limit, 2 * count)


def fastest(ways, block):
    """Return the name of the fastest of a contender's ways of doing its work: the best of two turns."""
    if len(ways) == 1:
        return next(iter(ways))
    counts = {name: count_for(way, block / 3) for name, way in ways.items()}
    best = dict.fromkeys(ways, math.inf)
    for _ in range(2):
        for name, way in ways.items():
            best[name] = min(best[name], settled(way, counts[name]))
    return min(best, key=best.get)


def alternate(works, rounds, block, seldom=()):
    """Time all works in turns.

    Args:
        works: `Work` by name.
        rounds: how often each has its turn.
        block: seconds that a turn should last.
        seldom: names that have their turn only in every third round, because they take long.

    Returns:
        For each name the seconds of one piece of work, one number a round.
    """
    counts = {name: count_for(work, block) for name, work in works.items()}
    rounds_of = {name: [] for name in works}
    for turn, (name, work) in itertools.product(range(rounds), works.items()):
        if name not in seldom or turn % 3 == 0:
            rounds_of[name].append(settled(work, counts[name]))
    return rounds_of


def ratios(values, others):
    """Return the ratio of two lists, round by round.

    Example:
        >>> ratios([2.0, 9.0], [1.0, 3.0])
        [2.0, 3.0]
    """
    return [number / other for number, other in zip(values, others, strict=True)]
