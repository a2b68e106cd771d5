"""Batch normalization's kernels against their definitions."""

import numpy as np
import pytest

from tinycnn import ops
from tinycnn.ops import reference

SHAPES = [(2, 3), (1, 1), (37, 5, 4, 17), (3, 9, 9, 1), (130, 64), (5, 2, 8)]
DTYPES = [np.float32, np.float64]


@pytest.fixture(params=DTYPES, ids=["float32", "float64"])
def dtype(request):
    return request.param


def numbers(shape, dtype, far=0.0):
    rng = np.random.default_rng(1)
    x, dy = (rng.standard_normal(shape).astype(dtype) for _ in range(2))
    gamma, beta = (rng.standard_normal(shape[-1]).astype(dtype) for _ in range(2))
    return x + dtype(far), dy, gamma, beta


@pytest.mark.parametrize("far", [0.0, 1000.0])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_statistics(shape, far, dtype):
    x, *_ = numbers(shape, dtype, far)
    for ours, exact in zip(ops.batch_statistics(x), reference.batch_statistics(x), strict=True):
        assert ours.dtype == dtype
        np.testing.assert_allclose(
            ours, exact, rtol=1e-6 if dtype is np.float32 else 1e-12, atol=1e-12
        )


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_forward_and_backward(shape, dtype):
    x, dy, gamma, beta = numbers(shape, dtype)
    mean, variance = reference.batch_statistics(x)
    bound = {"rtol": 0, "atol": 2e-5 if dtype is np.float32 else 1e-12}
    forward = (x, mean, variance, gamma, beta, 1e-3)
    exact = reference.batch_normalization_forward(*forward)
    scale = np.abs(exact).max()
    np.testing.assert_allclose(
        ops.batch_normalization_forward(*forward) / scale, exact / scale, **bound
    )
    backward = (dy, x, mean, variance, gamma, 1e-3)
    for ours, exact in zip(
        ops.batch_normalization_backward(*backward),
        reference.batch_normalization_backward(*backward),
        strict=True,
    ):
        scale = max(np.abs(exact).max(), 1e-3)
        assert ours.dtype == dtype
        np.testing.assert_allclose(ours / scale, exact / scale, **bound)


def test_arrays_of_other_orders_are_taken(dtype):
    x, *_ = numbers((4, 6, 5, 3), dtype)
    turned = np.asfortranarray(x)
    for ours, exact in zip(ops.batch_statistics(turned), ops.batch_statistics(x), strict=True):
        np.testing.assert_array_equal(ours, exact)


def test_nothing_has_no_mean():
    with pytest.raises(ValueError, match="there is no mean"):
        ops.batch_statistics(np.empty((0, 3)))
