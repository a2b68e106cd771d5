"""Sizes of windows: what is computed once must not be found for numbers that only look the same."""

import numpy as np
import pytest

from tinycnn.utils import geometry
from tinycnn.utils.geometry import FusedConvolution
from tinycnn.utils.kept_transform import MadeAnew

NONE = ((0, 0), (0, 0))


@pytest.mark.parametrize("strides", [(1.0, 1.0), (True, True), (True, 1), (np.float32(1), 1)])
def test_numbers_equal_to_those_already_known_are_refused_all_the_same(strides):
    assert geometry.geometry((9, 9), (3, 3), (1, 1), NONE)[0] == (7, 7)
    with pytest.raises(ValueError, match="strides must be two whole numbers"):
        geometry.geometry((9, 9), (3, 3), strides, NONE)


def test_strides_larger_than_the_image_are_as_large_as_it():
    padding = ((1, 0), (0, 2))
    output, strides, same = geometry.geometry((5, 6), (2, 2), (100, 7), padding)
    assert (output, strides, same) == ((1, 1), (6, 7), padding)


@pytest.mark.parametrize("window", [(4, 1), (1, 4), (0, 1)])
def test_a_window_that_does_not_fit(window):
    with pytest.raises(ValueError, match="does not fit into an image of"):
        geometry.geometry((3, 3), window, (1, 1), NONE)
    with pytest.raises(ValueError, match="padding must not be negative"):
        geometry.geometry((3, 3), (1, 1), (1, 1), ((0, -1), (0, 0)))


def test_a_fused_convolution_holds_plain_numbers():
    fused = FusedConvolution([np.int8(2), 1], np.zeros((2, 2), np.int16), np.array([3, 1]))
    assert (fused.strides, fused.padding, fused.pool) == ((2, 1), NONE, (3, 1))
    assert {type(number) for number in (*fused.strides, *fused.pool)} == {int}
    assert fused == FusedConvolution((2, 1), NONE, (3, 1), "relu")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("strides", 1),
        ("strides", (1.0, 1)),
        ("padding", (0, 0)),
        ("pool", None),
        ("pool", (2, 2, 2)),
        ("strides", (True, 1)),
        ("strides", (1, np.True_)),
        ("strides", (2**80, 1)),
        ("padding", ((0, 0), (0, 2**62))),
        ("padding", ((0, False), (0, 0))),
        ("padding", ((0,), (0, 0))),
        ("pool", (1, 2**80)),
        ("filters", None),
        ("filters", MadeAnew),
        ("activation", "gelu"),
        ("activation", np.array(["relu"])),
    ],
)
def test_what_a_fused_convolution_cannot_do(name, value):
    with pytest.raises(ValueError, match=f"{name} must be .* Received"):
        FusedConvolution(**{"strides": (1, 1), "padding": NONE, name: value})


@pytest.mark.parametrize(
    ("size", "window", "strides", "padding"),
    [
        ((28, 28), (3, 3), (1, 1), ((1, 1), (1, 1))),
        ((28, 27), (3, 2), (2, 2), ((0, 1), (0, 1))),  # of one line more it lies below, and right
        ((9, 9), (2, 5), (4, 1), ((0, 1), (2, 2))),
        ((8, 8), (1, 1), (3, 9), NONE),
    ],
)
def test_same_padding_and_what_comes_out(size, window, strides, padding):
    assert geometry.same_padding(size, window, strides) == padding
    output = geometry.conv2d_output(size, window, strides, padding)
    assert output == tuple(-(-n // s) for n, s in zip(size, strides, strict=True))
