"""Every kernel against its definition, over odd shapes; on small integers they must agree exactly.

That holds for the direct way; what Winograd's gives is in `convolution/test_winograd.py`.
"""

import numpy as np
import pytest

from tinycnn import ops
from tinycnn.ops import reference

if ops.implementation() is reference:
    pytest.skip("without Numba only the definitions run", allow_module_level=True)

from tests.support import algorithms
from tests.support.intrinsics import entered
from tinycnn.ops import kernels
from tinycnn.ops.kernels.blocks.gemm import (
    ACCUMULATORS,
    TILES,
    LeftOperand,
    RightOperand,
    gemm,
    pad_to_vector_width,
)
from tinycnn.ops.kernels.blocks.matrix import Matrix
from tinycnn.ops.kernels.codegen.vector_builder import vector_shape
from tinycnn.ops.kernels.convolution import winograd, winograd_gradient

DTYPES = (np.float32, np.float64)
USED_TILES = {
    number for number, (rows, vectors, _) in enumerate(TILES) if rows * vectors <= ACCUMULATORS
}
NONE = ((0, 0), (0, 0))
CONVOLUTIONS = {  # n, h, w, c, kh, kw, f, strides, padding
    "plain": (2, 7, 6, 3, 3, 3, 5, (1, 1), NONE),
    "one channel, 17 filters": (3, 6, 6, 1, 3, 3, 17, (1, 1), NONE),
    "17 channels, one filter": (2, 6, 5, 17, 2, 3, 1, (1, 1), NONE),
    "window as large as the image": (2, 5, 4, 3, 5, 4, 6, (1, 1), NONE),
    "one sample": (1, 8, 8, 2, 3, 3, 64, (1, 1), NONE),
    "stride that does not divide": (2, 8, 9, 2, 3, 2, 4, (3, 4), NONE),
    "stride larger than the window": (2, 9, 9, 2, 2, 2, 4, (4, 3), NONE),
    "uneven padding and stride": (3, 8, 9, 5, 3, 3, 65, (2, 3), ((1, 1), (0, 1))),
    "window wholly in the padding": (2, 3, 3, 2, 2, 2, 3, (1, 1), ((2, 3), (3, 2))),
    "1x1": (4, 5, 5, 16, 1, 1, 33, (1, 1), NONE),
    "more samples than chunks": (37, 9, 9, 3, 3, 3, 80, (1, 1), ((1, 1), (1, 1))),
    "no samples": (0, 5, 5, 2, 3, 3, 4, (1, 1), NONE),
    "wide image": (2, 3, 40, 2, 3, 3, 130, (1, 1), NONE),
    "16 to 32": (3, 8, 17, 16, 3, 3, 32, (1, 1), ((1, 1), (1, 1))),
    "32 to 96": (1, 6, 15, 32, 3, 3, 96, (1, 1), NONE),
    "48 to 33, strides": (2, 9, 12, 48, 3, 4, 33, (2, 3), ((1, 0), (2, 1))),
    "33 to 48, a stride larger than the window": (2, 10, 11, 33, 2, 2, 48, (3, 3), NONE),
    "96 to 16, strides": (1, 13, 14, 96, 5, 3, 16, (3, 2), ((2, 2), (1, 1))),
    "strides and rows that met nothing": (2, 8, 11, 4, 3, 3, 9, (5, 4), ((0, 2), (1, 0))),
}
POOLS = {  # n, h, w, c, pool, strides, padding
    "plain": (3, 6, 8, 5, (2, 2), (2, 2), NONE),
    "remainder is left out": (2, 7, 9, 3, (2, 2), (2, 2), NONE),
    "overlapping": (2, 7, 8, 17, (3, 3), (2, 1), NONE),
    "window as large as the image": (2, 5, 4, 1, (5, 4), (1, 1), NONE),
    "one sample, gaps": (1, 9, 9, 2, (2, 1), (3, 4), NONE),
    "padded": (2, 7, 8, 3, (3, 2), (2, 2), ((1, 1), (0, 1))),
    "no samples": (0, 4, 4, 2, (2, 2), (2, 2), NONE),
}


CONVOLUTIONS |= {
    "3 channels back from 17 filters": (2, 9, 20, 3, 3, 4, 17, (1, 1), ((2, 2), (3, 1))),
    "one channel, a window that is wide": (2, 6, 37, 1, 2, 7, 16, (1, 1), ((0, 1), (6, 6))),
    "more padding than the window has": (2, 5, 7, 17, 1, 2, 17, (1, 1), ((2, 0), (1, 2))),
    "3 to 48": (2, 9, 8, 3, 3, 3, 48, (1, 1), NONE),
    "one column of output, 40 filters": (1, 9, 3, 2, 3, 3, 40, (1, 1), NONE),
}
CONVOLUTIONS |= {  # with 127 filters, a row of pixels meets every width of a tile
    f"{pixels} in a row, 127 filters": (1, 1, pixels, 2, 1, 1, 127, (1, 1), NONE)
    for pixels in range(1, 7)
}


def integers(rng, *shape, dtype):
    return rng.integers(-3, 4, shape).astype(dtype)


def paired(actual, wanted):
    """Pair one result with one, or each of several with each of several."""
    both = actual, wanted
    return zip(*(b if isinstance(b, tuple) else (b,) for b in both), strict=True)


@pytest.fixture
def rng():
    return np.random.default_rng(5)


@pytest.fixture
def directly(monkeypatch):
    """No convolution goes Winograd's way, which rounds even integers."""
    algorithms.set_winograd(monkeypatch, algorithms.never)


def tiles_of(rows, columns, itemsize):
    """Return which of TILES a GEMM is cut into."""
    actual = set()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(
            gemm.py_func.__globals__, "gemm_tile", lambda tile, *options, **named: actual.add(tile)
        )
        c = Matrix(np.empty(0, f"f{itemsize}"), 0, 0)
        gemm.py_func(c, c, None, None, rows, columns)
    return actual


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_tile_of_the_product_is_exact(dtype, rng):
    lanes, tiles = 64 // np.dtype(dtype).itemsize, set()
    for rows in (*range(1, 14), 25):
        for columns in (1, lanes - 1, lanes, lanes + 1, 3 * lanes + 5, 4 * lanes, 7 * lanes):
            tiles |= tiles_of(rows, columns, np.dtype(dtype).itemsize)
            a, b = integers(rng, rows, 8, dtype=dtype), integers(rng, 8, columns, dtype=dtype)
            start = integers(rng, columns, dtype=dtype)
            c = np.full((rows, columns), np.nan, dtype)
            out, initial = Matrix(c.ravel(), 0, columns), Matrix(start, 0, 0)
            left = LeftOperand(
                array=a.ravel(),
                offset=0,
                row_stride=8,
                k_stride=1,
                segment_stride=4,
                segment_length=4,
                segments=2,
            )
            padded = pad_to_vector_width(b)
            right = RightOperand(padded.ravel(), 0, padded.shape[1], 4 * padded.shape[1])
            gemm(out, initial, left, right, rows, columns)
            np.testing.assert_array_equal(c, start + a @ b)
            gemm(out, out, left, right, rows, columns)
            np.testing.assert_array_equal(c, start + 2 * (a @ b))
    assert tiles == USED_TILES


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
@pytest.mark.parametrize(
    ("n", "c", "f"), [(1, 1, 1), (5, 300, 70), (130, 9, 256), (7, 17, 10), (0, 3, 2), (6, 513, 64)]
)
def test_dense_is_exact_on_integers(n, c, f, dtype, rng):
    x, kernel = integers(rng, n, c, dtype=dtype), integers(rng, c, f, dtype=dtype)
    bias, dy = integers(rng, f, dtype=dtype), integers(rng, n, f, dtype=dtype)
    for name, arguments in {
        "dense_forward": (x, kernel, bias),
        "dense_backward_input": (dy, kernel),
        "dense_backward_kernel": (dy, x),
    }.items():
        actual = getattr(kernels, name)(*arguments)
        for one, other in paired(actual, getattr(reference, name)(*arguments)):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", POOLS)
def test_pooling(case, dtype, rng):
    n, h, w, c, pool, strides, padding = POOLS[case]
    x = integers(rng, n, h, w, c, dtype=dtype)  # few values, so there are many ties
    y, argmax = ops.max_pool2d_forward(x, pool, strides, padding)
    start = (padding[0][0], padding[1][0])
    wanted = reference.max_pool2d_forward(x, pool, strides, start, y.shape[1:3])
    np.testing.assert_array_equal(y, wanted[0])
    np.testing.assert_array_equal(argmax, wanted[1])
    dy = integers(rng, *y.shape, dtype=dtype)
    dx = ops.max_pool2d_backward(dy, argmax, x.shape)
    np.testing.assert_array_equal(dx, reference.max_pool2d_backward(dy, argmax, x.shape))
    assert dx.sum() == dy.sum()  # one argmax a window, and it receives everything
    mean = ops.average_pool2d_forward(x, pool, strides, padding)
    expected = reference.average_pool2d_forward(x, pool, strides, start, y.shape[1:3])
    np.testing.assert_allclose(mean, expected, rtol=1e-6)
    dx = ops.average_pool2d_backward(dy, x.shape, pool, strides, padding)
    expected = reference.average_pool2d_backward(dy, x.shape, pool, strides, start)
    np.testing.assert_allclose(dx, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
def test_average_pooling_is_exact_where_division_is(dtype, rng):
    x = integers(rng, 2, 8, 8, 3, dtype=dtype)
    for pool in ((2, 2), (4, 2)):
        output = (8 // pool[0], 8 // pool[1])
        arguments = x, pool, pool, (0, 0), output
        np.testing.assert_array_equal(
            kernels.average_pool2d_forward(*arguments), reference.average_pool2d_forward(*arguments)
        )


def test_nan_wins_a_maximum_and_stays_in_a_relu():
    x = np.array([[1, np.nan], [np.nan, 5]], np.float32).reshape(1, 2, 2, 1)
    for implementation in (kernels, reference):
        y, argmax = implementation.max_pool2d_forward(x, (2, 2), (2, 2), (0, 0), (1, 1))
        assert np.isnan(y.item())
        assert argmax.item() == 1  # the first of the two
        np.testing.assert_array_equal(implementation.relu_forward(x), x)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("samples", [1, 4, 5, 13])  # few go another way
def test_nan_in_nan_out_of_a_dense_layer(samples, dtype, rng):
    x, kernel = integers(rng, samples, 40, dtype=dtype), integers(rng, 40, 70, dtype=dtype)
    x[-1, 7], bias = np.nan, integers(rng, 70, dtype=dtype)
    bias[3] = np.nan
    y = kernels.dense_forward(x, kernel, bias)
    np.testing.assert_array_equal(y, reference.dense_forward(x, kernel, bias))
    assert np.isnan(y[-1]).all()
    assert np.isnan(y[:, 3]).all()


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


def test_a_window_of_minus_infinity_still_has_a_winner():
    x = np.full((1, 2, 2, 1), -np.inf, np.float32)
    for implementation in (kernels, reference):
        y, argmax = implementation.max_pool2d_forward(x, (3, 3), (2, 2), (1, 1), (1, 1))
        assert (y.item(), argmax.item()) == (-np.inf, 0)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [0, 1, 17, 5001])
def test_relu_and_dropout_are_exact(size, dtype, rng):
    x, dy = rng.standard_normal(size).astype(dtype), rng.standard_normal(size).astype(dtype)
    y = reference.relu_forward(x)
    np.testing.assert_array_equal(kernels.relu_forward(x), y)
    np.testing.assert_array_equal(kernels.relu_backward(dy, y), reference.relu_backward(dy, y))
    for rate, seed in ((0, 1), (0.25, 2**64 - 1), (0.999, 7), (1, 7)):
        y = reference.dropout_forward(x, rate, seed)
        assert y.dtype == dtype
        np.testing.assert_array_equal(kernels.dropout_forward(x, rate, seed), y)
        np.testing.assert_array_equal(
            kernels.dropout_backward(dy, rate, seed), reference.dropout_backward(dy, rate, seed)
        )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("name", "slots", "settings"),
    [
        ("sgd_update", 1, (0.1, 0.0, False)),
        ("sgd_update", 1, (0.1, 0.9, False)),
        ("sgd_update", 1, (0.1, 0.9, True)),
        ("adadelta_update", 2, (1.0, 0.95, 1e-7)),
        ("adam_update", 2, (0.01, 0.9, 0.999, 1e-7)),
    ],
)
def test_optimizers(name, slots, settings, dtype, rng):
    wanted = [rng.standard_normal((7, 11)).astype(dtype) for _ in range(2 + slots)]
    wanted[2:] = [np.abs(slot) for slot in wanted[2:]]
    actual = [array.copy() for array in wanted]
    for _ in range(3):
        getattr(reference, name)(*wanted, *settings)
        getattr(kernels, name)(*actual, *settings)
    for one, other in zip(actual, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-6 if dtype == np.float32 else 1e-13)


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


@pytest.mark.parametrize(
    ("features", "triple", "wanted"),
    [
        ("+avx512f,+avx2,+fma", "x86_64-unknown-linux-gnu", (64, 4, True)),
        ("+avx2,+fma", "x86_64-pc-windows-msvc", (32, 2, True)),
        ("+avx2", "x86_64-apple-darwin", (32, 2, False)),
        ("+sse2,-avx2", "x86_64-unknown-linux-gnu", (16, 2, False)),
        ("+neon", "aarch64-unknown-linux-gnu", (16, 4, True)),
        ("+neon", "arm64-apple-darwin23.0.0", (16, 4, True)),
    ],
)
def test_the_tile_fits_the_machine(features, triple, wanted):
    assert vector_shape(features, triple) == wanted


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("relu", [False, True])
def test_few_channels_give_the_bits_of_the_general_way(relu, dtype, rng, monkeypatch):
    for case in CONVOLUTIONS:
        n, h, w, c, kh, kw, f, strides, padding = CONVOLUTIONS[case]
        kernel = rng.standard_normal((kh, kw, c, f)).astype(dtype)
        output = ops.conv2d_output((h, w), (kh, kw), strides, padding)
        dy, y = rng.standard_normal((2, n, *output, f)).astype(dtype)
        actual = []
        for few in (100, 0):
            algorithms.set_winograd(monkeypatch, algorithms.never, few)
            arguments = dy, kernel, (n, h, w, c), strides, padding, y if relu else None
            actual.append(kernels.conv2d_backward_input(*arguments))
        np.testing.assert_array_equal(*actual)
