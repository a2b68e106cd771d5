"""Winograd's way against the definition: sizes that no tile divides, odd channels, bands, large numbers."""

from fractions import Fraction

import numpy as np
import pytest

from tinycnn import ops
from tinycnn.ops import reference

if ops.implementation() is reference:
    pytest.skip("without Numba only the definitions run", allow_module_level=True)

from tests.support import algorithms
from tinycnn.ops import kernels
from tinycnn.ops.kernels.convolution import winograd, winograd_gradient
from tinycnn.utils.geometry import FusedConvolution

DTYPES = (np.float32, np.float64)
BOUNDS = {np.float32: 1e-5, np.float64: 1e-13}
NONE, SAME = ((0, 0), (0, 0)), ((1, 1), (1, 1))
IMAGES = {  # n, output's rows and columns, c, f, padding
    "several bands": (1, 60, 44, 8, 9, NONE),
    "a band a row": (1, 6, 201, 3, 5, SAME),
    "odd channels": (2, 9, 10, 9, 17, NONE),
    "one more than two vectors": (1, 7, 6, 33, 8, SAME),
    "one more than one vector": (1, 5, 9, 17, 33, NONE),
    "one channel, one filter": (1, 8, 8, 1, 1, SAME),
    "uneven padding": (2, 10, 7, 8, 8, ((2, 0), (0, 3))),
    "many samples": (19, 4, 4, 16, 16, NONE),
}


@pytest.fixture
def rng():
    return np.random.default_rng(8)


@pytest.fixture(autouse=True)
def ways(monkeypatch):
    """Let every 3 x 3 convolution go this way; note each time that one does."""
    transformed, values, points = [], winograd.filter_transform, winograd.filter_matrix
    algorithms.set_winograd(monkeypatch, algorithms.always, few=0)
    monkeypatch.setattr(
        winograd, "filter_transform", lambda k: transformed.append(k.shape) or values(k)
    )
    noted = lambda dtype: transformed.append("gradient") or points(dtype)  # noqa: E731
    monkeypatch.setattr(winograd_gradient, "filter_matrix", noted)
    return transformed


def image(rng, n, oh, ow, c, padding, dtype):
    (top, bottom), (left, right) = padding
    size = n, oh + 2 - top - bottom, ow + 2 - left - right, c
    return rng.standard_normal(size).astype(dtype)


def as_float64(*values):
    return [v.astype(np.float64) if isinstance(v, np.ndarray) else v for v in values]


def assert_close(actual, wanted, dtype):
    assert actual.dtype == dtype
    assert actual.shape == wanted.shape
    for size in (np.linalg.norm, lambda numbers: np.abs(numbers).max()):
        assert size(actual - wanted) <= BOUNDS[dtype] * size(wanted)


@pytest.mark.parametrize("padding", [((3, 0), (0, 0)), ((0, 0), (5, 1)), ((3, 3), (4, 4))])
def test_an_image_behind_more_padding_than_a_kernel_has_reach(padding, rng, ways):
    x, kernel = rng.standard_normal((2, 8, 9, 8)), rng.standard_normal((3, 3, 8, 9))
    y = kernels.conv2d_forward(x, kernel, np.zeros(9), (1, 1), padding)
    wanted = reference.conv2d_forward(x, kernel, np.zeros(9), (1, 1), padding)
    np.testing.assert_allclose(y, wanted, atol=1e-12)
    arguments = rng.standard_normal(y.shape), kernel, x.shape, (1, 1), padding
    dx = kernels.conv2d_backward_input(*arguments)  # not this way
    np.testing.assert_allclose(dx, reference.conv2d_backward_input(*arguments), atol=1e-12)
    assert len(ways) == 1


def compare(x, kernel, padding, rng, ways):
    """Compare the forward step and all gradients with their definitions, in float64."""
    dtype, bias = x.dtype.type, rng.standard_normal(kernel.shape[3]).astype(x.dtype)
    actual = kernels.conv2d_forward(x, kernel, bias, (1, 1), padding)
    wanted = reference.conv2d_forward(*as_float64(x, kernel, bias), (1, 1), padding)
    assert_close(actual, wanted, dtype)
    dy = rng.standard_normal(actual.shape).astype(x.dtype)
    dx = kernels.conv2d_backward_input(dy, kernel, x.shape, (1, 1), padding)
    wanted = reference.conv2d_backward_input(*as_float64(dy, kernel), x.shape, (1, 1), padding)
    assert_close(dx, wanted, dtype)
    actual = kernels.conv2d_backward_kernel(dy, x, kernel.shape, (1, 1), padding)
    wanted = reference.conv2d_backward_kernel(*as_float64(dy, x), kernel.shape, (1, 1), padding)
    for one, other in zip(actual, wanted, strict=True):
        assert_close(one, other, dtype)
    assert len(ways) == 3, "another way was transformed"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", IMAGES)
def test_images(case, dtype, rng, ways):
    n, oh, ow, c, f, padding = IMAGES[case]
    x = image(rng, n, oh, ow, c, padding, dtype)
    kernel = rng.standard_normal((3, 3, c, f)).astype(dtype)
    compare(x, kernel, padding, rng, ways)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_small_output(dtype, rng, ways):
    kernel = rng.standard_normal((3, 3, 8, 9)).astype(dtype)
    for oh in range(1, 14):
        for ow in range(1, 14):
            ways.clear()
            compare(image(rng, 1, oh, ow, 8, NONE, dtype), kernel, NONE, rng, ways)


@pytest.mark.parametrize("dtype", DTYPES)
def test_with_padding_every_small_image(dtype, rng, ways):
    kernel = rng.standard_normal((3, 3, 9, 8)).astype(dtype)
    for size in range(1, 14):
        ways.clear()
        compare(image(rng, 2, size, 14 - size, 9, SAME, dtype), kernel, SAME, rng, ways)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("scale", [1e3, 1e-3, "mixed"])
def test_numbers_of_other_magnitudes(scale, dtype, rng, ways):
    factor = 10.0 ** rng.integers(-3, 4, 17) if scale == "mixed" else scale
    x = (image(rng, 2, 11, 10, 17, NONE, np.float64) * factor).astype(dtype)
    kernel = rng.standard_normal((3, 3, 17, 8)).astype(dtype)
    compare(x, kernel, NONE, rng, ways)


def test_relu_behind_it(rng, ways):
    x = image(rng, 2, 9, 9, 8, NONE, np.float64)
    kernel, bias = rng.standard_normal((3, 3, 8, 9)), rng.standard_normal(9)
    y = kernels.conv2d_relu_forward(x, kernel, bias, FusedConvolution((1, 1), NONE))
    wanted = reference.conv2d_relu_forward(x, kernel, bias, FusedConvolution((1, 1), NONE))
    np.testing.assert_allclose(y, wanted, atol=1e-12)
    dy = rng.standard_normal(y.shape)
    actual = kernels.conv2d_relu_backward(dy, y, x, kernel, FusedConvolution((1, 1), NONE), True)
    wanted = reference.conv2d_relu_backward(dy, y, x, kernel, FusedConvolution((1, 1), NONE), True)
    for one, other in zip(actual, wanted, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-11)
    assert len(ways) == 3


@pytest.mark.parametrize("place", [(0, 0), (3, 3), (5, 0), (13, 13)])
def test_one_pixel_far_above_the_others_among_a_thousand_channels(place, rng, monkeypatch):
    x, kernel = image(rng, 1, 14, 14, 1024, NONE, np.float32), rng.standard_normal((3, 3, 1024, 64))
    x[0, place[0], place[1], 0] = 1e4
    arrays = x, kernel.astype(np.float32), np.zeros(64, np.float32)
    rotated = np.ascontiguousarray(arrays[1].transpose(0, 1, 3, 2))
    back = x, rotated, (1, 18, 18, 64)  # read as a gradient, (1, 16, 16, 1024)
    actual = (
        kernels.conv2d_forward(*arrays, (1, 1), NONE),
        kernels.conv2d_backward_input(*back, (1, 1), NONE),
    )
    algorithms.set_winograd(monkeypatch, algorithms.never)
    wanted = (
        kernels.conv2d_forward(*as_float64(*arrays), (1, 1), NONE),
        kernels.conv2d_backward_input(*as_float64(x, rotated), back[2], (1, 1), NONE),
    )
    for one, exact in zip(actual, wanted, strict=True):
        assert np.linalg.norm(one - exact) <= 1e-5 * np.linalg.norm(exact)


@pytest.mark.parametrize(("n", "size"), [(128, 24), (4, 128)])
def test_a_gradient_that_sums_over_thousands_of_tiles(n, size, rng, monkeypatch):
    x, dy = image(rng, n, size, size, 8, NONE, np.float32), rng.standard_normal((n, size, size, 8))
    arrays = dy.astype(np.float32), x
    actual, _ = kernels.conv2d_backward_kernel(*arrays, (3, 3, 8, 8), (1, 1), NONE)
    algorithms.set_winograd(monkeypatch, algorithms.never)
    wanted, _ = kernels.conv2d_backward_kernel(*as_float64(*arrays), (3, 3, 8, 8), (1, 1), NONE)
    assert np.linalg.norm(actual - wanted) <= 1e-5 * np.linalg.norm(wanted)


@pytest.mark.parametrize("size", [0, 10**9])
def test_samples_at_once_and_in_groups_give_the_same_gradient(size, rng, monkeypatch):
    monkeypatch.setattr(winograd_gradient, "SCRATCH_BYTES", size)
    x, dy = image(rng, 11, 9, 6, 8, NONE, np.float64), rng.standard_normal((11, 9, 6, 9))
    actual = kernels.conv2d_backward_kernel(dy, x, (3, 3, 8, 9), (1, 1), NONE)
    wanted = reference.conv2d_backward_kernel(dy, x, (3, 3, 8, 9), (1, 1), NONE)
    for one, other in zip(actual, wanted, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-11)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_reaches_the_gradient_of_the_kernel(bad, rng):
    x, dy = image(rng, 2, 9, 9, 8, NONE, np.float32), rng.standard_normal((2, 9, 9, 8))
    dy = dy.astype(np.float32)
    x[1, 3, 4, 2] = bad
    dkernel, dbias = kernels.conv2d_backward_kernel(dy, x, (3, 3, 8, 8), (1, 1), NONE)
    assert not np.isfinite(dkernel[:, :, 2]).any()
    assert np.isfinite(np.delete(dkernel, 2, axis=2)).all()
    assert np.isfinite(dbias).all()


def test_the_filter_transform_is_the_kernel_at_six_points(rng):
    # A kernel is a polynomial; at each point its value is divided by that of the five other factors.
    points = [Fraction(p) for p in (0, 1, -1, 2, -2)]
    rows = []
    for point in points:
        others = Fraction(1)
        for other in points:
            others *= point - other if other != point else 1
        rows.append([point**power / others for power in range(3)])
    rows.append(
        [Fraction(0), Fraction(0), Fraction(1)]
    )  # at infinity only the highest power counts
    kernel = rng.integers(-5, 6, (3, 3, 2, 3))
    actual = winograd.filter_transform(kernel.astype(np.float64)).reshape(6, 6, 2, -1)
    actual = actual[..., :3]  # behind them are zeros, to whole vectors
    for i, by_row in enumerate(rows):
        for j, by_column in enumerate(rows):
            exact = sum(
                by_row[a] * by_column[b] * kernel[a, b].astype(object)
                for a in range(3)
                for b in range(3)
            )
            np.testing.assert_allclose(
                actual[i, j], exact.astype(np.float64), rtol=1e-14, atol=1e-15
            )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("pixel", [(0, 0), (4, 6), (5, 7), (11, 12), (14, 15)])
def test_what_is_not_finite_stays_in_the_tiles_that_see_it(pixel, bad, dtype, rng):
    x, kernel = (
        image(rng, 2, 13, 14, 8, NONE, dtype),
        rng.standard_normal((3, 3, 8, 9)).astype(dtype),
    )
    x[0, *pixel, 3] = bad
    y = kernels.conv2d_forward(x, kernel, np.zeros(9, dtype), (1, 1), NONE)
    with np.errstate(invalid="ignore"):
        wanted = reference.conv2d_forward(x, kernel, np.zeros(9, dtype), (1, 1), NONE)
    assert not np.isfinite(wanted).all()
    assert not np.isfinite(y[~np.isfinite(wanted)]).any()
    assert np.isnan(y[np.isnan(wanted)]).all()
    for i in range(0, 13, winograd.OUT):
        for j in range(0, 14, winograd.OUT):
            tile = y[:, i : i + winograd.OUT, j : j + winograd.OUT]
            seen = i <= pixel[0] < i + winograd.IN and j <= pixel[1] < j + winograd.IN
            assert np.isfinite(tile[1]).all()
            assert seen or np.isfinite(tile[0]).all()


def test_no_samples(rng):
    x, kernel = np.empty((0, 9, 9, 8)), rng.standard_normal((3, 3, 8, 8))
    y = kernels.conv2d_forward(x, kernel, np.zeros(8), (1, 1), NONE)
    assert y.shape == (0, 7, 7, 8)
    for actual in kernels.conv2d_backward_kernel(y, x, kernel.shape, (1, 1), NONE):
        assert not actual.any()


@pytest.mark.parametrize(
    ("output", "kernel", "strides", "wanted"),
    [
        ((24, 24), (3, 3, 32, 64), (1, 1), True),
        ((24, 24), (3, 3, 32, 64), (2, 1), False),
        ((24, 24), (5, 3, 32, 64), (1, 1), False),
        ((26, 26), (3, 3, 1, 32), (1, 1), False),
        ((1, 1), (3, 3, 32, 64), (1, 1), False),  # a tile makes 16 pixels
    ],
)
def test_it_is_chosen_where_it_pays(monkeypatch, output, kernel, strides, wanted):
    monkeypatch.undo()
    assert winograd.pays(output, kernel, strides) is wanted
