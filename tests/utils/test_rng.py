"""The one default generator: a seed repeats everything that comes from it."""

import re

import numpy as np
import pytest

from tinycnn import utils


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
