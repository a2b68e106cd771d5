"""History: what fit returns."""

import pytest

from tests.support.fitting import train
from tests.support.nets import dense
from tinycnn.callbacks import History


@pytest.fixture
def model():
    return dense()


def test_a_new_history_for_every_training(model):
    first, second = train(model), train(model, epochs=2)
    assert first.epoch == [0]
    assert second.epoch == [0, 1]
    assert model.history is second
    assert second.params == {"epochs": 2, "steps": 1, "verbose": 0}
    assert second.model is model


def test_a_history_of_your_own_collects_on(model):
    own = History()
    assert train(model, own) is own
    assert train(model, own, epochs=2) is own
    assert (own.epoch, len(own.history["loss"])) == ([0, 1], 3)
