"""The gradient of the images over odd shapes against the definition: exactly on small integers."""

import numpy as np
import pytest

from tests.support.exact import CONVOLUTIONS, DTYPES, integers, some_images
from tinycnn import ops
from tinycnn.ops import reference
from tinycnn.ops.kernels.convolution import window_gradients


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CONVOLUTIONS)
def test_it_is_exact(case, dtype, rng):
    x, kernel, _, strides, padding = some_images(case, rng, dtype)
    output = ops.conv2d_output(x.shape[1:3], kernel.shape[:2], strides, padding)
    dy, y = (integers(rng, len(x), *output, kernel.shape[3], dtype=dtype) for _ in range(2))
    for relu_output, dz in ((dy[:0], dy), (y, np.where(y > 0, dy, 0))):
        arguments = kernel, x.shape, strides, padding
        actual = window_gradients.backward_input(dy, *arguments, relu_output)
        assert actual.dtype == dtype
        np.testing.assert_array_equal(actual, reference.conv2d_backward_input(dz, *arguments))


def test_each_kernel_row_is_transposed_and_padded():
    kernel = np.arange(2 * 3 * 2 * 5, dtype=np.float32).reshape(2, 3, 2, 5)
    panels = window_gradients.transposed_panels(kernel)  # (kh, panels, f, width)
    rows = panels.transpose(0, 1, 3, 2).reshape(2, -1, 5)
    np.testing.assert_array_equal(rows[:, :6], kernel.reshape(2, 6, 5))
    assert not rows[:, 6:].any()
