"""Winograd's way against the definition: sizes that no tile divides, odd channels, bands, large numbers."""

from fractions import Fraction

import numpy as np
import pytest

from tests.support.exact import DTYPES, NONE
from tests.support.fused_convolutions import SAME
from tests.support.winograd import as_float64, assert_close, image
from tinycnn.ops import kernels, reference
from tinycnn.ops.kernels.convolution import winograd

pytestmark = pytest.mark.usefixtures("ways")
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
        ((4, 4), (3, 3, 32, 32), (1, 1), False),  # one tile: products of one row
        ((11, 11), (3, 3, 16, 16), (1, 1), False),  # there is more to transform than to multiply
    ],
)
def test_it_is_chosen_where_it_pays(monkeypatch, output, kernel, strides, wanted):
    monkeypatch.undo()
    assert winograd.pays(output, kernel, strides) is wanted


def test_one_tile_pays_where_those_of_many_samples_are_multiplied_at_once(monkeypatch):
    monkeypatch.undo()
    one_tile = (4, 4), (3, 3, 32, 32), (1, 1)
    assert winograd.pays(*one_tile, samples=8)
    assert not winograd.pays(*one_tile)
