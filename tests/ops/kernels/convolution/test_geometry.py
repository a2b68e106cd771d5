"""How windows lie on an image: every number against one counted by trying."""

import itertools

from tinycnn.ops.kernels.convolution.geometry import convolution_geometry


def test_as_many_windows_as_fit():
    for size, window, stride, zeros in itertools.product(
        (5, 8), (1, 3, 5), (1, 2, 4), ((0, 0), (2, 1))
    ):
        padded = size + sum(zeros)
        fit = sum(first + window <= padded for first in range(0, padded, stride))
        rows = convolution_geometry((size, 9), (window, 2), (stride, 3), (zeros, (1, 0)))
        assert rows.output == (fit, 3)
        assert rows.padded_size == (padded, 10)
        assert rows.pad_top_left == (zeros[0], 1)
        assert (rows.kernel_size, rows.strides) == ((window, 2), (stride, 3))
