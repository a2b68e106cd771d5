"""Convolution, forward and backward, against its definition over odd shapes: exactly on small integers."""

import numpy as np
import pytest

from tests.support import algorithms
from tests.support.exact import CONVOLUTIONS, DTYPES, NONE, integers, paired
from tests.support.intrinsics import entered
from tests.support.tiles import USED_TILES, tiles_of
from tinycnn.ops import kernels, reference
from tinycnn.ops.kernels.blocks.gemm import gemm
from tinycnn.ops.kernels.convolution import winograd, winograd_gradient


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CONVOLUTIONS)
def test_convolution_is_exact_on_integers(case, dtype, rng, directly):
    n, h, w, c, kh, kw, f, strides, padding = CONVOLUTIONS[case]
    x, kernel = integers(rng, n, h, w, c, dtype=dtype), integers(rng, kh, kw, c, f, dtype=dtype)
    bias = integers(rng, f, dtype=dtype)
    y = reference.conv2d_forward(x, kernel, bias, strides, padding)
    actual = kernels.conv2d_forward(x, kernel, bias, strides, padding)
    assert actual.dtype == dtype
    np.testing.assert_array_equal(actual, y)
    dy = integers(rng, *y.shape, dtype=dtype)
    arguments = dy, kernel, x.shape, strides, padding
    np.testing.assert_array_equal(
        kernels.conv2d_backward_input(*arguments), reference.conv2d_backward_input(*arguments)
    )
    arguments = dy, x, kernel.shape, strides, padding
    wanted = reference.conv2d_backward_kernel(*arguments)
    for one, other in paired(kernels.conv2d_backward_kernel(*arguments), wanted):
        assert one.dtype == dtype
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_convolutions_above_use_every_tile(dtype, rng, directly):
    sizes = set()

    def watch(function, arguments):
        if function is gemm:
            sizes.add(arguments[-2:])
        function(*arguments)

    with entered(watch):
        for case in CONVOLUTIONS:
            test_convolution_is_exact_on_integers(case, dtype, rng, directly)
    used = set().union(*(tiles_of(*map(int, size), np.dtype(dtype).itemsize) for size in sizes))
    assert used == USED_TILES


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("where", ["x", "kernel", "bias"])
def test_nan_in_nan_out_of_a_convolution(where, dtype, rng, directly):
    arrays = {
        "x": integers(rng, 2, 7, 8, 3, dtype=dtype),
        "kernel": integers(rng, 3, 2, 3, 17, dtype=dtype),
        "bias": integers(rng, 17, dtype=dtype),
    }
    arrays[where].flat[5] = np.nan
    y = kernels.conv2d_forward(*arrays.values(), (2, 1), ((1, 1), (0, 1)))
    wanted = reference.conv2d_forward(*arrays.values(), (2, 1), ((1, 1), (0, 1)))
    np.testing.assert_array_equal(y, wanted)
    assert 0 < np.isnan(y).sum() < y.size


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("way", ["direct", "winograd"])
def test_convolution_stays_close_on_real_numbers(way, dtype, rng, monkeypatch):
    transformed = []

    def noted(given, function=winograd.filter_transform):
        transformed.append("winograd")
        return function(given)

    monkeypatch.setattr(winograd, "filter_transform", noted)
    monkeypatch.setattr(
        winograd_gradient, "filter_matrix", lambda d: noted(d, winograd.filter_matrix)
    )
    if way == "direct":
        algorithms.set_winograd(monkeypatch, algorithms.never)
    x = rng.standard_normal((16, 13, 13, 24)).astype(dtype)
    kernel = rng.standard_normal((3, 3, 24, 40)).astype(dtype)
    dy = rng.standard_normal((16, 11, 11, 40)).astype(dtype)
    bound = (1e-5 if way == "winograd" else 1e-6) * (1 if dtype == np.float32 else 1e-8)
    for name, arguments in {
        "conv2d_forward": (x, kernel, np.zeros(40, dtype), (1, 1), NONE),
        "conv2d_backward_input": (dy, kernel, x.shape, (1, 1), NONE),
        "conv2d_backward_kernel": (dy, x, kernel.shape, (1, 1), NONE),
    }.items():
        transformed.clear()
        exact = [a.astype(np.float64) if isinstance(a, np.ndarray) else a for a in arguments]
        actual = getattr(kernels, name)(*arguments)
        assert transformed == (["winograd"] if way == "winograd" else [])
        for one, other in paired(actual, getattr(reference, name)(*exact)):
            assert np.linalg.norm(one - other) <= bound * np.linalg.norm(other)
