"""Layers without a model: called with samples, asked for their parameters."""

import copy

import numpy as np
import pytest

from tinycnn import utils
from tinycnn.layers import (
    Activation,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Input,
    InputLayer,
    ReLU,
)
from tinycnn.models import Sequential

X = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)


def test_a_layer_is_built_by_the_first_samples():
    layer = Dense(3, bias_initializer="ones")
    y = layer(X)
    np.testing.assert_allclose(y, X @ layer.kernel + 1, rtol=1e-5, atol=1e-6)
    assert (layer.kernel.shape, layer.bias.tolist()) == ((4, 3), [1, 1, 1])
    with pytest.raises(ValueError, match=r"Samples must have the shape \(None, 4\)"):
        layer(X[:, :3])


def test_lists_and_integers_become_samples_of_its_dtype():
    assert ReLU()([[-1, 2]]).tolist() == [[0, 2]]
    assert ReLU()([-1, 2]).dtype == np.float32
    assert Activation("linear", dtype="float64")(np.int8([[3]])).dtype == np.float64


@pytest.mark.parametrize("layer", [Flatten(), Dropout(0.5), Activation("linear"), Input((4,))])
def test_the_callers_array_is_not_handed_back(layer):
    x = X.copy()
    layer(x)[:] = 7
    np.testing.assert_array_equal(x, X)


def test_in_training_dropout_is_on_and_repeats_with_the_seed():
    layer, results = Dropout(0.5), []
    for _ in range(2):
        utils.set_random_seed(3)
        results.append(layer(np.ones((1, 1000)), training=True))
    assert set(np.unique(results[0])) == {0, 2}
    np.testing.assert_array_equal(*results)
    np.testing.assert_array_equal(layer(np.ones((1, 1000))), 1)


def test_in_training_batch_normalization_uses_the_batch_and_moves_its_means():
    layer = BatchNormalization(momentum=0.5)
    y = layer(X, training=True)
    np.testing.assert_allclose(y.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(layer.moving_mean, X.mean(axis=0) / 2, rtol=1e-5)
    before = layer.get_weights()
    layer(X, training=False)
    layer.trainable = False
    layer(X, training=True)
    for weight, old in zip(layer.weights, before, strict=True):
        np.testing.assert_array_equal(weight, old)


def test_there_are_no_functional_models():
    with pytest.raises(TypeError, match="Make a Sequential"):
        Dense(3)(Input((4,)))


def test_parameters_by_their_names():
    layer = Conv2D(2, 3, use_bias=False)
    for name in ("kernel", "bias"):
        with pytest.raises(AttributeError, match="made when the layer is built"):
            getattr(layer, name)
    Sequential([Input((5, 5, 1)), layer])
    assert layer.kernel is layer.params["kernel"]
    assert layer.bias is None
    with pytest.raises(AttributeError, match="'Conv2D' object has no attribute 'gamma'"):
        _ = layer.gamma
    assert copy.deepcopy(layer).kernel is not layer.kernel
    assert copy.copy(layer).kernel is layer.kernel


def test_a_parameter_is_not_replaced_beside_the_model():
    model = Sequential([Input((4,)), Dense(3)])
    layer = model.layers[0]
    with pytest.raises(AttributeError, match=r"layer\.kernel\[\.\.\.\] = numbers"):
        layer.kernel = np.zeros((4, 3))
    layer.kernel = layer.params["kernel"]  # as layers of somebody's own may do
    layer.kernel[...] = 0
    assert not model.predict(X, verbose=0).any()


def test_weights_that_are_trained_and_those_that_are_not():
    layer = BatchNormalization(input_shape=(4,))
    assert layer.weights == []
    Sequential([layer])
    names = {id(param): name for name, param in layer.params.items()}

    def of(weights):
        return [names[id(weight)] for weight in weights]

    assert of(layer.weights) == ["gamma", "beta", "moving_mean", "moving_variance"]
    assert of(layer.trainable_weights) == ["gamma", "beta"]
    assert of(layer.non_trainable_weights) == ["moving_mean", "moving_variance"]
    layer.trainable = False
    assert of(layer.trainable_weights) == []
    assert of(layer.non_trainable_weights) == of(layer.weights)


def test_a_layer_that_was_called_keeps_its_weights_in_a_model():
    layer = Dense(3)
    y = layer(X)
    np.testing.assert_array_equal(Sequential([layer]).predict(X, verbose=0), y)
    with pytest.raises(ValueError, match="already part of a model"):
        Sequential([InputLayer((4,)), layer])
    other = Dense(3)
    other(X)
    with pytest.raises(ValueError, match=r"was built for \(None, 4\)"):
        Sequential([Input((5,)), other])
