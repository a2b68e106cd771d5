"""The sparse GEMM against the same product with its zeros; integers exactly."""

import numpy as np
import pytest

from tinycnn import ops
from tinycnn.ops import reference

if ops.implementation() is reference:
    pytest.skip("without Numba only the definitions run", allow_module_level=True)

from tinycnn.ops.kernels.blocks.matrix import View
from tinycnn.ops.kernels.blocks.sparse_gemm import (
    CSR,
    MOST,
    ScatteredRows,
    multiples,
    sparse_gemm,
)
from tinycnn.ops.kernels.codegen.vector_builder import VECTOR_BYTES

DTYPES = (np.float32, np.float64)


def csr(a, distance, gap=0):
    """Return the nonzeros of a matrix, with `gap` unused entries after each row's."""
    counts = (a != 0).sum(axis=1)
    row_start = np.concatenate([[0], np.cumsum(counts + gap)[:-1]]).astype(np.int64)
    values = np.full(counts.sum() + gap * len(a), np.nan, a.dtype)
    b_offsets = np.full(len(values), 10**15)  # nobody may read what belongs to no row
    for row, first in zip(a, row_start, strict=True):
        (columns,) = np.nonzero(row)
        values[first : first + len(columns)] = row[columns]
        b_offsets[first : first + len(columns)] = columns * distance
    return CSR(values, b_offsets, row_start, row_start + counts)


def sparse(rng, shape, share, dtype):
    return (rng.integers(1, 4, shape) * (rng.random(shape) < share)).astype(dtype)


def widths_of(columns, itemsize):
    """Return the numbers of vectors that a row is cut into."""
    actual = set()
    with pytest.MonkeyPatch.context() as patch:
        names = sparse_gemm.py_func.__globals__
        patch.setitem(
            names, "sparse_gemm_panel", lambda width, *options, **named: actual.add(width)
        )
        nothing = np.empty(0, f"f{itemsize}")
        c, nonzeros = ScatteredRows(nothing, 0, ()), CSR(*[nothing] * 4)
        sparse_gemm.py_func(c, nonzeros, View(nothing, 0), columns)
    return actual


@pytest.fixture
def rng():
    return np.random.default_rng(6)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("share", [0, 0.2, 1])  # empty rows; some empty, some not; all full
def test_every_width_is_exact(share, dtype, rng):
    used, lanes = set(), VECTOR_BYTES // np.dtype(dtype).itemsize
    full = [lanes * k for k in (1, 2, 3, 4, 5, 6, 13)]
    partial = [lanes * k + 1 for k in (1, 2, 3, 4, 11)]
    for columns in (1, lanes - 1, *full, *partial):
        used |= widths_of(columns, np.dtype(dtype).itemsize)
        for length in (1, 7, 8, 21):
            a = sparse(rng, (5, length), share, dtype)
            b = rng.integers(-3, 4, (length, columns + 2)).astype(dtype)
            c = rng.integers(-3, 4, (5, columns + 1)).astype(dtype)
            wanted = c.copy()
            wanted[:, :columns] += a @ b[:, 1 : columns + 1]
            nonzeros = csr(a, columns + 2, gap=int(rng.integers(3)))
            out = ScatteredRows(c.ravel(), 0, multiples(5, columns + 1))
            sparse_gemm(out, nonzeros, View(b.ravel(), 1), columns)
            np.testing.assert_array_equal(c, wanted)
    assert used == {*range(1 - MOST, MOST + 1)} - {0}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("columns", [3, 20, 33, 70, 130])
def test_rows_of_c_that_overlap_receive_from_all(columns, dtype, rng):
    step = 2  # each row of c begins two numbers after the one before, as with windows of an image
    a = sparse(rng, (9, 6), 0.5, dtype)
    b = rng.integers(-3, 4, (6, columns)).astype(dtype)
    c = rng.integers(-3, 4, 3 + 8 * step + columns).astype(dtype)
    wanted = c.copy()
    for row, part in enumerate(a @ b):
        wanted[3 + row * step : 3 + row * step + columns] += part
    out = ScatteredRows(c, 3, multiples(9, step))
    sparse_gemm(out, csr(a, columns), View(b.ravel(), 0), columns)
    np.testing.assert_array_equal(c, wanted)


@pytest.mark.parametrize("dtype", DTYPES)
def test_real_numbers_stay_close(dtype, rng):
    a = rng.standard_normal((7, 900)) * (rng.random((7, 900)) < 0.3)
    b = rng.standard_normal((900, 77))
    c = np.zeros((7, 77), dtype)
    nonzeros = csr(a.astype(dtype), 77)
    out = ScatteredRows(c.ravel(), 0, multiples(7, 77))
    sparse_gemm(out, nonzeros, View(b.astype(dtype).ravel(), 0), 77)
    bound = 1e-6 if dtype == np.float32 else 1e-14
    assert np.linalg.norm(c - a @ b) <= bound * np.linalg.norm(a @ b)


def test_no_rows_and_no_columns_are_no_work(rng):
    c, nothing = np.ones(4, np.float32), np.empty(0, np.int64)
    nonzeros = csr(np.ones((2, 1), np.float32), 2)
    empty = CSR(c[:0].copy(), nothing, nothing, nothing)
    b = View(c.copy(), 0)
    sparse_gemm(ScatteredRows(c, 0, nothing), empty, b, 4)
    sparse_gemm(ScatteredRows(c, 0, multiples(2, 2)), nonzeros, b, 0)
    np.testing.assert_array_equal(c, 1)


def test_a_nan_in_a_list_and_in_b_reaches_its_row_only():
    a, b = np.array([[1, 0], [0, np.nan], [0, 2]], np.float32), np.ones((2, 5), np.float32)
    b[0, 3] = np.nan
    c = np.zeros((3, 5), np.float32)
    out = ScatteredRows(c.ravel(), 0, multiples(3, 5))
    sparse_gemm(out, csr(a, 5), View(b.ravel(), 0), 5)
    wanted = [[1, 1, 1, np.nan, 1], [np.nan] * 5, [2] * 5]
    np.testing.assert_array_equal(c, wanted)
