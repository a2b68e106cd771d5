"""ZeroPadding2D: an example, and what padding may be."""

import numpy as np
import pytest

from tests.support.layer_calls import backward, forward
from tinycnn.layers import ZeroPadding2D


def test_zero_padding_worked():
    layer, x = ZeroPadding2D(((1, 0), (0, 2))), np.arange(1, 5).reshape(1, 2, 2, 1)
    y, _ = forward(layer, x)
    np.testing.assert_array_equal(y[0, :, :, 0], [[0, 0, 0, 0], [1, 2, 0, 0], [3, 4, 0, 0]])
    np.testing.assert_array_equal(backward(layer, x, y + 1)[0], x + 1)


def test_what_padding_may_be():
    assert ZeroPadding2D(3).padding == ((3, 3), (3, 3))
    assert ZeroPadding2D((1, 2)).padding == ((1, 1), (2, 2))
    for wrong in (-1, (1, 2, 3), ((1,), (2, 2)), 1.5, "1"):
        with pytest.raises(ValueError, match="padding"):
            ZeroPadding2D(wrong)
