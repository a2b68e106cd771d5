"""Gradients behind ReLU and a maximum as a sparse matrix: listed, sorted, and multiplied, against NumPy."""

import numpy as np
import pytest

from tests.support.exact import DTYPES, integers
from tinycnn.ops.kernels.convolution import sparse_gradient as sparse

WINDOWS, POOL, STRIDES, LINE, C = (2, 3, 5), (2, 2), (1, 2), 40, 2  # of the image: LINE // C pixels


SCALE = 4


@pytest.fixture
def case(rng):
    """Return a `PooledGradient`, and dense what is behind the pooling: scaled where y passed the ReLU."""

    def make(dtype):
        size = int(np.prod(WINDOWS))
        dy, y = integers(rng, size, dtype=dtype), integers(rng, size, dtype=dtype)
        argmax = rng.integers(0, 4, size).astype(np.uint8)
        offsets = sparse.find_window_offsets.py_func(WINDOWS, POOL, STRIDES, LINE, C)
        gradient = sparse.PooledGradient(dy, y, argmax, dtype(SCALE), offsets)
        return gradient, np.where(y > 0, SCALE * dy, 0)

    return make


def test_where_each_pixel_of_the_output_looks():
    offsets = sparse.find_window_offsets.py_func(WINDOWS, POOL, STRIDES, LINE, C)
    rows, columns = np.mgrid[: WINDOWS[0] * POOL[0], : WINDOWS[1] * POOL[1]]
    wanted = rows * STRIDES[0] * LINE + columns * STRIDES[1] * C
    wanted = wanted.reshape(WINDOWS[0], POOL[0], WINDOWS[1], POOL[1]).swapaxes(1, 2)
    np.testing.assert_array_equal(offsets, wanted.reshape(6, 4))


def entries(sort, gradient, rows, width, *arguments):
    """Return {(row, value, b_offset)} of the CSR matrix that `sort` makes of a gradient."""
    places = np.zeros(rows * (width + 1), gradient.dy.dtype), np.zeros(rows * (width + 1), np.int64)
    first = np.arange(rows) * (width + 1)
    nonzeros = sparse.CSR(*places, first, np.empty(rows, np.int64))
    sort.py_func(gradient, *(nonzeros if argument is ... else argument for argument in arguments))
    return {
        (row, nonzeros.values[k], nonzeros.b_offsets[k])
        for row in range(rows)
        for k in range(first[row], nonzeros.row_end[row])
    }


@pytest.mark.parametrize("dtype", DTYPES)
def test_sorted_by_filter_nothing_is_lost_and_all_is_summed_for_the_bias(dtype, case):
    gradient, dense = case(dtype)
    filters, windows = WINDOWS[2], len(gradient.window_offsets)
    dbias, wanted = np.ones(filters, dtype), set()
    actual = entries(
        sparse.sort_by_filter, gradient, filters, windows, 1, windows, ..., dbias
    )  # from the second window on
    dense[:filters] = 0
    for position in np.flatnonzero(dense):
        window, ch = divmod(int(position), filters)
        seen = gradient.window_offsets[window, gradient.argmax[position]]
        wanted.add((ch, dense[position], seen))
    assert actual == wanted
    np.testing.assert_array_equal(dbias, 1 + dense.reshape(-1, filters).sum(axis=0))


@pytest.mark.parametrize("dtype", DTYPES)
def test_sorted_by_pixel_nothing_is_lost(dtype, case):
    gradient, dense = case(dtype)
    filters, pixels = WINDOWS[2], gradient.window_offsets.size
    actual, wanted = (
        entries(sparse.sort_by_pixel, gradient, pixels, filters, filters, 100, ...),
        set(),
    )
    for position in np.flatnonzero(dense):
        window, ch = divmod(int(position), filters)
        wanted.add((window * 4 + gradient.argmax[position], dense[position], ch * 100))
    assert actual == wanted
