"""`Model`, the name of what all models are."""

import pytest

import tinycnn
from tinycnn.models import Sequential
from tinycnn.models.model import Model


def test_a_sequential_is_a_model():
    assert tinycnn.Model is Model
    assert isinstance(Sequential(), Model)
    assert not isinstance(tinycnn.layers.Flatten(), Model)


class Subclassed(Model):
    def __init__(self):
        super().__init__()


@pytest.mark.parametrize(
    "make", [lambda: Model(1, 2), lambda: Model(inputs=[], outputs=[]), Model, Subclassed]
)
def test_no_other_model_can_be_made(make):
    with pytest.raises(TypeError, match="only Sequential"):
        make()
