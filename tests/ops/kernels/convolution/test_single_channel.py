"""Gray images and few filters, called directly: forward and backward against the definition."""

import numpy as np
import pytest

from tests.support.exact import DTYPES, integers
from tests.support.fused_convolutions import assert_close
from tinycnn.ops import reference
from tinycnn.ops.kernels.activations import ACTIVATION_CODES
from tinycnn.ops.kernels.convolution import single_channel
from tinycnn.utils.geometry import FusedConvolution


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize(
    ("shape", "kernel_shape", "padding", "pool"),
    [
        ((3, 12, 19, 1), (5, 5, 1, 6), ((2, 1), (0, 3)), (2, 2)),
        ((9, 7, 7, 1), (2, 7, 1, 1), ((0, 0), (0, 0)), (4, 1)),
        ((2, 9, 10, 1), (1, 3, 1, 8), ((0, 0), (1, 1)), (3, 4)),
        ((0, 7, 7, 1), (3, 3, 1, 4), ((0, 0), (0, 0)), (2, 2)),
    ],
)
def test_it_is_the_definition(shape, kernel_shape, padding, pool, activation, dtype, rng):
    x, kernel = integers(rng, *shape, dtype=dtype), integers(rng, *kernel_shape, dtype=dtype) / 8
    bias, code = integers(rng, kernel_shape[3], dtype=dtype), ACTIVATION_CODES[activation]
    fused = FusedConvolution((1, 1), padding, pool, activation)
    actual = single_channel.forward(x, kernel, bias, padding, code, pool)
    wanted = reference.conv2d_average_pool2d_forward(x, kernel, bias, fused)
    assert_close(actual, wanted, 1e-6 if dtype == np.float32 else 1e-14)
    dy, a = integers(rng, *actual[0].shape, dtype=dtype), actual[1]
    gradients = single_channel.backward(dy, a, x, kernel_shape, padding, code, pool)
    wanted = reference.conv2d_average_pool2d_backward(dy, a, x, kernel, fused, False)
    assert [one.dtype for one in gradients] == [dtype, dtype]
    assert_close(gradients, wanted[1:], 2e-6 if dtype == np.float32 else 1e-14)
