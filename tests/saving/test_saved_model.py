"""What a model file holds: which arrays an optimizer keeps for each weight."""

import pytest

from tests.support import model_examples as examples
from tinycnn.saving.saved_model import SavedModel, slot_names


@pytest.mark.parametrize("optimizer", [examples.ADADELTA, examples.ADAM, examples.MOMENTUM])
def test_slots_are_those_of_the_class(optimizer):
    assert slot_names(optimizer) == examples.SLOTS[optimizer["class_name"]]


@pytest.mark.parametrize("config", [{}, {"momentum": 0.0}])
def test_plain_gradient_descent_keeps_none(config):
    assert slot_names({"class_name": "SGD", "config": config}) == ()


def test_a_model_is_not_changed_by_accident_and_need_not_be_compiled():
    saved = SavedModel({}, [])
    assert (saved.training_config, saved.optimizer_state) == (None, None)
    with pytest.raises(AttributeError):
        saved.weights = []
