"""The checks before neighbours run as one kernel: what does not fit is named, whatever is right passes."""

import numpy as np
import pytest

from tinycnn.ops import fused, reference
from tinycnn.utils.geometry import FusedConvolution

IMAGES, KERNEL, BIAS, GRADIENT = (
    np.ones(shape, np.float32) for shape in ((2, 9, 9, 1), (3, 3, 1, 6), (6,), (2, 7, 7, 6))
)
NONE = ((0, 0), (0, 0))


def test_a_convolution_with_relu_there_and_back():
    plain = FusedConvolution((1, 1), NONE)
    y = fused.conv2d_relu_forward(IMAGES, KERNEL, BIAS, plain)
    assert (y == 10).all()
    assert not fused.conv2d_relu_forward(IMAGES, -KERNEL, BIAS, plain).any()
    back = GRADIENT, y, IMAGES, KERNEL, plain
    actual = fused.conv2d_relu_backward(*back, True)
    for one, other in zip(actual, reference.conv2d_relu_backward(*back, True), strict=True):
        np.testing.assert_array_equal(one, other)
    assert fused.conv2d_relu_backward(*back, False)[0] is None


def test_a_convolution_with_relu_names_what_is_wrong():
    good = GRADIENT, GRADIENT, IMAGES, KERNEL, FusedConvolution((1, 1), NONE), True
    for place, bad, message in (
        (0, GRADIENT[:, :-1], "dy must have the shape"),
        (1, GRADIENT.astype(float), "y must be an array of float32"),
        (2, IMAGES[0], "x must have the shape"),
        (3, KERNEL[:, :, :0], "kernel must have the shape"),
        (4, ((1, 1), NONE), "fused must be a FusedConvolution"),
        (5, 1.5, "input_gradient"),
    ):
        with pytest.raises(ValueError, match=message):
            fused.conv2d_relu_backward(*good[:place], bad, *good[place + 1 :])


@pytest.mark.parametrize("pool", [(2, 2), [2, 2], np.array([2, 2], np.int8)])
def test_pools_of_any_kind_of_whole_numbers(pool):
    pooling = FusedConvolution((1, 1), NONE, pool)
    y, argmax = fused.conv2d_relu_max_pool2d_forward(IMAGES, KERNEL, BIAS, pooling)
    assert (y == 10).all()
    actual = fused.conv2d_relu_max_pool2d_backward(y, y, argmax, IMAGES, KERNEL, pooling, 0.0, True)
    assert all(one.any() for one in actual)
    y, a = fused.conv2d_average_pool2d_forward(IMAGES, KERNEL, BIAS, pooling)
    assert (y == 10).all()
    back = fused.conv2d_average_pool2d_backward(y, a, IMAGES, KERNEL, pooling, True)
    assert all(one.any() for one in back)


def test_pools_that_do_not_fit():
    pooling = FusedConvolution((1, 1), NONE, (8, 8))
    back = GRADIENT[:, :0, :0], GRADIENT, IMAGES, KERNEL, pooling, True
    with pytest.raises(ValueError, match="does not fit"):
        fused.conv2d_average_pool2d_backward(*back)
    with pytest.raises(ValueError, match="pool must be two whole numbers"):
        FusedConvolution((1, 1), NONE, (2.0, 2.0))


def test_a_convolution_with_means_names_what_is_wrong():
    x, kernel, bias = IMAGES, KERNEL, BIAS
    good = x, kernel, bias, FusedConvolution((1, 1), NONE, (2, 2), "tanh")
    y, a = fused.conv2d_average_pool2d_forward(*good)
    for place, bad, message in (
        (0, x[0], "x must have the shape"),
        (0, x.astype(int), "x must be an array of float32 or float64"),
        (1, kernel[:, :, :0], "kernel must have the shape"),
        (1, kernel.astype(float), "kernel must be an array of float32"),
        (2, bias[:-1], "bias must have the shape"),
        (3, FusedConvolution((1, 1), NONE, (2, 100)), "does not fit"),
    ):
        with pytest.raises(ValueError, match=message):
            fused.conv2d_average_pool2d_forward(*good[:place], bad, *good[place + 1 :])
    with pytest.raises(ValueError, match="activation must be one of"):
        FusedConvolution((1, 1), NONE, (2, 2), "softmax")
    back = x, kernel, good[3], True
    for dy, other in ((y[:, :-1], a), (y.astype(float), a), (y, a[..., :-1]), (y, a[0])):
        with pytest.raises(ValueError, match="must"):
            fused.conv2d_average_pool2d_backward(dy, other, *back)


def test_a_window_has_no_more_numbers_than_a_byte_can_count():
    x = np.ones((1, 19, 19, 1), np.float32)
    good, bad = (FusedConvolution((1, 1), NONE, pool) for pool in ((16, 16), (16, 17)))
    y, argmax = fused.conv2d_relu_max_pool2d_forward(x, KERNEL, BIAS, good)
    assert (y.shape, argmax.dtype) == ((1, 1, 1, 6), np.uint8)
    with pytest.raises(ValueError, match=r"at most 256 numbers here\. Received: \(16, 17\)"):
        fused.conv2d_relu_max_pool2d_forward(x, KERNEL, BIAS, bad)
