"""Gradient descent: steps by hand, and what it keeps."""

import numpy as np

from tinycnn.optimizers import SGD


def test_without_momentum_nothing_is_kept():
    x, optimizer = np.array([1.0]), SGD(0.25)
    for _ in range(2):
        optimizer.apply([np.array([2.0])], [x])
    assert x == 0.0
    assert optimizer.slots == {}


def test_momentum_goes_on_where_the_gradient_ends():
    x, optimizer = np.array([0.0]), SGD(0.5, momentum=0.5)
    for grad in (-2.0, 0.0, 0.0):
        optimizer.apply([np.array([grad])], [x])
    assert x == 1 + 0.5 + 0.25
    np.testing.assert_array_equal(optimizer.slots["momentum"], [[0.25]])
