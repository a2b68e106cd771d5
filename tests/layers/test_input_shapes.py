"""`given_shape`: a layer's input shape, under the names that Keras 2 and Keras 3 have for it."""

import pytest

from tinycnn import layers
from tinycnn.layers import Conv2D, Dense, Flatten, Input, InputLayer
from tinycnn.models import Sequential


@pytest.mark.parametrize(
    "first",
    [
        Dense(3, input_dim=4),
        Dense(3, input_shape=(4,)),
        Dense(3, input_shape=[4]),
        Dense(3, batch_input_shape=(None, 4)),
        Dense(3, batch_input_shape=(32, 4)),
        Input((4,)),
        Input((4,), batch_size=32),
        Input(batch_shape=(None, 4)),
        Input(batch_shape=[32, 4]),
        Input((4,), 32),
        InputLayer(shape=(4,)),
        InputLayer(input_shape=(4,)),
        InputLayer(batch_input_shape=(None, 4)),
        InputLayer(batch_shape=(8, 4)),
    ],
)
def test_each_name_builds_the_model(first):
    model = Sequential([first, Dense(2)])
    assert model.input_shape == (None, 4)
    assert Sequential.from_config(model.get_config()).input_shape == (None, 4)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Dense(3, input_dim=0), "input_shape=0"),
        (lambda: Dense(3, input_dim="4"), "input_shape='4'"),
        (lambda: Dense(3, batch_input_shape=4), "batch_input_shape=4"),
        (lambda: Dense(3, batch_input_shape=()), "batch_input_shape=()"),
        (lambda: Flatten(batch_input_shape=("a", 4)), "batch_input_shape='a'"),
        (lambda: Conv2D(3, 3, batch_shape=(None, 4, 4, 1)), "batch_shape=(None, 4, 4, 1)"),
        (lambda: Input((4,), batch_size=0), "batch_size=0"),
        (lambda: Input((4,), batch_shape=(None, 4)), "Pass either shape or batch_shape"),
        (lambda: Input(batch_shape=(0, 4)), "batch_shape=0"),
        (lambda: Input(batch_shape=(None,)), "Received: ()"),
        (lambda: InputLayer(input_shape=3), "Received: 3"),
    ],
)
def test_a_shape_that_is_none_is_named(make, words):
    with pytest.raises((ValueError, TypeError)) as caught:
        make()
    assert words in str(caught.value)


def test_the_shorter_names_of_layers():
    for name, longer in layers.OTHER_NAMES.items():
        assert getattr(layers, name) is getattr(layers, longer)
    model = Sequential([layers.Convolution2D(2, 3, input_shape=(8, 8, 1)), layers.MaxPool2D()])
    assert [layer.name for layer in model.layers] == ["conv2d", "max_pooling2d"]
