"""The dropout layer: examples with their arithmetic."""

import numpy as np
import pytest

from tests.support.layer_calls import forward
from tinycnn.layers import (
    Dropout,
)


def test_dropout_worked():
    x = np.ones((4, 1000))
    y, ctx = forward(Dropout(0.75), x, training=True)
    assert set(np.unique(y)) == {0, 4}  # 1 / (1 - 0.75)
    assert abs(y.mean() - 1) < 0.1
    dx, _ = Dropout(0.75).backward(np.float32(x), ctx)
    np.testing.assert_array_equal(dx, y)  # the gradient passes where the signal passed
    np.testing.assert_array_equal(forward(Dropout(0.75), x)[0], x)


@pytest.mark.parametrize(("rate", "value"), [(0, 1), (1, 0)])
def test_dropout_of_nothing_and_of_everything(rate, value):
    y, _ = forward(Dropout(rate), np.ones((2, 50)), training=True)
    np.testing.assert_array_equal(y, np.full((2, 50), value))
