"""What layers are told: options in and out of configurations, and those refused, named with their value."""

import inspect

import numpy as np
import pytest

from tests.support.layer_examples import every_example
from tinycnn.layers import (
    Activation,
    AveragePooling2D,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Input,
    InputLayer,
    LeakyReLU,
    MaxPooling2D,
    ReLU,
    Softmax,
)


@pytest.mark.parametrize(
    "layer",
    [
        Conv2D(3, (2, 5), (2, 1), "same", activation="relu", use_bias=False, name="a"),
        Conv2D(3, 2, kernel_initializer="he_normal", bias_initializer="ones", dtype="float64"),
        Dense(4, activation="softmax", kernel_initializer="glorot_normal"),
        MaxPooling2D(3, 2, "same"),
        AveragePooling2D((1, 2)),
        Dropout(0.3, seed=4),
        Flatten(),
        Activation("tanh"),
        ReLU(),
        Softmax(),
        InputLayer((3, 4)),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_a_configuration_makes_the_layer_again(layer):
    config = layer.get_config()
    again = type(layer)(**config)
    assert again.get_config() == config


@every_example
def test_a_configuration_makes_the_examples_again(cls, arguments, shape):
    test_a_configuration_makes_the_layer_again(cls(**arguments))
    options = {
        p.name for p in inspect.signature(cls).parameters.values() if p.kind != p.VAR_KEYWORD
    }
    lost = options - {*cls.config_names, *cls.fixed_options}
    assert lost == ({"shape", "batch_size"} if cls is InputLayer else set())


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Conv2D(0, 3), "filters=0"),
        (lambda: Conv2D(-1, 3), "filters=-1"),
        (lambda: Conv2D("10", 3), "filters='10'"),
        (lambda: Conv2D(3.5, 3), "filters=3.5"),
        (lambda: Conv2D(True, 3), "filters=True"),
        (lambda: Conv2D(None, 3), "filters=None"),
        (lambda: Conv2D(3, 0), "kernel_size=0"),
        (lambda: Conv2D(3, (3, 3, 3)), "kernel_size=(3, 3, 3)"),
        (lambda: Conv2D(3, 3, strides=0), "strides=0"),
        (lambda: Conv2D(3, 3, strides=(1, -1)), "strides=-1"),
        (lambda: Conv2D(3, 3, padding="full"), "padding='full'"),
        (lambda: Conv2D(3, 3, padding=1), "padding=1"),
        (lambda: Conv2D(3, 3, data_format="channels_first"), "data_format='channels_first'"),
        (lambda: Conv2D(3, 3, dilation_rate=2), "dilation_rate=2"),
        (
            lambda: Conv2D(3, 3, dilation_rate=np.array([2, 2])),
            "dilation_rate=array(...) of shape (2,)",
        ),
        (lambda: Conv2D(3, 3, groups=3), "groups=3"),
        (lambda: Conv2D(3, 3, kernel_constraint="l2"), "kernel_constraint='l2'"),
        (lambda: Conv2D(3, 3, trainable=2), "trainable=2"),
        (lambda: Conv2D(3, 3, activation="mish"), "'mish'"),
        (lambda: Conv2D(3, 3, kernel_initializer="magic"), "'magic'"),
        (lambda: Dense(0), "units=0"),
        (lambda: Dense(3, bias_constraint="x"), "bias_constraint='x'"),
        (lambda: Dense(3, dtype="float16"), "dtype='float16'"),
        (lambda: Dense(3, name=""), "name=''"),
        (lambda: Dense(3, name="a/b"), "name='a/b'"),
        (lambda: Dense(3, name=5), "name=5"),
        (lambda: Dense(3, input_shape=5), "input_shape=5"),
        (lambda: Dense(3, input_shape=(None,)), "input_shape=None"),
        (lambda: Dense(3, input_shape=(0,)), "input_shape=0"),
        (lambda: MaxPooling2D(0), "pool_size=0"),
        (lambda: MaxPooling2D(2, strides=(0, 1)), "strides=0"),
        (lambda: AveragePooling2D(data_format="channels_first"), "data_format='channels_first'"),
        (lambda: Dropout(-0.5), "rate=-0.5"),
        (lambda: Dropout(1.5), "rate=1.5"),
        (lambda: Dropout(float("nan")), "rate=nan"),
        (lambda: Dropout("a"), "rate='a'"),
        (lambda: Dropout(0.5, noise_shape=(1,)), "noise_shape=(1,)"),
        (lambda: Dropout(0.5, seed=-1), "seed=-1"),
        (lambda: Softmax(axis=1), "axis=1"),
        (lambda: ReLU(max_value=-6), "max_value=-6"),
        (lambda: ReLU(negative_slope=-0.1), "negative_slope=-0.1"),
        (lambda: ReLU(threshold="a"), "threshold='a'"),
        (lambda: LeakyReLU(-0.1), "negative_slope=-0.1"),
        (lambda: LeakyReLU("a"), "negative_slope='a'"),
        (lambda: Activation("celu"), "'celu'"),
        (lambda: Input(), "None"),
        (lambda: Input(5), "5"),
        (lambda: Input((0, 3)), "shape=0"),
        (lambda: Input((None, 3)), "shape=None"),
        (lambda: Input((3,), batch_size=0), "batch_size=0"),
        (lambda: Input((3,), dtype="int32"), "dtype='int32'"),
        (lambda: Input((3,), sparse=True), "sparse=True"),
    ],
)
def test_an_impossible_option_is_named_with_its_value(make, words):
    with pytest.raises((ValueError, TypeError)) as caught:
        make()
    assert words in str(caught.value)


def test_an_unknown_option_is_a_type_error():
    with pytest.raises(TypeError, match=r"Dense has no option .inputs.\. Received: inputs=3"):
        Dense(3, inputs=3)


def test_options_at_the_values_of_keras_change_nothing():
    for layer, plain in (
        (Conv2D(3, 3, data_format="channels_last", dilation_rate=1, trainable=True), Conv2D(3, 3)),
        (Conv2D(3, 3, dilation_rate=[1, 1], groups=1, kernel_regularizer=None), Conv2D(3, 3)),
        (Dropout(0.5, noise_shape=None), Dropout(0.5)),
        (Softmax(axis=-1), Softmax()),
        (ReLU(None, 0, 0), ReLU()),
    ):
        assert layer.get_config() == plain.get_config()


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (Conv2D(1, 3), (2, 5, 1)),
        (Conv2D(1, 3), (5, 2, 1)),
        (Conv2D(1, 3), (5, 5)),
        (Conv2D(1, 3), (5, 5, 1, 1)),
        (Conv2D(1, 3, padding="same"), (0, 5, 1)),
        (MaxPooling2D(3), (2, 5, 1)),
        (AveragePooling2D(3), (5, 2, 1)),
        (MaxPooling2D(), (5,)),
        (Dense(1), ()),
        (Dense(1), (None, 3)),
        (Flatten(), (None, 3)),
    ],
    ids=lambda value: str(value) if isinstance(value, tuple) else type(value).__name__,
)
def test_an_impossible_input_is_refused(layer, shape):
    with pytest.raises(ValueError) as caught:
        layer.compute_output_shape((None, *shape))
    assert any(str(number) in str(caught.value) for number in (*shape, None))
