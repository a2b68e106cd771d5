"""Reshape: what fits, what does not, and where a number goes."""

import numpy as np
import pytest

from tests.support.layer_calls import backward, forward
from tinycnn.layers import Reshape
from tinycnn.layers.reshape import moved


def test_reshape_worked():
    layer, x = Reshape((2, -1)), np.arange(12).reshape(2, 6)
    y, _ = forward(layer, x)
    np.testing.assert_array_equal(y, np.arange(12).reshape(2, 2, 3))
    np.testing.assert_array_equal(backward(layer, x, y)[0], x)
    assert moved((1, 2), (2, 3), (6,)) == (5,)


@pytest.mark.parametrize("target_shape", [(0, 3), (-1, -1), (-2, 3), 7, (2.5,)])
def test_odd_targets_are_refused(target_shape):
    with pytest.raises(ValueError, match="target_shape"):
        Reshape(target_shape)


@pytest.mark.parametrize("target_shape", [(5,), (4, -1), (6, 2)])
def test_what_does_not_fit_is_refused(target_shape):
    with pytest.raises(ValueError, match="have not as many numbers"):
        Reshape(target_shape).compute_output_shape((None, 6))
