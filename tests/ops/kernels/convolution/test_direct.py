"""The direct way over odd shapes against the definition: exactly on small integers, through every tile."""

import numpy as np
import pytest

from tests.support.exact import CONVOLUTIONS, DTYPES, integers, some_images
from tests.support.intrinsics import entered
from tests.support.tiles import USED_TILES, tiles_of
from tinycnn.ops import reference
from tinycnn.ops.kernels.blocks.gemm import gemm
from tinycnn.ops.kernels.convolution import direct
from tinycnn.utils.kept_transform import MADE_ANEW


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CONVOLUTIONS)
def test_forward_is_exact(case, dtype, rng):
    x, kernel, bias, strides, padding = some_images(case, rng, dtype)
    y = reference.conv2d_forward(x, kernel, bias, strides, padding)
    for relu, wanted in ((False, y), (True, np.maximum(y, 0))):
        actual = direct.forward(x, kernel, bias, strides, padding, relu, MADE_ANEW)
        assert actual.dtype == dtype
        np.testing.assert_array_equal(actual, wanted)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CONVOLUTIONS)
def test_the_gradient_of_the_kernel_is_exact(case, dtype, rng):
    x, kernel, bias, strides, padding = some_images(case, rng, dtype)
    y = reference.conv2d_forward(x, kernel, bias, strides, padding)
    dy = integers(rng, *y.shape, dtype=dtype)
    for relu_output, dz in ((dy[:0], dy), (y, np.where(y > 0, dy, 0))):
        arguments = dy, x, kernel.shape, strides, padding
        actual = direct.backward_kernel(*arguments, relu_output)
        wanted = reference.conv2d_backward_kernel(dz, *arguments[1:])
        for one, other in zip(actual, wanted, strict=True):
            assert one.dtype == dtype
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_convolutions_above_use_every_tile(dtype, rng):
    sizes = set()

    def watch(function, arguments):
        if function is gemm:
            sizes.add(arguments[-2:])
        function(*arguments)

    with entered(watch):
        for case in CONVOLUTIONS:
            direct.forward(*some_images(case, rng, dtype), False, MADE_ANEW)
    used = set().union(*(tiles_of(*map(int, size), np.dtype(dtype).itemsize) for size in sizes))
    assert used == USED_TILES
