"""Neighbours that run as one kernel against their definitions; nets: `tests/models/test_fusion.py`."""

import numpy as np
import pytest

from tests.support import algorithms
from tinycnn import ops
from tinycnn.ops import reference
from tinycnn.utils.geometry import FusedConvolution

kernels = ops.implementation()
NONE, SAME = ((0, 0), (0, 0)), ((1, 1), (1, 1))
DTYPES = (np.float32, np.float64)
CONVOLUTIONS = {  # n, h, w, c, kh, kw, f, strides, padding
    "plain": (3, 8, 9, 2, 3, 3, 5, (1, 1), NONE),
    "padded": (2, 7, 8, 5, 3, 3, 17, (1, 1), SAME),
    "strides": (2, 13, 11, 3, 3, 2, 9, (2, 1), ((1, 0), (0, 1))),
    "stride larger than the window": (1, 18, 19, 4, 2, 2, 33, (3, 4), NONE),
    "one column of output": (2, 9, 3, 8, 2, 3, 8, (1, 1), NONE),
    "1x1": (2, 5, 6, 17, 1, 1, 16, (1, 1), NONE),
    "more samples than chunks": (19, 6, 6, 1, 3, 3, 4, (1, 1), NONE),
    "64 filters": (1, 9, 9, 3, 4, 4, 64, (1, 1), NONE),
    "no samples": (0, 7, 7, 2, 3, 3, 4, (1, 1), NONE),
    "gray": (5, 12, 19, 1, 5, 5, 6, (1, 1), ((2, 1), (0, 3))),
    "gray, one number of many": (2, 9, 17, 1, 9, 1, 8, (1, 1), NONE),
    "gray, as wide as the window": (9, 7, 7, 1, 2, 7, 1, (1, 1), NONE),
    "gray, no samples": (0, 7, 7, 1, 3, 3, 4, (1, 1), SAME),
}
POOLS = ((1, 1), (2, 2), (2, 3), (3, 3), (4, 4), (1, 2), (5, 1))


@pytest.fixture
def rng():
    return np.random.default_rng(9)


def integers(rng, *shape, dtype):
    return rng.integers(-3, 4, shape).astype(dtype)


def some_convolution(case, rng, dtype):
    n, h, w, c, kh, kw, f, strides, padding = CONVOLUTIONS[case]
    x, kernel = integers(rng, n, h, w, c, dtype=dtype), integers(rng, kh, kw, c, f, dtype=dtype)
    bias = integers(rng, f, dtype=dtype)
    kernel[..., 0], bias[0] = -1, -100  # a dead unit
    return (x, kernel, bias, strides, padding)


def poolings(output):
    """Return the POOLS that fit an output, most of which do not divide it."""
    return [pool for pool in POOLS if pool[0] <= output[0] and pool[1] <= output[1]]


def assert_equal(actual, wanted, dtype):
    for one, other in zip(actual, wanted, strict=True):
        if other is None:
            assert one is None
        else:
            assert one.dtype == dtype
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CONVOLUTIONS)
def test_convolution_and_relu_are_exact_on_integers(case, dtype, rng, directly):
    x, kernel, bias, *geometry = some_convolution(case, rng, dtype)
    fused = FusedConvolution(*geometry)
    wanted = reference.conv2d_relu_forward(x, kernel, bias, fused)
    y = kernels.conv2d_relu_forward(x, kernel, bias, fused)
    assert_equal([y], [wanted], dtype)
    assert not y[..., 0].any()
    dy = integers(rng, *y.shape, dtype=dtype)
    for wants_dx in (True, False):
        arguments = dy, y, x, kernel, fused, wants_dx
        wanted = reference.conv2d_relu_backward(*arguments)
        assert_equal(kernels.conv2d_relu_backward(*arguments), wanted, dtype)


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


def assert_close(actual, wanted, bound):
    for one, other in zip(actual, wanted, strict=True):
        assert np.linalg.norm(one - other) <= bound * np.linalg.norm(other)


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
