"""Names, tables and texts of models are those of Keras, where it is installed."""

import importlib

import numpy as np
import pytest

import tinycnn
from tests.support import keras_names
from tests.support.peers import import_keras
from tinycnn import activations


@pytest.mark.parametrize("path", keras_names.paths())
def test_keras_has_the_name_there_too(path):
    theirs, ours = (keras_names.find(each, path) for each in (import_keras(), tinycnn))
    assert callable(theirs) == callable(ours)


def net(library):
    layers = library.layers
    model = library.Sequential(
        [
            library.Input((8, 8, 1)),
            layers.Conv2D(4, 3, strides=2, padding="same", activation="relu"),
            layers.BatchNormalization(momentum=0.9),
            layers.ZeroPadding2D(1),
            layers.ELU(0.5),
            layers.AveragePooling2D(2),
            layers.Dropout(0.5),
            layers.Flatten(),
            layers.Dense(3, activation="softmax", use_bias=False, kernel_initializer="he_normal"),
        ],
        name="net",
    )
    model.layers[0].trainable = False
    return model


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"show_trainable": True},
        {"line_length": 70},
        {"line_length": 79, "positions": [0.5, 0.7, 1.0]},
        {"line_length": 70, "positions": [0.4, 0.6, 1.0], "show_trainable": True},
    ],
)
def test_the_table_is_that_of_keras(options):
    keras, texts = import_keras(), []
    keras.backend.clear_session()  # else its names are counted on
    for library in (keras, tinycnn):
        net(library).summary(print_fn=texts.append, **options)
    theirs, ours = ([line.rstrip() for line in text.strip().splitlines()] for text in texts)
    assert ours == theirs


def test_the_table_of_a_model_without_shapes_is_that_of_keras():
    keras, texts = import_keras(), []
    for library in (keras, tinycnn):
        layers = [library.layers.Dense(3, name="a"), library.layers.Flatten(name="b")]
        library.Sequential(layers, name="net").summary(print_fn=texts.append)
    theirs, ours = ([line.rstrip() for line in text.strip().splitlines()] for text in texts)
    assert ours == theirs


@pytest.mark.parametrize("name", ["keras", "tf_keras"])
def test_the_text_of_a_model_is_read_on_either_side(name):
    import_keras()
    pytest.importorskip(name)
    peer = importlib.import_module(name)
    x = np.random.default_rng(0).random((5, 8, 8, 1), np.float32)
    ours = net(tinycnn)
    theirs = peer.models.model_from_json(ours.to_json())
    weights = [np.abs(weight) + 0.1 for weight in ours.get_weights()]
    back = tinycnn.models.model_from_json(theirs.to_json())
    for model in (ours, theirs, back):
        model.layers[0].trainable = True  # for the order of weights: Keras 2 has frozen ones last
        model.set_weights(weights)
    np.testing.assert_allclose(ours.predict(x), theirs.predict(x, verbose=0), atol=1e-5)
    np.testing.assert_array_equal(ours.predict(x), back.predict(x))
    assert [
        layer.trainable for layer in tinycnn.models.model_from_json(net(tinycnn).to_json()).layers
    ][:2] == [False, True]
    assert [layer.name for layer in theirs.layers] == [layer.name for layer in ours.layers]


def test_called_layers_return_what_keras_layers_return():
    keras = import_keras()
    x = np.random.default_rng(0).normal(size=(6, 8, 8, 3)).astype(np.float32)
    for make in (
        lambda k: k.layers.ReLU(),
        lambda k: k.layers.Conv2D(2, 3, kernel_initializer="ones"),
        lambda k: k.layers.BatchNormalization(),
        lambda k: k.layers.GlobalMaxPool2D(),
        lambda k: k.layers.Reshape((64, 3)),
    ):
        for training in (False, True):
            theirs, ours = (np.asarray(make(k)(x, training=training)) for k in (keras, tinycnn))
            np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("order", [1, 2, np.inf])
def test_normalize_is_that_of_keras(order):
    x = np.random.default_rng(0).normal(size=(3, 4))
    for axis in (-1, 1):  # with 0 Keras divides along the last axis
        theirs = import_keras().utils.normalize(x, axis, order)
        np.testing.assert_allclose(tinycnn.utils.normalize(x, axis, order), theirs, rtol=1e-12)


@pytest.mark.parametrize("name", sorted({*activations.ACTIVATIONS, *activations.OTHER_NAMES}))
@pytest.mark.parametrize("x", [[[-2.0, -0.5, 0.0, 1.0, 30.0]], np.float32([[-3, 7]]), [[-1, 2]]])
def test_activations_called_with_arrays_return_what_those_of_keras_return(name, x):
    theirs = getattr(import_keras().activations, name)(np.asarray(x, np.float32))
    ours = getattr(tinycnn.activations, name)(x)
    np.testing.assert_allclose(ours, np.asarray(theirs), rtol=1e-5, atol=1e-6)
