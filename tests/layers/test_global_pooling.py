"""Global pooling: an example with its arithmetic."""

import numpy as np

from tests.support.layer_calls import backward, forward
from tinycnn.layers import GlobalAveragePooling2D, GlobalMaxPooling2D
from tinycnn.layers.global_pooling import argmax_of

X = [[[[1, 8], [3, 2]], [[5, 0], [7, 2]]]]  # (1, 2, 2, 2)


def test_the_mean_of_each_channel():
    np.testing.assert_array_equal(forward(GlobalAveragePooling2D(), X)[0], [[4, 3]])
    dx, _ = backward(GlobalAveragePooling2D(), X, [[4, 8]])
    np.testing.assert_array_equal(dx, np.broadcast_to([1, 2], (1, 2, 2, 2)))


def test_the_maximum_of_each_channel():
    np.testing.assert_array_equal(forward(GlobalMaxPooling2D(), X)[0], [[7, 8]])
    dx, _ = backward(GlobalMaxPooling2D(keepdims=True), X, [[[[4, 5]]]])
    np.testing.assert_array_equal(dx, [[[[0, 5], [0, 0]], [[0, 0], [4, 0]]]])
    assert argmax_of(np.array([[0, 2], [2, 1]])) == (0, 1)
