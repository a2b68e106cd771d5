"""The gradient of the images over odd shapes against the definition: exactly on small integers."""

import numpy as np
import pytest

from tests.support.exact import CONVOLUTIONS, DTYPES, integers, some_images
from tinycnn import ops
from tinycnn.ops import reference
from tinycnn.ops.kernels.convolution import rotated_kernel


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CONVOLUTIONS)
def test_it_is_exact(case, dtype, rng):
    x, kernel, _, strides, padding = some_images(case, rng, dtype)
    output = ops.conv2d_output(x.shape[1:3], kernel.shape[:2], strides, padding)
    dy, y = (integers(rng, len(x), *output, kernel.shape[3], dtype=dtype) for _ in range(2))
    for relu_output, dz in ((dy[:0], dy), (y, np.where(y > 0, dy, 0))):
        arguments = kernel, x.shape, strides, padding
        actual = rotated_kernel.backward_input(dy, *arguments, relu_output)
        assert actual.dtype == dtype
        np.testing.assert_array_equal(actual, reference.conv2d_backward_input(dz, *arguments))


def test_strides_cut_the_kernel_into_parts_that_are_rotated():
    kernel = np.arange(3 * 2 * 2 * 1.0).reshape(3, 2, 2, 1)
    rotated = rotated_kernel.rotate_kernel(kernel, (2, 1))
    assert rotated.sizes.tolist() == [[2, 2], [1, 2]]
    first = rotated.weights[: rotated.part_offsets[1]].reshape(-1, rotated.width)
    np.testing.assert_array_equal(first[:, :2], kernel[[2, 2, 0, 0], [1, 0, 1, 0], :, 0])
