"""Pooling against its definition, over odd windows."""

import numpy as np
import pytest

from tests.support.exact import DTYPES, NONE, integers
from tinycnn import ops
from tinycnn.ops import kernels, reference

POOLS = {  # n, h, w, c, pool, strides, padding
    "plain": (3, 6, 8, 5, (2, 2), (2, 2), NONE),
    "remainder is left out": (2, 7, 9, 3, (2, 2), (2, 2), NONE),
    "overlapping": (2, 7, 8, 17, (3, 3), (2, 1), NONE),
    "window as large as the image": (2, 5, 4, 1, (5, 4), (1, 1), NONE),
    "one sample, gaps": (1, 9, 9, 2, (2, 1), (3, 4), NONE),
    "padded": (2, 7, 8, 3, (3, 2), (2, 2), ((1, 1), (0, 1))),
    "no samples": (0, 4, 4, 2, (2, 2), (2, 2), NONE),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", POOLS)
def test_pooling(case, dtype, rng):
    n, h, w, c, pool, strides, padding = POOLS[case]
    x = integers(rng, n, h, w, c, dtype=dtype)  # few values, so there are many ties
    y, argmax = ops.max_pool2d_forward(x, pool, strides, padding)
    start = (padding[0][0], padding[1][0])
    wanted = reference.max_pool2d_forward(x, pool, strides, start, y.shape[1:3])
    np.testing.assert_array_equal(y, wanted[0])
    np.testing.assert_array_equal(argmax, wanted[1])
    dy = integers(rng, *y.shape, dtype=dtype)
    dx = ops.max_pool2d_backward(dy, argmax, x.shape)
    np.testing.assert_array_equal(dx, reference.max_pool2d_backward(dy, argmax, x.shape))
    assert dx.sum() == dy.sum()  # one argmax a window, and it receives everything
    mean = ops.average_pool2d_forward(x, pool, strides, padding)
    expected = reference.average_pool2d_forward(x, pool, strides, start, y.shape[1:3])
    np.testing.assert_allclose(mean, expected, rtol=1e-6)
    dx = ops.average_pool2d_backward(dy, x.shape, pool, strides, padding)
    expected = reference.average_pool2d_backward(dy, x.shape, pool, strides, start)
    np.testing.assert_allclose(dx, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
def test_average_pooling_is_exact_where_division_is(dtype, rng):
    x = integers(rng, 2, 8, 8, 3, dtype=dtype)
    for pool in ((2, 2), (4, 2)):
        output = (8 // pool[0], 8 // pool[1])
        arguments = x, pool, pool, (0, 0), output
        np.testing.assert_array_equal(
            kernels.average_pool2d_forward(*arguments), reference.average_pool2d_forward(*arguments)
        )


def test_nan_wins_a_maximum_and_stays_in_a_relu():
    x = np.array([[1, np.nan], [np.nan, 5]], np.float32).reshape(1, 2, 2, 1)
    for implementation in (kernels, reference):
        y, argmax = implementation.max_pool2d_forward(x, (2, 2), (2, 2), (0, 0), (1, 1))
        assert np.isnan(y.item())
        assert argmax.item() == 1  # the first of the two
        np.testing.assert_array_equal(implementation.relu_forward(x), x)


def test_a_window_of_minus_infinity_still_has_a_winner():
    x = np.full((1, 2, 2, 1), -np.inf, np.float32)
    for implementation in (kernels, reference):
        y, argmax = implementation.max_pool2d_forward(x, (3, 3), (2, 2), (1, 1), (1, 1))
        assert (y.item(), argmax.item()) == (-np.inf, 0)


@pytest.mark.parametrize("dtype", DTYPES)
def test_nans_win_in_every_channel_of_overlapping_and_padded_windows(dtype, rng):
    x = integers(rng, 2, 6, 7, 37, dtype=dtype)
    x[rng.random(x.shape) < 0.1] = np.nan
    x[rng.random(x.shape) < 0.1] = -np.inf
    arguments = x, (3, 2), (2, 1), (1, 1), (3, 8)
    results = (package.max_pool2d_forward(*arguments) for package in (kernels, reference))
    for ours, exact in zip(*results, strict=True):
        np.testing.assert_array_equal(ours, exact)
