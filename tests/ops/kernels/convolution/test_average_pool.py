"""Convolution, an activation and means of windows in one kernel against their definition."""

import numpy as np
import pytest

from tests.support.exact import DTYPES, integers
from tests.support.fused_convolutions import (
    CONVOLUTIONS,
    assert_close,
    assert_equal,
    poolings,
    some_convolution,
)
from tinycnn.ops import kernels, reference
from tinycnn.utils.geometry import FusedConvolution


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CONVOLUTIONS)
def test_with_means_it_is_exact_on_integers(case, dtype, rng, directly):
    x, kernel, bias, *geometry = some_convolution(case, rng, dtype)
    output = reference.conv2d_forward(x, kernel, bias, *geometry).shape[1:3]
    for pool in (pool for pool in poolings(output) if np.prod(pool) in (1, 2, 4, 16)):
        fused = FusedConvolution(*geometry, pool)  # so many that a mean of integers is exact
        y, a = kernels.conv2d_average_pool2d_forward(x, kernel, bias, fused)
        wanted, of_all = reference.conv2d_average_pool2d_forward(x, kernel, bias, fused)
        assert_equal([y, a], [wanted, of_all], dtype)
        dy = 16 * integers(rng, *y.shape, dtype=dtype)
        for wants_dx in (True, False):
            backward = x, kernel, fused, wants_dx
            wanted = reference.conv2d_average_pool2d_backward(dy, of_all, *backward)
            actual = kernels.conv2d_average_pool2d_backward(dy, a, *backward)
            assert_equal(actual, wanted, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CONVOLUTIONS)
def test_with_tanh_and_means_it_stays_close(case, dtype, rng, directly):
    x, kernel, bias, *geometry = some_convolution(case, rng, dtype)
    kernel, bias = kernel / 16, bias / 64
    output = reference.conv2d_forward(x, kernel, bias, *geometry).shape[1:3]
    for pool in poolings(output):
        fused = FusedConvolution(*geometry, pool, "tanh")
        actual = kernels.conv2d_average_pool2d_forward(x, kernel, bias, fused)
        wanted = reference.conv2d_average_pool2d_forward(x, kernel, bias, fused)
        assert_close(actual, wanted, 1e-6)
        dy = rng.random(wanted[0].shape).astype(dtype)
        back = x, kernel, fused, True
        wanted = reference.conv2d_average_pool2d_backward(dy, wanted[1], *back)
        assert_close(kernels.conv2d_average_pool2d_backward(dy, actual[1], *back), wanted, 2e-6)
        _, *weights = kernels.conv2d_average_pool2d_backward(dy, actual[1], *back[:-1], False)
        assert_close(weights, wanted[1:], 2e-6)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_a_nan_reaches_the_mean_of_its_windows_and_no_other(activation, rng):
    x, kernel, bias, *geometry = some_convolution("plain", rng, np.float32)
    x[1, 3, 4, 1], kernel[kernel == 0] = np.nan, 1
    fused = FusedConvolution(*geometry, (2, 2), activation)
    y, a = kernels.conv2d_average_pool2d_forward(x, kernel, bias, fused)
    wanted, of_all = reference.conv2d_average_pool2d_forward(x, kernel, bias, fused)
    np.testing.assert_array_equal(np.isnan(y), np.isnan(wanted))
    np.testing.assert_array_equal(np.isnan(a[:, :6, :6]), np.isnan(of_all[:, :6, :6]))
    assert np.isnan(y[1]).any()
    assert not np.isnan(y[[0, 2]]).any()
    actual = kernels.conv2d_average_pool2d_backward(np.ones_like(y), a, x, kernel, fused, True)
    assert np.isnan(actual[1]).any()
