"""Images of few channels go another way backward, to the same bits."""

import numpy as np
import pytest

from tests.support import algorithms
from tests.support.exact import CONVOLUTIONS, DTYPES
from tinycnn import ops
from tinycnn.ops import kernels


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("relu", [False, True])
def test_few_channels_give_the_bits_of_the_general_way(relu, dtype, rng, monkeypatch):
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
        np.testing.assert_array_equal(*actual)
