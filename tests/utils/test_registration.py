"""Names of own classes mean what the program says, where it says so, and nothing else."""

import threading

import pytest

from tinycnn import activations, layers, utils
from tinycnn.utils import registration
from tinycnn.utils.registration import custom_object_scope, get_registered_object


@pytest.fixture(autouse=True)
def as_before(monkeypatch):
    """What a test registers is forgotten after it."""
    monkeypatch.setattr(registration, "_OBJECTS", {})
    monkeypatch.setattr(registration, "_NAMES", {})


class Own(layers.Rescaling):
    """Somebody's own."""


def test_a_registered_class_is_found_under_its_name():
    assert utils.register_keras_serializable("mine")(Own) is Own
    assert utils.get_registered_name(Own) == "mine>Own"
    assert get_registered_object("mine>Own") is Own
    assert get_registered_object("Own") is None
    assert utils.get_custom_objects() == {"mine>Own": Own}
    assert layers.CLASSES["mine>Own"] is Own
    assert "Own" not in layers.CLASSES
    assert utils.register_keras_serializable(name="Other")(Own) is Own
    assert Own(2).serialize()["class_name"] == "Custom>Other"


def test_an_activation_is_registered_under_its_own_name():
    cube = activations.ActivationFunction("cube", lambda x: x**3, None)
    utils.register_keras_serializable("mine")(cube)
    assert cube.serialize() == "mine>cube"
    assert activations.get("mine>cube") is cube
    with pytest.raises(ValueError, match="activation must be one of"):
        activations.get("cube")


def test_a_class_that_has_no_configuration_is_refused():
    with pytest.raises(ValueError, match="without a get_config"):
        utils.register_keras_serializable("mine")(int)


def test_a_scope_holds_within_its_block_and_its_thread():
    with custom_object_scope({"Own": Own}):
        with custom_object_scope({"Inner": Own}):
            assert get_registered_object("Own") is get_registered_object("x>Inner") is Own
        assert get_registered_object("Inner") is None
        seen = []
        thread = threading.Thread(target=lambda: seen.append(get_registered_object("Own")))
        thread.start()
        thread.join()
        assert seen == [None]
    assert get_registered_object("Own") is None
    assert get_registered_object("Own", {"Own": Own}) is Own


def test_what_the_program_hands_over_comes_before_ours():
    with custom_object_scope({"Dense": Own}):
        assert layers.CLASSES["Dense"] is layers.CLASSES.get("Dense") is Own
        assert layers.CLASSES.is_own(layers.CLASSES["Dense"])
    assert layers.CLASSES["Dense"] is layers.Dense
    with pytest.raises(KeyError):
        layers.CLASSES["Own"]


@pytest.mark.parametrize("given", [3, ["Own"], {1: Own}, "Own"], ids=str)
def test_what_is_no_dict_of_names_is_refused(given):
    with (
        pytest.raises(TypeError, match="custom_objects must be a dict"),
        custom_object_scope(given),
    ):
        pass


@pytest.mark.parametrize(
    "wrong", [int, lambda x: x, activations.relu, Own(1)], ids=lambda value: type(value).__name__
)
def test_something_of_another_kind_under_the_name_is_said(wrong):
    with (
        custom_object_scope({"Own": wrong}),
        pytest.raises(TypeError, match=r"'Own' must be a subclass of tinycnn\.layers"),
    ):
        _ = layers.CLASSES["Own"]
