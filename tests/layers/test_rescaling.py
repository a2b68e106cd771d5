"""Rescaling: an example with its arithmetic."""

import numpy as np

from tests.support.layer_calls import backward, forward
from tinycnn.layers import Rescaling


def test_rescaling_worked():
    layer, x = Rescaling(0.5, offset=-1), [[0, 2, 255]]
    np.testing.assert_array_equal(forward(layer, x)[0], [[-1, 0, 126.5]])
    np.testing.assert_array_equal(backward(layer, x, [[1, 2, -4]])[0], [[0.5, 1, -2]])
