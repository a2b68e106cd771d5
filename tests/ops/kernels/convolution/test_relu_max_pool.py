"""Convolution, ReLU, max pooling and dropout in one kernel against their definition."""

import numpy as np
import pytest

from tests.support import algorithms
from tests.support.exact import DTYPES, integers
from tests.support.fused_convolutions import (
    CONVOLUTIONS,
    SAME,
    assert_close,
    assert_equal,
    poolings,
    some_convolution,
)
from tinycnn.ops import kernels, reference
from tinycnn.utils.geometry import FusedConvolution


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CONVOLUTIONS)
@pytest.mark.parametrize("rate", [0, 0.5, 1])
def test_with_pooling_and_dropout_it_is_exact_on_integers(case, rate, dtype, rng, directly):
    x, kernel, bias, *geometry = some_convolution(case, rng, dtype)
    output = reference.conv2d_forward(x, kernel, bias, *geometry).shape[1:3]
    for number, pool in enumerate(poolings(output)):
        fused = FusedConvolution(*geometry, pool)
        forward = x, kernel, bias, fused, rate, 2**64 - 1
        wanted, place = reference.conv2d_relu_max_pool2d_forward(*forward)
        y, argmax = kernels.conv2d_relu_max_pool2d_forward(*forward)
        assert_equal([y], [wanted], dtype)
        assert argmax.dtype == np.uint8
        np.testing.assert_array_equal(argmax[y > 0], place[y > 0])  # few values, so many ties
        dy = integers(rng, *y.shape, dtype=dtype)
        backward = dy, y, argmax, x, kernel, fused, rate, number % 2 == 0
        wanted = reference.conv2d_relu_max_pool2d_backward(*backward)
        assert_equal(kernels.conv2d_relu_max_pool2d_backward(*backward), wanted, dtype)


@pytest.mark.parametrize("rate", [0.25, 0.9])
def test_other_rates_drop_the_same_and_stay_close(rate, rng, directly):
    x, kernel, bias, *geometry = some_convolution("padded", rng, np.float32)
    fused = FusedConvolution(*geometry, (2, 2))
    forward = x, kernel, bias, fused, rate, 12
    wanted, _ = reference.conv2d_relu_max_pool2d_forward(*forward)
    y, argmax = kernels.conv2d_relu_max_pool2d_forward(*forward)
    np.testing.assert_array_equal(y, wanted)
    plain, _ = kernels.conv2d_relu_max_pool2d_forward(*forward[:-2], 0.0, 0)
    np.testing.assert_array_equal(y, reference.dropout_forward(plain, rate, 12))
    dy = rng.standard_normal(y.shape).astype(np.float32)
    backward = dy, y, argmax, x, kernel, fused, rate, True
    wanted = reference.conv2d_relu_max_pool2d_backward(*backward)
    assert_close(kernels.conv2d_relu_max_pool2d_backward(*backward), wanted, 1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("pool", [(1, 1), (2, 2), (4, 4), (2, 3), (1, 5)])
def test_through_winograd_it_stays_close(pool, dtype, rng, monkeypatch):
    if kernels is reference:
        pytest.skip("without Numba only the definitions run")
    from tinycnn.ops.kernels.convolution import winograd

    transformed, values = [], winograd.filter_transform
    algorithms.set_winograd(monkeypatch, algorithms.always)
    monkeypatch.setattr(
        winograd, "filter_transform", lambda k: transformed.append(k.shape) or values(k)
    )
    x = rng.standard_normal((3, 43, 19, 8)).astype(dtype)
    kernel, bias = rng.standard_normal((3, 3, 8, 17)).astype(dtype), np.ones(17, dtype)
    forward = x, kernel, bias, FusedConvolution((1, 1), SAME, pool), 0.5, 3
    y, argmax = kernels.conv2d_relu_max_pool2d_forward(*forward)
    assert len(transformed) == 1
    wanted, place = reference.conv2d_relu_max_pool2d_forward(*forward)
    assert_close([y], [wanted], 1e-5 if dtype == np.float32 else 1e-13)
    if dtype == np.float64:  # nothing is as near to a tie as that
        np.testing.assert_array_equal(argmax[y > 0], place[y > 0])


def test_a_nan_wins_its_window_and_stays_out_of_others(rng):
    x, kernel, bias, *geometry = some_convolution("plain", rng, np.float32)
    x[1, 3, 4, 1], kernel[kernel == 0] = np.nan, 1
    for pool in ((2, 2), (3, 3)):
        forward = x, kernel, bias, FusedConvolution(*geometry, pool), 0.0, 0
        wanted, place = reference.conv2d_relu_max_pool2d_forward(*forward)
        y, argmax = kernels.conv2d_relu_max_pool2d_forward(*forward)
        assert 0 < np.isnan(y).sum() < y.size
        np.testing.assert_array_equal(y, wanted)
        active = np.isnan(y) | (y > 0)
        np.testing.assert_array_equal(argmax[active], place[active])
    y = kernels.conv2d_relu_forward(x, kernel, bias, FusedConvolution(*geometry))
    np.testing.assert_array_equal(
        y, reference.conv2d_relu_forward(x, kernel, bias, FusedConvolution(*geometry))
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_gradient_that_is_not_finite_passes_only_where_the_unit_is_on(bad, rng, directly):
    x, kernel, bias, *geometry = some_convolution("plain", rng, np.float32)
    fused = FusedConvolution(*geometry, (2, 2))
    y = kernels.conv2d_relu_forward(x, kernel, bias, fused)
    dy = np.where(y > 0, integers(rng, *y.shape, dtype=np.float32), np.float32(bad))
    back = dy, y, x, kernel, fused, True
    wanted = reference.conv2d_relu_backward(*back)
    assert all(np.isfinite(one).all() for one in wanted)
    assert_equal(kernels.conv2d_relu_backward(*back), wanted, np.float32)
    y, argmax = kernels.conv2d_relu_max_pool2d_forward(x, kernel, bias, fused, 0.5, 3)
    dy = np.where(y > 0, integers(rng, *y.shape, dtype=np.float32), np.float32(bad))
    back = dy, y, argmax, x, kernel, fused, 0.5, True
    wanted = reference.conv2d_relu_max_pool2d_backward(*back)
    assert_equal(kernels.conv2d_relu_max_pool2d_backward(*back), wanted, np.float32)


def test_a_nan_gradient_of_a_unit_that_is_on_is_not_hidden(rng, directly):
    x, kernel, bias, *geometry = some_convolution("plain", rng, np.float32)
    fused = FusedConvolution(*geometry, (2, 2))
    y, argmax = kernels.conv2d_relu_max_pool2d_forward(x, kernel, bias, fused, 0, 0)
    dy = np.ones_like(y)
    dy[np.unravel_index(y.argmax(), y.shape)] = np.nan
    back = dy, y, argmax, x, kernel, fused, 0, True
    actual = kernels.conv2d_relu_max_pool2d_backward(*back)
    assert all(np.isnan(one).any() for one in actual)
