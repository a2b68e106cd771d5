"""Adadelta: two steps by hand."""

import numpy as np

from tinycnn.optimizers import Adadelta


def test_the_first_step_goes_by_epsilon_and_the_next_by_the_steps_before():
    x, optimizer = np.array([0.0]), Adadelta(rho=0.5, epsilon=0.5)
    optimizer.apply([np.array([1.0])], [x])
    first = -np.sqrt(0.5) / np.sqrt(0.5 + 0.5)
    np.testing.assert_allclose(x, [first])
    optimizer.apply([np.array([1.0])], [x])
    second = -np.sqrt(0.5 * first**2 + 0.5) / np.sqrt(0.75 + 0.5)
    np.testing.assert_allclose(x, [first + second])
