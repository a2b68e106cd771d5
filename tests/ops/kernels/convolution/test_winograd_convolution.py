"""Whole batches through Winograd's tiles: ReLU, what is not finite, numbers of any size."""

import numpy as np
import pytest

from tests.support import algorithms
from tests.support.exact import DTYPES, NONE
from tests.support.winograd import as_float64, assert_close, image
from tinycnn.ops import kernels, reference
from tinycnn.ops.kernels.convolution import winograd, winograd_convolution
from tinycnn.utils.geometry import FusedConvolution
from tinycnn.utils.kept_transform import MADE_ANEW

pytestmark = pytest.mark.usefixtures("ways")


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


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("padding", [NONE, ((1, 0), (2, 1))])
def test_both_directions_called_directly_with_and_without_relu(padding, dtype, rng):
    x, kernel = image(rng, 2, 9, 6, 8, padding, dtype), rng.standard_normal((3, 3, 8, 17))
    kernel, bias = kernel.astype(dtype), rng.standard_normal(17).astype(dtype)
    wanted = reference.conv2d_forward(*as_float64(x, kernel, bias), (1, 1), padding)
    for relu, exact in ((False, wanted), (True, np.maximum(wanted, 0))):
        arguments = x, kernel, bias, (1, 1), padding, relu, MADE_ANEW
        assert_close(winograd_convolution.forward(*arguments), exact, dtype)
    dy, y = rng.standard_normal((2, *wanted.shape)).astype(dtype)
    for relu_output, dz in ((dy[:0], dy), (y, np.where(y > 0, dy, 0))):
        arguments = kernel, x.shape, (1, 1), padding
        exact = reference.conv2d_backward_input(*as_float64(dz, kernel), *arguments[1:])
        assert_close(winograd_convolution.backward_input(dy, *arguments, relu_output), exact, dtype)
