"""Whether the machine has nothing else to do: otherwise times mean little."""

import os

from benchmarks import machine
from benchmarks.timing import alternate, settled_memory, summary

MOST_LOAD = 0.5  # processes that may have been running on average in the last minute
MOST_DIFFERENCE = 0.05  # between two equal runs
ROUNDS, BLOCK = 7, 0.2  # turns of each run, and seconds that a turn lasts


def load():
    """Return how many processes were running on average in the last minute; None if nobody tells."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def difference():
    """Return how far the medians of two equal runs are apart, the larger divided by the smaller, minus 1.

    Timed is a matrix product by all threads, in turns with itself.
    """
    work, _ = machine.sgemm_works()[machine.SIZES[0]]
    with settled_memory():
        runs = alternate({"one": work, "other": work}, ROUNDS, BLOCK)
    medians = [summary(values).median for values in runs.values()]
    return max(medians) / min(medians) - 1


def complaints():
    """Return what speaks against a quiet machine, a list of texts; empty if nothing does."""
    found, busy = [], load()
    if busy is not None and busy > MOST_LOAD:
        found.append(f"load {busy:.1f}, more than {MOST_LOAD}")
    apart = difference()
    if not apart <= MOST_DIFFERENCE:
        found.append(f"two equal runs differ by {apart:.0%}, more than {MOST_DIFFERENCE:.0%}")
    return found


def check(noisy):
    """Return a line for the report about how quiet the machine is.

    Args:
        noisy: True to go on all the same; the line says so.

    Raises:
        ValueError: if the machine is busy and `noisy` is False.
    """
    found = complaints()
    if not found:
        apart = f"equal runs within {MOST_DIFFERENCE:.0%}"
        return f"The machine was quiet before the start: load up to {MOST_LOAD}, {apart}."
    if not noisy:
        wait = "Wait until nothing else runs, or measure all the same with --noisy"
        raise ValueError(f"the machine is busy: {'; '.join(found)}. {wait}.")
    return f"A NOISY MACHINE, these numbers mean little: {'; '.join(found)}."
