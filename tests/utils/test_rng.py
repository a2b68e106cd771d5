"""The one default generator: a seed repeats everything that comes from it."""

import re

import numpy as np
import pytest

from tinycnn import utils
from tinycnn.utils.rng import current_seed, rng_at


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, None, "1", True])
def test_a_seed_that_is_none(seed):
    with pytest.raises(ValueError, match=re.escape(f"seed={seed!r}")):
        utils.set_random_seed(seed)


def test_a_seed_repeats_the_generators_of_numpy_and_python_too():
    import random

    def draw():
        utils.set_random_seed(5)
        return random.random(), np.random.random()  # noqa: NPY002

    assert draw() == draw()


def test_numbers_at_a_place_follow_from_the_place_alone():
    def drawn(*place):
        return rng_at(*place).integers(2**63, size=4).tolist()

    places = [
        (0, "order", 1),
        (0, "order", 2),
        (0, "masks", 1),
        (1, "order", 1),
        (2**64 - 1, "order"),
    ]
    places += [(0, "order", 1, 1), (0, "order", 0, 1), (0, "order", 0, 0, 1)]
    first = [drawn(*place) for place in places]
    assert [drawn(*place) for place in reversed(places)] == first[::-1]
    assert len({number for numbers in first for number in numbers}) == 4 * len(places)


def test_the_seed_of_trainings_is_the_last_one_that_was_set():
    utils.set_random_seed(7)
    np.random.default_rng(0).random()
    utils.next_rng()
    assert current_seed() == 7
