"""ELU: an example with its arithmetic."""

import math

import numpy as np

from tests.support.layer_calls import backward, forward
from tinycnn.layers import ELU


def test_elu_worked():
    layer, x = ELU(2.0), [[-math.log(2), 0, 3, 1000, math.nan]]
    np.testing.assert_allclose(forward(layer, x)[0], [[-1, 0, 3, 1000, math.nan]], rtol=1e-6)
    dx, _ = backward(layer, x[:1], [[4, 4, 4, 4, 4]])
    # The slope of 2 (exp(x) - 1) is 2 exp(x): 1 at -log 2, and 2 at 0, which counts as the left side.
    np.testing.assert_allclose(dx[0, :4], [4, 8, 4, 4], rtol=1e-6)
