"""Layers in a row: their names, their shapes, their weights, and what is refused."""

import copy

import numpy as np
import pytest

from tests.support.nets import IMAGES, X, Y, conv, dense, same
from tinycnn import utils
from tinycnn.layers import (
    Conv2D,
    Dense,
    Dropout,
    Input,
    InputLayer,
    Softmax,
)
from tinycnn.models.network import snake_case
from tinycnn.models.sequential import Sequential


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("MaxPooling2D", "max_pooling2d"),
        ("Conv2D", "conv2d"),
        ("ReLU", "re_lu"),
        ("Dense", "dense"),
    ],
)
def test_layers_are_named_as_keras_names_them(name, wanted):
    assert snake_case(name) == wanted


def test_layers_of_one_class_are_counted():
    model = Sequential([Dense(3), Dense(3), Dense(3, name="mine"), Dense(3)])
    assert [layer.name for layer in model.layers] == ["dense", "dense_1", "mine", "dense_2"]


def test_names_that_are_taken_are_refused():
    with pytest.raises(ValueError, match="Twice: 'a'"):
        Sequential([Dense(3, name="a"), Dense(3, name="a")])


def test_the_input_layer_is_not_among_the_layers():
    model = dense()
    assert [type(layer) for layer in model.layers] == [Dense, Dense]
    assert (model.input_shape, model.output_shape) == ((None, 4), (None, 3))
    assert model.count_params() == 4 * 5 + 5 + 5 * 3 + 3


@pytest.mark.parametrize(
    "layers",
    [
        lambda: [Input((4,)), Dense(3)],
        lambda: [InputLayer(shape=(4,)), Dense(3)],
        lambda: [Dense(3, input_shape=(4,))],
    ],
)
def test_a_model_with_an_input_shape_is_built_at_once(layers):
    model = Sequential(layers())
    assert model.built
    assert model.weights[0].shape == (4, 3)


def test_a_model_without_one_is_built_by_its_first_samples_or_by_hand():
    for build in (
        lambda model: model.build((None, 4)),
        lambda model: model.build((7, 4)),
        lambda model: model.predict(X, verbose=0),
        lambda model: model.fit(X, Y, verbose=0),
    ):
        model = Sequential([Dense(3, activation="softmax")])
        model.compile("sgd", "sparse_categorical_crossentropy")
        assert not model.built
        build(model)
        assert model.input_shape == (None, 4)


def test_layers_can_be_added_one_by_one_and_after_compile():
    utils.set_random_seed(1)
    model = Sequential()
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.add(Input((4,)))
    model.add(Dense(5, activation="relu"))
    model.add(Dense(3, activation="softmax"))
    assert same(model.get_weights(), dense().get_weights())
    assert model.evaluate(X, Y, verbose=0) == dense().evaluate(X, Y, verbose=0)


@pytest.mark.parametrize("wrong", [5, "dense", Dense, None])
def test_only_layers_can_be_added(wrong):
    with pytest.raises(TypeError, match="A model is made of layers"):
        Sequential([wrong])


def test_the_layers_must_be_a_list():
    with pytest.raises(TypeError, match="layers must be a list of layers"):
        Sequential(Dense(3))


def test_a_layer_belongs_to_one_model():
    for layer in (Dense(3), Dense(3, input_shape=(4,)), Input((4,))):
        Sequential([layer])
        with pytest.raises(ValueError, match="already part of a model"):
            Sequential([layer])


def test_the_way_to_another_end_is_told_and_works():
    base = dense()
    with pytest.raises(
        ValueError, match=r"model.pop\(\), model.add\(layer\).*copy.deepcopy\(model\)"
    ):
        Sequential([*base.layers[:-1], Dense(5)])
    with pytest.raises(
        TypeError, match=r"no models within models.*copy.deepcopy\(model\).add\(layer\)"
    ):
        Sequential([base, Softmax()])
    changed = copy.deepcopy(base)
    changed.pop()
    changed.add(Dense(5))
    assert changed.output_shape == (None, 5)
    assert base.output_shape == (None, 3)
    for mine, other in zip(changed.weights[:-2], base.weights[:-2], strict=True):
        np.testing.assert_array_equal(mine, other)


def test_weights_have_the_other_names_of_keras():
    model = dense()
    model.layers[0].trainable = False
    for each in (model, *model.layers):
        for kind in ("", "trainable_", "non_trainable_"):
            pairs = zip(
                getattr(each, f"{kind}variables"), getattr(each, f"{kind}weights"), strict=True
            )
            assert all(one is other for one, other in pairs)


def test_a_layer_that_did_not_fit_can_be_used_elsewhere():
    layer = Conv2D(2, 3)
    with pytest.raises(ValueError, match="does not fit"):
        Sequential([Input((2, 2, 1)), layer])
    assert Sequential([Input((4, 4, 1)), layer]).output_shape == (None, 2, 2, 2)


def test_an_input_layer_comes_first():
    with pytest.raises(ValueError, match="can only be the first layer"):
        Sequential([Dense(3), Input((4,))])


def test_layers_of_one_dtype_only():
    with pytest.raises(ValueError, match=r"All layers must be float32\. Received: dtype='float64'"):
        Sequential([Dense(3), Dense(3, dtype="float64")])


def test_get_layer():
    model = dense()
    assert model.get_layer("dense_1") is model.get_layer(index=1) is model.get_layer(index=-1)
    for arguments, words in (
        ({"name": "conv"}, r"No layer 'conv'. There are: \['dense', 'dense_1'\]"),
        ({"index": 2}, "There are 2 layers. Received: index=2"),
        ({}, "either a name or an index"),
        ({"name": "dense", "index": 0}, "either a name or an index"),
    ):
        with pytest.raises(ValueError, match=words):
            model.get_layer(**arguments)


@pytest.mark.parametrize("use", ["predict", "build", "fit", "count_params", "pop"])
def test_a_model_without_layers_says_so(use):
    model = Sequential()
    arguments = {"predict": (X,), "fit": (X, Y), "build": ((None, 4),)}.get(use, ())
    with pytest.raises(ValueError, match=r"has no layers|is not built"):
        getattr(model, use)(*arguments)


def test_weights_are_copies_in_order():
    model = dense()
    weights = model.get_weights()
    assert [weight.shape for weight in weights] == [(4, 5), (5,), (5, 3), (3,)]
    weights[0][...] = 7
    assert not np.any(model.get_weights()[0] == 7)
    model.set_weights(weights)
    weights[0][...] = 8
    assert np.all(model.get_weights()[0] == 7)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda weights: weights[:-1],
        lambda weights: [*weights, weights[0]],
        lambda weights: [weights[0] + 1, weights[1] + 1, weights[2].T, weights[3]],
        lambda weights: [weights[0] + 1, weights[1], weights[2], np.array(["a", "b", "c"])],
        lambda weights: None,
    ],
)
def test_wrong_weights_are_refused_and_nothing_changes(spoil):
    model = dense()
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"weights|kernel|bias"):
        model.set_weights(spoil(model.get_weights()))
    assert same(model.get_weights(), before)


def test_a_configuration_makes_the_model_again():
    model = conv()
    again = Sequential.from_config(model.get_config())
    assert again.get_config() == model.get_config()
    assert again.input_shape == model.input_shape
    again.set_weights(model.get_weights())
    assert same([again.predict(IMAGES, verbose=0)], [model.predict(IMAGES, verbose=0)])


@pytest.mark.parametrize("shape", [(None, 0), (None, None), (None, 4, 0)])
def test_a_model_is_not_built_for_samples_of_nothing(shape):
    with pytest.raises(ValueError, match="input_shape must be a whole number from 1"):
        Sequential([Dense(3)]).build(shape)


def test_pop_takes_the_last_layer_out_and_it_can_be_put_back():
    model = Sequential([Input((4,)), Dense(5), Dropout(0.5), Dense(3)])
    before = model.get_weights()
    last = model.pop()
    assert (last.name, last.units) == ("dense_1", 3)
    assert [layer.name for layer in model.layers] == ["dense", "dropout"]
    assert (model.output_shape, len(model.weights)) == ((None, 5), 2)
    assert model.predict(np.ones((2, 4)), verbose=0).shape == (2, 5)
    model.add(last)
    for weight, old in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(weight, old)
    with pytest.raises(ValueError, match="was built for"):
        Sequential([Input((4,)), Dense(7), model.pop()])


def test_pop_of_a_model_without_shapes_and_down_to_nothing():
    model = Sequential([Dense(5), Dense(3)])
    model.pop()
    model.add(Dense(2))
    assert model.predict(np.ones((2, 4)), verbose=0).shape == (2, 2)
    model = Sequential([Input((4,)), Dense(5)])
    model.pop()
    assert not model.built
    with pytest.raises(ValueError, match="no layers"):
        model.pop()
    with pytest.raises(ValueError, match="rebuild=False"):
        model.pop(rebuild=False)
    model.add(Dense(2))
    assert model.output_shape == (None, 2)


def test_a_model_that_lost_a_layer_learns_after_compile():
    model = Sequential([Input((4,)), Dense(5, activation="softmax"), Dense(3)])
    x, y = np.ones((8, 4)), np.arange(8) % 3
    for _ in range(2):
        model.pop()
        model.add(Dense(3, activation="softmax"))
        model.compile("adam", "sparse_categorical_crossentropy")
        before = model.get_weights()
        model.fit(x, y, verbose=0)
        assert all(not np.array_equal(*pair) for pair in zip(before, model.weights, strict=True))
