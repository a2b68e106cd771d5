"""The activation layers: examples with their arithmetic."""

import math

import numpy as np

from tests.support.layer_calls import backward, forward
from tests.support.nets import X, dense, same
from tinycnn.layers import (
    Activation,
    Conv2D,
    Dense,
    Input,
    ReLU,
    Softmax,
)
from tinycnn.models import load_model
from tinycnn.models.sequential import Sequential


def test_relu_worked():
    for layer in (ReLU(), Activation("relu")):
        np.testing.assert_array_equal(forward(layer, [[-2, 0, 3]])[0], [[0, 0, 3]])
        np.testing.assert_array_equal(backward(layer, [[-2, 0, 3]], [[5, 5, 5]])[0], [[0, 0, 5]])


def test_relu_with_a_largest_value_a_slope_and_a_threshold_worked():
    x = [[-2, 0, 0.5, 3, 7, math.nan]]
    for options, y, dx in (
        ({"max_value": 6}, [0, 0, 0.5, 3, 6, math.nan], [0, 0, 5, 5, 0]),
        ({"negative_slope": 0.25}, [-0.5, 0, 0.5, 3, 7, math.nan], [1.25, 1.25, 5, 5, 5]),
        ({"threshold": 1}, [0, 0, 0, 3, 7, math.nan], [0, 0, 0, 5, 5]),
        (
            {"max_value": 3.5, "negative_slope": 2, "threshold": 1},
            [-6, -2, -1, 3, 3.5, math.nan],
            [10, 10, 10, 5, 0],
        ),
    ):
        np.testing.assert_array_equal(forward(ReLU(**options), x)[0], [y])
        np.testing.assert_array_equal(backward(ReLU(**options), x, [[5] * 6])[0][:, :5], [dx])
    assert forward(ReLU(6), [[-math.inf, math.inf]])[0].tolist() == [[0, 6]]


def test_relu_with_options_says_its_formula_and_comes_back_from_files(tmp_path):
    layer = ReLU(6, negative_slope=0.5, threshold=1)
    model = Sequential([Input((5, 5, 1)), Conv2D(2, 3), layer])
    x = np.random.default_rng(1).normal(size=(2, 5, 5, 1), scale=9)
    told = str(model.explain(x[0], 1, (0, 0, 0)))
    before, after = model.activations(x)
    wanted = np.where(before > 1, np.minimum(before, 6), 0.5 * (before - 1))
    np.testing.assert_array_equal(after, wanted)
    np.testing.assert_allclose(
        model.predict(x), wanted, rtol=1e-5
    )  # no fused step takes it for a plain one
    assert "y = min(x, 6) where x > 1, else 0.5 · (x - 1)" in told
    for name in ("relu.h5", "relu.keras"):
        model.save(tmp_path / name)
        loaded = load_model(tmp_path / name)
        assert loaded.layers[1].get_config() == layer.get_config()
        np.testing.assert_array_equal(loaded.predict(x), model.predict(x))
    assert ReLU(2).elementwise == "min(x, 2) where x > 0, else 0"


def test_softmax_worked():
    x = [[0, math.log(3)]]
    for layer in (Softmax(), Activation("softmax")):
        np.testing.assert_allclose(forward(layer, x)[0], [[1 / 4, 3 / 4]], rtol=1e-6)
        dx, _ = backward(layer, x, [[1, 0]])
        np.testing.assert_allclose(dx, [[1 / 4 * (1 - 1 / 4), -3 / 4 * 1 / 4]], rtol=1e-6)


def test_the_other_activations_worked():
    half, three = math.log(1), math.log(3)
    np.testing.assert_allclose(forward(Activation("sigmoid"), [[half, three]])[0], [[1 / 2, 3 / 4]])
    np.testing.assert_allclose(forward(Activation("tanh"), [[0, 1]])[0], [[0, math.tanh(1)]])
    np.testing.assert_array_equal(forward(Activation("linear"), [[-1, 2]])[0], [[-1, 2]])


def test_an_activation_inside_of_a_layer_is_the_same_as_one_behind_it():
    x = np.random.default_rng(1).normal(size=(2, 4, 4, 2))
    inside, _ = forward(Conv2D(3, 2, activation="tanh"), x)
    plain, _ = forward(Conv2D(3, 2), x)
    np.testing.assert_array_equal(inside, forward(Activation("tanh"), plain)[0])
    np.testing.assert_allclose(inside, np.tanh(plain), rtol=1e-6)


def test_relu_as_a_layer_is_the_activation():
    model = Sequential([Input((4,)), Dense(5), ReLU(), Dense(3, activation="softmax")])
    model.set_weights(dense().get_weights())
    assert same([model.predict(X, verbose=0)], [dense().predict(X, verbose=0)])
