"""Images with zeros round them against NumPy's slices, as Python runs the loops."""

import numpy as np
import pytest

from tests.support.exact import DTYPES, integers
from tinycnn.ops.kernels.blocks import padding
from tinycnn.ops.kernels.blocks.elementwise import copy


@pytest.fixture(autouse=True)
def plainly(monkeypatch):
    """Let the loops call each other as plain Python: by themselves they are never compiled."""
    monkeypatch.setattr(padding, "copy", copy.py_func)
    monkeypatch.setattr(padding, "copy_active", padding.copy_active.py_func)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize(
    ("top_left", "size"), [((0, 0), (4, 5)), ((1, 2), (7, 8)), ((2, 0), (4, 5)), ((0, 0), (3, 7))]
)
def test_zeros_round_an_image(top_left, size, relu, dtype, rng):
    x, y = (integers(rng, 3, 4, 5, 2, dtype=dtype) for _ in range(2))
    actual = padding.pad_image.py_func(
        x, y if relu else y[:0], 1, top_left, np.zeros((*size, 2), dtype)
    )
    inside = np.where(y[1] > 0, x[1], 0) if relu else x[1]
    (top, left), wanted = top_left, np.zeros((9, 9, 2), dtype)
    wanted[top : top + 4, left : left + 5] = inside
    np.testing.assert_array_equal(actual.reshape(*size, 2), wanted[: size[0], : size[1]])


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_comes_out_of_a_larger_one(dtype, rng):
    band, y = integers(rng, 4, 7, 2, dtype=dtype), np.full((2, 6, 5, 2), 9, dtype)
    padding.copy_band.py_func(band, 3, 5, y, 1, 2)
    wanted = np.full_like(y, 9)
    wanted[1, 2:5] = band[:3, :5]
    np.testing.assert_array_equal(y, wanted)
    padded, dx = integers(rng, 6, 8, 2, dtype=dtype), np.full((2, 4, 5, 2), 9, dtype)
    padding.crop_into.py_func(padded, (2, 1), dx, 0)
    np.testing.assert_array_equal(dx[0], padded[2:6, 1:6])
    assert (dx[1] == 9).all()
