"""Loops over numbers, as Python runs them: the kernels that they are written into are tested compiled."""

import numpy as np
import pytest

from tests.support.exact import DTYPES
from tinycnn.ops.kernels.blocks import elementwise


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("name", "wanted"), [("copy", [-1, 0, np.nan, 3]), ("add", [4, 6, np.nan, 11])]
)
def test_two_arrays(name, wanted, dtype):
    x, out = np.array([-1, 0, np.nan, 3], dtype), np.array([5, 6, 7, 8], dtype)
    getattr(elementwise, name).py_func(x, out)
    np.testing.assert_array_equal(out, wanted)
    np.testing.assert_array_equal(x, [-1, 0, np.nan, 3])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("name", "wanted"), [("set_to_zero", [0, 0, 0, 0]), ("relu_in_place", [0, 0, np.nan, 3])]
)
def test_one_array(name, wanted, dtype):
    x = np.array([-1, 0, np.nan, 3], dtype)
    getattr(elementwise, name).py_func(x)
    np.testing.assert_array_equal(x, wanted)


@pytest.mark.parametrize("length", [0, elementwise.BUFFER, 2 * elementwise.BUFFER + 1])
def test_relu_of_more_than_its_buffer_holds(length, rng):
    x = rng.standard_normal(length)
    wanted = np.maximum(x, 0)
    elementwise.relu_in_place.py_func(x)
    np.testing.assert_array_equal(x, wanted)
