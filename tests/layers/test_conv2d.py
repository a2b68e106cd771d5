"""The convolution layer: examples with their arithmetic, and the layout of its weights."""

import numpy as np

from tests.support.layer_calls import backward, built, forward
from tinycnn.layers import (
    Conv2D,
    Dense,
)

IMAGE = np.arange(1, 10, dtype=np.float32).reshape(1, 3, 3, 1)  # rows 1 2 3, 4 5 6, 7 8 9


def test_convolution_worked():
    kernel = np.reshape(
        [1, 0, 0, -1], (2, 2, 1, 1)
    )  # upper left minus lower right; not turned round
    y, _ = forward(Conv2D(1, 2), IMAGE, kernel, [100])
    wanted = [[1 - 5 + 100, 2 - 6 + 100], [4 - 8 + 100, 5 - 9 + 100]]
    np.testing.assert_array_equal(y[0, :, :, 0], wanted)
    dy = np.reshape([1, 2, 3, 4], (1, 2, 2, 1))
    dx, grads = backward(Conv2D(1, 2), IMAGE, dy, kernel, [100])
    np.testing.assert_array_equal(dx[0, :, :, 0], [[1, 2, 0], [3, 4 - 1, -2], [0, -3, -4]])
    first = 1 * 1 + 2 * 2 + 4 * 3 + 5 * 4  # the pixels that met the kernel's first number, times dy
    assert grads["kernel"][0, 0, 0, 0] == first
    np.testing.assert_array_equal(grads["bias"], [1 + 2 + 3 + 4])


def test_convolution_with_strides_and_same_padding_worked():
    y, _ = forward(Conv2D(1, 2, strides=2, padding="same"), IMAGE, np.ones((2, 2, 1, 1)), [0])
    # three pixels at steps of two: one zero is lacking, and it goes below and to the right
    np.testing.assert_array_equal(y[0, :, :, 0], [[1 + 2 + 4 + 5, 3 + 6], [7 + 8, 9]])


def test_convolution_sums_over_channels_worked():
    x = np.float32([[[[1, 10]]]])  # one pixel, two channels
    y, _ = forward(Conv2D(2, 1), x, [[[[1, 2], [3, 4]]]], [0, 0])
    np.testing.assert_array_equal(y, [[[[1 * 1 + 10 * 3, 1 * 2 + 10 * 4]]]])


def test_a_convolution_of_no_channels_gives_its_bias():
    y, _ = forward(Conv2D(2, 3), np.zeros((2, 4, 4, 0)), np.zeros((3, 3, 0, 2)), [7, 8])
    np.testing.assert_array_equal(y, np.broadcast_to(np.float32([7, 8]), (2, 2, 2, 2)))


def test_weights_have_the_layouts_of_keras():
    assert built(Conv2D(8, (3, 2)), (5, 5, 4)).params["kernel"].shape == (3, 2, 4, 8)
    assert built(Dense(7), (5,)).params["kernel"].shape == (5, 7)
    assert list(built(Dense(7), (5,)).params) == ["kernel", "bias"]
    assert list(built(Dense(7, use_bias=False), (5,)).params) == ["kernel"]
    assert built(Conv2D(8, (3, 2)), (5, 5, 4)).count_params() == 3 * 2 * 4 * 8 + 8
