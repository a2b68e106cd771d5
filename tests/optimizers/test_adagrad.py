"""Adagrad: two steps by hand, and what the sums begin with."""

import numpy as np
import pytest

from tinycnn.optimizers import Adagrad


def test_steps_shrink_with_the_sum_of_squares():
    x, optimizer = np.array([0.0]), Adagrad(1.0, initial_accumulator_value=0.0, epsilon=1e-30)
    optimizer.apply([np.array([3.0])], [x])
    optimizer.apply([np.array([4.0])], [x])
    np.testing.assert_allclose(x, [-3 / 3 - 4 / 5])


def test_sums_begin_with_the_initial_value_but_averages_do_not():
    optimizer = Adagrad(initial_accumulator_value=0.5, use_ema=True)
    optimizer.build([np.ones(2, np.float32)])
    np.testing.assert_array_equal(optimizer.slots["accumulator"], [np.full(2, 0.5)])
    np.testing.assert_array_equal(optimizer.slots["average"], [np.zeros(2)])
    assert optimizer.slots["accumulator"][0].dtype == np.float32
    with pytest.raises(ValueError, match="initial_accumulator_value=-1"):
        Adagrad(initial_accumulator_value=-1)
