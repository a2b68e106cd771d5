"""Convolution by the table: the algorithm that it names is called, NaN goes through, rounding stays small."""

import numpy as np
import pytest

from tests.support import algorithms
from tests.support.exact import DTYPES, NONE, integers, paired
from tinycnn.ops import kernels, reference
from tinycnn.ops.kernels.convolution import conv2d, winograd, winograd_gradient


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
        winograd_gradient, "enlarge_to_tiles", lambda g: noted(g, winograd.enlarge_to_tiles)
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


@pytest.mark.parametrize(
    ("size", "kernel_shape", "strides", "forward", "back", "weights"),
    [
        ((26, 26), (3, 3, 32, 64), (1, 1), "winograd", "winograd", "winograd"),
        ((26, 26), (3, 3, 32, 64), (2, 1), "direct", "direct", "direct"),
        ((12, 12), (3, 3, 3, 4), (1, 1), "direct", "few_channels", "direct"),
    ],
)
def test_the_table_decides(size, kernel_shape, strides, forward, back, weights, monkeypatch):
    called = []
    for entries in (conv2d.FORWARD, conv2d.BACKWARD_INPUT, conv2d.BACKWARD_KERNEL):
        for name in entries:
            monkeypatch.setitem(entries, name, lambda *_, name=name: called.append(name))
    x, kernel = np.ones((1, *size, kernel_shape[2])), np.ones(kernel_shape)
    conv2d.conv2d_forward(x, kernel, np.ones(kernel_shape[3]), strides, NONE)
    conv2d.conv2d_backward_input(x, kernel, x.shape, strides, NONE)
    conv2d.conv2d_backward_kernel(x, x, kernel_shape, strides, NONE)
    assert called == [forward, back, weights]
