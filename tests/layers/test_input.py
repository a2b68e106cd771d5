"""The input layer: it hands on what it gets."""

import numpy as np

from tests.support.layer_calls import backward, forward
from tinycnn.layers import (
    Input,
    InputLayer,
)


def test_the_input_layer_hands_on():
    x = np.ones((2, 3))
    np.testing.assert_array_equal(forward(InputLayer((3,)), x)[0], x)
    np.testing.assert_array_equal(backward(InputLayer((3,)), x, x)[0], x)
    assert Input((28, 28, 1)).batch_shape == Input(batch_shape=(None, 28, 28, 1)).batch_shape
