"""Images of few channels go another way backward, to the same numbers."""

import numpy as np
import pytest

from tests.support import algorithms
from tests.support.exact import CONVOLUTIONS, DTYPES, integers
from tinycnn import ops
from tinycnn.ops import kernels, reference
from tinycnn.ops.kernels.convolution import few_channels


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("relu", [False, True])
def test_few_channels_give_the_numbers_of_the_general_way(relu, dtype, rng, monkeypatch):
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
        rounding = 30 * np.finfo(dtype).eps * np.abs(actual[0]).max(initial=0)
        np.testing.assert_allclose(*actual, rtol=0, atol=rounding)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("x_shape", "kernel_shape", "padding"),
    [
        ((3, 7, 21, 1), (3, 3, 1, 17), ((0, 0), (0, 0))),
        ((2, 9, 8, 3), (2, 4, 3, 5), ((1, 0), (2, 3))),
        ((1, 1, 1, 7), (3, 3, 7, 1), ((1, 1), (1, 1))),
    ],
)
def test_called_directly_it_is_exact_on_integers(x_shape, kernel_shape, padding, dtype, rng):
    output = ops.conv2d_output(x_shape[1:3], kernel_shape[:2], (1, 1), padding)
    shape = x_shape[0], *output, kernel_shape[3]
    dy, y = (integers(rng, *shape, dtype=dtype) for _ in range(2))
    arguments = integers(rng, *kernel_shape, dtype=dtype), x_shape, (1, 1), padding
    for relu_output, dz in ((dy[:0], dy), (y, np.where(y > 0, dy, 0))):
        actual = few_channels.backward_input(dy, *arguments, relu_output)
        assert actual.dtype == dtype
        np.testing.assert_array_equal(actual, reference.conv2d_backward_input(dz, *arguments))
