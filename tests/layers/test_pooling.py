"""The pooling layers: examples with their arithmetic."""

import numpy as np

from tests.support.layer_calls import backward, forward
from tinycnn.layers import (
    AveragePooling2D,
    MaxPooling2D,
)

IMAGE = np.arange(1, 10, dtype=np.float32).reshape(1, 3, 3, 1)  # rows 1 2 3, 4 5 6, 7 8 9


def test_max_pooling_worked():
    y, _ = forward(MaxPooling2D(2, strides=1), IMAGE)
    np.testing.assert_array_equal(y[0, :, :, 0], [[5, 6], [8, 9]])
    dy = np.reshape([1, 2, 3, 4], (1, 2, 2, 1))
    dx, _ = backward(MaxPooling2D(2, strides=1), IMAGE, dy)
    np.testing.assert_array_equal(dx[0, :, :, 0], [[0, 0, 0], [0, 1, 2], [0, 3, 4]])


def test_average_pooling_worked():
    y, _ = forward(AveragePooling2D(2, strides=1), IMAGE)
    wanted = [[(1 + 2 + 4 + 5) / 4, (2 + 3 + 5 + 6) / 4], [(4 + 5 + 7 + 8) / 4, 7]]
    np.testing.assert_array_equal(y[0, :, :, 0], wanted)
    dx, _ = backward(AveragePooling2D(2, strides=1), IMAGE, np.full((1, 2, 2, 1), 4))
    np.testing.assert_array_equal(dx[0, :, :, 0], [[1, 2, 1], [2, 4, 2], [1, 2, 1]])


def test_average_pooling_counts_only_real_pixels_worked():
    y, _ = forward(AveragePooling2D(2, padding="same"), IMAGE)
    wanted = [[(1 + 2 + 4 + 5) / 4, (3 + 6) / 2], [(7 + 8) / 2, 9 / 1]]
    np.testing.assert_array_equal(y[0, :, :, 0], wanted)


def test_max_pooling_never_takes_the_padding_worked():
    y, _ = forward(MaxPooling2D(2, padding="same"), -IMAGE)
    np.testing.assert_array_equal(y[0, :, :, 0], [[-1, -3], [-7, -9]])
