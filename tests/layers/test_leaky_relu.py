"""LeakyReLU: an example with its arithmetic."""

import math

import numpy as np

from tests.support.layer_calls import backward, forward
from tinycnn.layers import (
    LeakyReLU,
)


def test_the_name_of_its_slope_in_keras_2_is_taken():
    assert LeakyReLU(alpha=0.1).get_config() == LeakyReLU(0.1).get_config()


def test_leaky_relu_worked():
    layer, x = LeakyReLU(0.25), [[-2, 0, 3, math.nan]]
    np.testing.assert_array_equal(forward(layer, x)[0], [[-0.5, 0, 3, math.nan]])
    dx, _ = backward(layer, x, [[4, 4, 4, 4]])
    np.testing.assert_array_equal(dx, [[1, 1, 4, 1]])
