"""Numbers that threads share without a lock."""

import threading

import numpy as np

from tinycnn.ops.kernels.codegen.jit import jit
from tinycnn.ops.kernels.parallel.atomics import atomic_add, atomic_load, atomic_store


@jit
def count(cells, times, seen):
    """Add 1 to cells[1] so many times, and note in `seen` what it was before each."""
    for step in range(times):
        seen[step] = atomic_add(cells, 1, 1)


@jit
def store_and_load(cells, value):
    """Store at index 2, and return what is there then."""
    atomic_store(cells, 2, value)
    return atomic_load(cells, 2)


def test_every_thread_gets_numbers_that_no_other_gets():
    cells, seen = np.zeros(3, np.int64), np.zeros((4, 20_000), np.int64)
    count(cells, 0, seen[0])
    threads = [threading.Thread(target=count, args=(cells, 20_000, row)) for row in seen]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cells.tolist() == [0, 80_000, 0]
    assert sorted(seen.ravel()) == list(range(80_000))


def test_one_element_is_changed_and_its_neighbours_are_not():
    cells = np.array([7, 8, 9, 10])
    assert store_and_load(cells, -5) == -5
    assert cells.tolist() == [7, 8, -5, 10]
