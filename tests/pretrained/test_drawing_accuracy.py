"""How well a model reads simulated drawings."""

import numpy as np
import pytest

from tests.support.mean_digits import mean_digits
from tinycnn import pretrained
from tinycnn.layers import Dense, Flatten, Input
from tinycnn.models import Sequential
from tinycnn.pretrained.digit_input import DigitInput
from tinycnn.pretrained.drawing_accuracy import DRAWINGS, drawing_accuracy


def test_a_net_for_drawings_reads_most_and_one_that_always_says_3_a_tenth():
    assert drawing_accuracy(pretrained.load()) > 0.95
    model = Sequential([Input((28, 28, 1)), Flatten(), Dense(10, kernel_initializer="zeros")])
    model.set_weights([model.get_weights()[0], np.eye(10)[3]])
    assert 0.05 < drawing_accuracy(model) < 0.15
    model.set_weights([model.get_weights()[0], 0.23 * np.eye(10)[3]])
    assert drawing_accuracy(model) == 0, "with a probability of 0.23 nothing is read"


def test_drawings_come_as_the_model_wants_them():
    usual, other = DigitInput((784,)), DigitInput((784,), 255, 0)
    found = drawing_accuracy(mean_digits(other), other)
    assert found == pytest.approx(drawing_accuracy(mean_digits(usual), usual), abs=3 / DRAWINGS)
    assert drawing_accuracy(mean_digits(other), usual) < found - 0.2
