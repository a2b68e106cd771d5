"""ReLU exactly; the vector instructions of tanh against NumPy's in float64, over all of its range."""

import numpy as np
import pytest

from tinycnn import ops
from tinycnn.ops import reference

kernels = ops.implementation()
DTYPES = (np.float32, np.float64)


def test_it_is_as_exact_as_its_dtype():
    x = np.concatenate(
        [
            np.linspace(-12, 12, 400_001),
            np.geomspace(1e-38, 1, 20_001),
            -np.geomspace(1e-30, 9, 999),
        ]
    )
    single, exact = x.astype(np.float32), np.tanh(x.astype(np.float32).astype(np.float64))
    actual = kernels.tanh_forward(single)
    assert actual.dtype == np.float32
    assert (np.abs(actual - exact) <= 1.5 * np.spacing(np.abs(exact).astype(np.float32))).all()
    assert np.abs(actual).max() == 1
    np.testing.assert_allclose(kernels.tanh_forward(x), np.tanh(x), rtol=1e-15)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_ends_of_the_numbers(dtype):
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e-40, 3e38, -100], dtype)
    y = kernels.tanh_forward(x)
    np.testing.assert_array_equal(y, [0, 0, 1, -1, np.nan, x[5], 1, -1])
    assert list(np.signbit(y[:2])) == [False, True]
    assert np.isnan(kernels.tanh_backward(np.ones_like(x), y)[4])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [0, 1, 17, 5001])
def test_relu_is_exact(size, dtype, rng):
    x, dy = rng.standard_normal(size).astype(dtype), rng.standard_normal(size).astype(dtype)
    y = reference.relu_forward(x)
    np.testing.assert_array_equal(kernels.relu_forward(x), y)
    np.testing.assert_array_equal(kernels.relu_backward(dy, y), reference.relu_backward(dy, y))
