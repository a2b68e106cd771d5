"""`to_json`, `model_from_json` and `clone_model`: the same layers, new weights."""

import json

import numpy as np
import pytest

from tests.support.nets import IMAGES, conv
from tinycnn.layers import CLASSES, Dense, Dropout, Flatten, Input
from tinycnn.models import Sequential, clone_model, model_from_json


def frozen():
    model = conv()
    model.layers[0].trainable = False
    return model


@pytest.mark.parametrize("again", [lambda m: model_from_json(m.to_json()), clone_model])
def test_a_copy_has_the_layers_and_new_weights(again):
    model = frozen()
    copied = again(model)
    assert copied.get_config() == model.get_config()
    assert copied.name == model.name
    assert not copied.compiled
    assert not np.array_equal(copied.layers[0].kernel, model.layers[0].kernel)
    assert [layer.trainable for layer in copied.layers][:2] == [False, True]
    copied.set_weights(model.get_weights())
    np.testing.assert_array_equal(copied.predict(IMAGES), model.predict(IMAGES))


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_every_layer_is_described(name):
    for options, shape in CLASSES[name].examples:
        layers = [CLASSES[name](**options)]
        model = Sequential([*(() if name == "InputLayer" else [Input(shape)]), *layers, Flatten()])
        assert model_from_json(model.to_json()).get_config() == model.get_config()


def test_options_are_those_of_json():
    assert conv().to_json(indent=2).startswith('{\n  "module": "keras"')
    assert json.loads(conv().to_json())["class_name"] == "Sequential"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "json_string is not what `to_json` returned: Expecting value"),
        ("[]", "not an object"),
        ("{}", "model"),
        (5, "json_string must be a text"),
        ('{"class_name": "Functional", "config": {}}', "no layers"),
        ('{"class_name": "Sequential", "config": {"name": "s", "layers": []}}', "no layers"),
        ("[" * 100_000, "nested too deeply"),
        (conv().to_json().replace('"Dense"', '"Bense"'), "Bense"),
        (conv().to_json().replace('"units": 3', '"units": 2147483647'), "too many"),
        (conv().to_json().replace('"units": 3', '"units": 1e999'), "finite"),
        (conv().to_json().replace('"units": 3', '"units": "three"'), "three"),
        (conv().to_json().replace('"filters": 4', '"filters": 0'), "filters=0"),
    ],
)
def test_a_text_that_describes_no_model_says_why(text, words):
    with pytest.raises(ValueError) as caught:
        model_from_json(text)
    assert words in str(caught.value)


@pytest.mark.parametrize("config", [{}, {"layers": []}, {"layers": [{}]}], ids=str)
def test_what_is_no_configuration_says_what_is_missing(config):
    with pytest.raises(ValueError, match=r"not what `get_config` returned: '.*' is missing"):
        Sequential.from_config(config)


def test_many_large_layers_are_refused_before_they_are_made():
    described = json.loads(Sequential([Input((4,)), Dense(4, name="d0")]).to_json())
    layer = json.dumps(described["config"]["layers"].pop())
    for number in range(4):
        more = layer.replace('"d0"', f'"d{number}"').replace('"units": 4', '"units": 10000')
        described["config"]["layers"].append(json.loads(more))
    with pytest.raises(ValueError, match="weights, and 250,000,000 are the most"):
        model_from_json(json.dumps(described))


class Own(Dense):
    """A layer of somebody's own."""


def test_a_layer_of_somebodys_own_is_cloned_and_comes_back_from_its_text():
    model = Sequential([Input((4,)), Own(3, activation="tanh")])
    copied = clone_model(model)
    assert (type(copied.layers[0]), copied.layers[0].units) == (Own, 3)
    with pytest.raises(ValueError, match="'Own'"):
        model_from_json(model.to_json())
    again = model_from_json(model.to_json(), custom_objects={"Own": Own})
    assert (type(again.layers[0]), again.layers[0].units) == (Own, 3)


def test_a_model_that_is_not_built_is_cloned():
    copied = clone_model(Sequential([Dense(3), Dense(2)]))
    assert not copied.built
    assert copied.predict(np.ones((1, 5)), verbose=0).shape == (1, 2)


def test_the_clone_function_makes_each_layer():
    def without_dropout(layer):
        return (
            Dropout(0)
            if isinstance(layer, Dropout)
            else type(layer).from_config(layer.get_config())
        )

    copied = clone_model(conv(), clone_function=without_dropout)
    assert [layer.rate for layer in copied.layers if isinstance(layer, Dropout)] == [0]
    with pytest.raises(ValueError, match="input_tensors"):
        clone_model(conv(), input_tensors=[1])
