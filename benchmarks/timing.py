"""Timing several works in turns, A B C, A B C, ..., so that a slow minute slows all of them.

A turn runs a work so often that it lasts about `block` seconds.
"""

import contextlib
import dataclasses
import gc
import itertools
import math
import statistics
import time
from collections.abc import Callable

# Pause before each turn, in seconds. After a product the threads of OpenBLAS keep the CPUs busy for a tenth
# of a second, waiting for more work, which would slow the next turn.
REST = 0.2


@dataclasses.dataclass(frozen=True)
class Work:
    """Something to be timed.

    Args:
        run: `run(count)` does it `count` times.
        limit: the largest count that `run` can take.
        prepare: called before each turn, not timed, to restore the same start; None: nothing to do.
    """

    run: Callable[[int], object]
    limit: int = 10**6
    prepare: Callable[[], object] | None = None


@dataclasses.dataclass(frozen=True)
class Summary:
    """Median, lower quartile and upper quartile of some numbers."""

    median: float
    low: float
    high: float

    def __format__(self, spec):
        return f"{self.median:{spec}} [{self.low:{spec}}, {self.high:{spec}}]"


def summary(values):
    """Return the `Summary` of a list of numbers; of a single number all three are that number."""
    if len(values) < 2:
        return Summary(*values * 3)
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return Summary(middle, low, high)


@contextlib.contextmanager
def settled_memory():
    """Within this context, garbage collection skips all objects that exist now, which would take it 0.3 s."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def seconds(work, count):
    """Run the work `count` times, without garbage collection; return the seconds of one."""
    gc.collect()
    gc.disable()
    try:
        start = time.perf_counter()
        work.run(count)
        return (time.perf_counter() - start) / count
    finally:
        gc.enable()


def settled(work, count):
    """Return `seconds(work, count)` after a pause, `work.prepare` and one run to warm the caches."""
    time.sleep(REST)
    if work.prepare is not None:
        work.prepare()
    work.run(1)
    return seconds(work, count)


def count_for(work, block):
    """Return how often the work can run in `block` seconds, from 1 to `work.limit`, by trying it out."""
    if work.prepare is not None:
        work.prepare()
    work.run(1)
    count = 1
    while True:
        elapsed = count * seconds(work, count)
        # Long enough to extrapolate from
        if elapsed >= block / 2 or count >= work.limit:
            return max(1, min(work.limit, math.ceil(count * block / max(elapsed, 1e-9))))
        count = min(work.limit, 2 * count)


def fastest(ways, block):
    """Return the name of the fastest way, by the better of two turns each.

    Args:
        ways: {name: Work}, all doing the same.
        block: three times the seconds that a turn lasts.
    """
    if len(ways) == 1:
        return next(iter(ways))
    counts = {name: count_for(way, block / 3) for name, way in ways.items()}
    best = dict.fromkeys(ways, math.inf)
    for _ in range(2):
        for name, way in ways.items():
            best[name] = min(best[name], settled(way, counts[name]))
    return min(best, key=best.get)


def alternate(works, rounds, block, seldom=()):
    """Return the times of all works, measured in turns.

    Args:
        works: {name: Work}.
        rounds: how many turns each has.
        block: seconds that a turn should last.
        seldom: names that have a turn only in every third round, because they take long.

    Returns:
        {name: [seconds of one run of the work, for each of its turns]}.
    """
    counts = {name: count_for(work, block) for name, work in works.items()}
    rounds_of = {name: [] for name in works}
    for turn, (name, work) in itertools.product(range(rounds), works.items()):
        if name not in seldom or turn % 3 == 0:
            rounds_of[name].append(settled(work, counts[name]))
    return rounds_of


def ratios(values, others):
    """Return values[i] / others[i] for all i.

    Example:
        >>> ratios([2.0, 9.0], [1.0, 3.0])
        [2.0, 3.0]
    """
    return [number / other for number, other in zip(values, others, strict=True)]
