"""History: what fit returns."""

import pytest

from tests.support.fitting import train
from tests.support.nets import X, Y, dense
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


