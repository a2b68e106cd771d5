"""The flatten layer: an example."""

import numpy as np

from tests.support.layer_calls import backward, forward
from tinycnn.layers import (
    Flatten,
)


def test_flatten_worked():
    x = np.arange(12).reshape(2, 1, 2, 3)
    y, _ = forward(Flatten(), x)
    np.testing.assert_array_equal(y, [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]])
    dx, grads = backward(Flatten(), x, y)
    np.testing.assert_array_equal(dx, x)
    assert grads == {}
