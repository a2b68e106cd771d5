"""The dense layer: examples with their arithmetic."""

import numpy as np

from tests.support.layer_calls import backward, forward
from tinycnn.layers import (
    Dense,
)


def test_dense_worked():
    kernel, bias = [[1, 2, 3], [4, 5, 6]], [10, 20, 30]
    y, _ = forward(Dense(3), [[1, -1]], kernel, bias)
    np.testing.assert_array_equal(y, [[1 - 4 + 10, 2 - 5 + 20, 3 - 6 + 30]])
    dx, grads = backward(Dense(3), [[1, -1]], [[1, 0, 2]], kernel, bias)
    np.testing.assert_array_equal(dx, [[1 * 1 + 3 * 2, 4 * 1 + 6 * 2]])
    np.testing.assert_array_equal(
        grads["kernel"], [[1, 0, 2], [-1, 0, -2]]
    )  # x transposed times dy
    np.testing.assert_array_equal(grads["bias"], [1, 0, 2])


def test_dense_with_an_activation_worked():
    layer, kernel = Dense(2, activation="relu"), [[1, -1], [2, -2]]
    np.testing.assert_array_equal(forward(layer, [[1, 1]], kernel, [0, 0])[0], [[3, 0]])
    dx, grads = backward(layer, [[1, 1]], [[10, 10]], kernel, [0, 0])
    np.testing.assert_array_equal(dx, [[10 * 1, 10 * 2]])  # nothing through the unit that is off
    np.testing.assert_array_equal(grads["kernel"], [[10, 0], [10, 0]])


def test_dense_works_on_the_last_axis():
    x = np.arange(12).reshape(2, 2, 3)
    y, _ = forward(Dense(1), x, [[1], [0], [2]], [0])
    np.testing.assert_array_equal(y[..., 0], x[..., 0] + 2 * x[..., 2])
