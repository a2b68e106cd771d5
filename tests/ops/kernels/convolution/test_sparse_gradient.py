"""Gradients behind ReLU and a maximum as a sparse matrix: listed, sorted, and multiplied, against NumPy."""

import numpy as np
import pytest

from tests.support.exact import DTYPES, integers
from tinycnn.ops.kernels.convolution import sparse_gradient as sparse

WINDOWS, POOL, STRIDES, LINE, C = (2, 3, 5), (2, 2), (1, 2), 40, 2  # of the image: LINE // C pixels


@pytest.fixture
def case(rng):
    """Return gradients of some windows, what passed the ReLU, the places of the maxima, all dense."""

    def make(dtype):
        size = int(np.prod(WINDOWS))
        dz, y = integers(rng, size, dtype=dtype), integers(rng, size, dtype=dtype)
        argmax = rng.integers(0, 4, size).astype(np.uint8)
        offsets = sparse.find_window_offsets.py_func(WINDOWS, POOL, STRIDES, LINE, C)
        places = np.empty(size + 1, np.int64), np.empty(len(offsets) + 1, np.int64)
        active, dbias = sparse.Active(dz, argmax, *places, offsets), np.zeros(WINDOWS[2], dtype)
        sparse.list_active.py_func(active, y, dbias)
        return active, np.where(y > 0, dz, 0), dbias

    return make


def test_where_each_pixel_of_the_output_looks():
    offsets = sparse.find_window_offsets.py_func(WINDOWS, POOL, STRIDES, LINE, C)
    rows, columns = np.mgrid[: WINDOWS[0] * POOL[0], : WINDOWS[1] * POOL[1]]
    wanted = rows * STRIDES[0] * LINE + columns * STRIDES[1] * C
    wanted = wanted.reshape(WINDOWS[0], POOL[0], WINDOWS[1], POOL[1]).swapaxes(1, 2)
    np.testing.assert_array_equal(offsets, wanted.reshape(6, 4))


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_passes_is_listed_window_by_window_and_summed_for_the_bias(dtype, case):
    active, dense, dbias = case(dtype)
    listed = active.positions[: active.counts[-1]]
    np.testing.assert_array_equal(listed, np.flatnonzero(dense))
    np.testing.assert_array_equal(active.counts, np.searchsorted(listed, np.arange(7) * 5))
    np.testing.assert_array_equal(dbias, dense.reshape(-1, 5).sum(axis=0))


@pytest.mark.parametrize("dtype", DTYPES)
def test_sorted_by_filter_and_by_pixel_nothing_is_lost(dtype, case):
    active, dense, _ = case(dtype)
    filters, windows = WINDOWS[2], len(active.window_offsets)
    for sort, rows, width in (("filter", filters, windows), ("pixel", 4 * windows, filters)):
        entries = np.zeros(rows * width, dtype), np.zeros(rows * width, np.int64)
        first = np.arange(rows) * width
        nonzeros = sparse.CSR(*entries, first, np.empty(rows, np.int64))
        span = (0, windows, filters) if sort == "filter" else (filters, 100)
        getattr(sparse, f"sort_by_{sort}").py_func(active, *span, nonzeros)
        actual = set()
        for row in range(rows):
            for k in range(first[row], nonzeros.row_end[row]):
                actual.add((row, nonzeros.values[k], nonzeros.b_offsets[k]))
        wanted = set()
        for position in np.flatnonzero(dense):
            window, ch = divmod(int(position), filters)
            index = active.argmax[position]
            row = ch if sort == "filter" else window * 4 + index
            seen = active.window_offsets[window, index] if sort == "filter" else ch * 100
            wanted.add((row, dense[position], seen))
        assert actual == wanted


def test_the_gradient_before_dropout():
    dz = np.empty(3, np.float32)
    sparse.scale_into.py_func(dz, np.array([1, -2, 0], np.float32), np.float32(4))
    np.testing.assert_array_equal(dz, [4, -8, 0])
