"""LearningRateScheduler: the rate of every epoch, and what stands in the logs."""

import numpy as np
import pytest

from tests.support.fitting import train
from tests.support.nets import dense
from tinycnn.callbacks import LearningRateScheduler


@pytest.fixture
def model():
    return dense()


@pytest.mark.parametrize(
    "schedule", [lambda epoch, rate: rate / 2, lambda epoch: np.float32(0.005 / 2**epoch)]
)
def test_each_epoch_has_its_rate(schedule, model):
    history = train(model, LearningRateScheduler(schedule), epochs=3).history
    assert history["learning_rate"] == pytest.approx([0.005, 0.0025, 0.00125], rel=1e-6)
    assert model.optimizer.learning_rate == pytest.approx(0.00125, rel=1e-6)


def test_the_rate_is_that_of_the_steps(model):
    before = model.get_weights()
    train(model, LearningRateScheduler(lambda epoch, rate: 0.0))
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_it_says_so_if_told_to(model, capsys):
    train(model, LearningRateScheduler(lambda epoch, rate: 0.25, verbose=1))
    wanted = "Epoch 1: LearningRateScheduler setting learning rate to 0.25.\n"
    assert capsys.readouterr().out == wanted


@pytest.mark.parametrize("rate", [None, "0.1", 1])
def test_anything_but_a_float_is_refused(rate, model):
    with pytest.raises(ValueError, match=f"must return a float. Received: {rate!r}"):
        train(model, LearningRateScheduler(lambda epoch, old: rate))


def test_what_is_no_function_is_refused_at_once():
    with pytest.raises(ValueError, match=r"must be a function of the epoch\. Received: 3"):
        LearningRateScheduler(3)


def test_a_fault_in_the_function_comes_out(model):
    with pytest.raises(TypeError):
        train(model, LearningRateScheduler(lambda epoch, rate: rate + None))
