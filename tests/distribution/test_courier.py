"""The thread that adds gradients over all ranks, whatever comes when."""

import random

import numpy as np
import pytest

from tests.support.ranks import in_threads
from tinycnn.distribution.courier import Courier
from tinycnn.distribution.shards import tree_sum

SIZES = {"small": 3, "large": 5000, "middle": 70}


def array(rank, name, step):
    rng = np.random.default_rng([rank, len(name), step])
    return rng.standard_normal(SIZES[name]).astype(np.float32)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("size", [1, 2, 4, 8])
def test_sums_are_those_of_the_tree_step_after_step(size, seed):
    def steps(shared):
        courier, found = Courier(shared.link), []
        for step in range(5):
            for name in SIZES:
                courier.add(name, array(shared.rank, name, step))
            sums = courier.sums()
            found.append({name: sums[name].tobytes() for name in SIZES})
        return found

    def wanted(name, step):
        (one,) = tree_sum([array(rank, name, step)] for rank in range(size))
        return one.tobytes()

    tree = [{name: wanted(name, step) for name in SIZES} for step in range(5)]
    assert in_threads(size, steps, seed=seed) == [tree] * size


def test_of_those_that_wait_the_largest_sets_out_first():
    class Still:
        """A link on which nothing arrives."""

        rank, size = 0, 2

        def __init__(self):
            self.started = []

        def start(self, other, tag, send, receive):
            self.started.append(send.size)
            return lambda: False

    courier = Courier(Still())
    courier._tags = {name: tag for tag, name in enumerate(SIZES)}
    courier._waiting = {name: array(0, name, 0) for name in SIZES}
    courier._taken()
    assert courier.link.started == [5000 // 2, 70, 3]  # of a large one half


def test_an_error_in_the_thread_is_raised_where_the_sums_are_asked_for():
    class Broken:
        rank, size = 0, 2

        def start(self, other, tag, send, receive):
            raise OSError("no way")

    courier = Courier(Broken())
    courier.add("a", np.ones(3))
    with pytest.raises(RuntimeError, match="exchange between the ranks failed") as caught:
        courier.sums()
    assert "no way" in str(caught.value.__cause__)


def test_ranks_may_be_at_different_places():
    """One hands all over at once, another after pauses: the sums are the same."""

    def step(shared):
        courier, chance = Courier(shared.link), random.Random(shared.rank)
        for name in SIZES:
            for _ in range(chance.randrange(2000)):
                pass
            courier.add(name, array(shared.rank, name, 0))
        return {name: value.tobytes() for name, value in courier.sums().items()}

    first, *others = in_threads(4, step)
    assert all(other == first for other in others)
