"""Convolution and ReLU in one kernel against their definition; nets: tests/models/test_fusion.py."""

import pytest

from tests.support.exact import DTYPES, integers
from tests.support.fused_convolutions import CONVOLUTIONS, assert_equal, some_convolution
from tinycnn.ops import kernels, reference
from tinycnn.utils.geometry import FusedConvolution


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CONVOLUTIONS)
def test_convolution_and_relu_are_exact_on_integers(case, dtype, rng, directly):
    x, kernel, bias, *geometry = some_convolution(case, rng, dtype)
    fused = FusedConvolution(*geometry)
    wanted = reference.conv2d_relu_forward(x, kernel, bias, fused)
    y = kernels.conv2d_relu_forward(x, kernel, bias, fused)
    assert_equal([y], [wanted], dtype)
    assert not y[..., 0].any()
    dy = integers(rng, *y.shape, dtype=dtype)
    for wants_dx in (True, False):
        arguments = dy, y, x, kernel, fused, wants_dx
        wanted = reference.conv2d_relu_backward(*arguments)
        assert_equal(kernels.conv2d_relu_backward(*arguments), wanted, dtype)
