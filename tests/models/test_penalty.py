"""Penalties in training: part of the loss and of its gradients, and no cost where there are none."""

import numpy as np
import pytest

from tests.models.test_compiled import python_calls
from tests.support import by_definition
from tinycnn import Sequential, gradcheck, load_model
from tinycnn.layers import BatchNormalization, Dense, Input
from tinycnn.models import training
from tinycnn.models.penalty import penalties, total
from tinycnn.regularizers import L1, L1L2, L2, Regularizer

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((6, 4)), np.eye(3)[RNG.integers(3, size=6)]


class Quartic(Regularizer):
    """The sum of w⁴."""

    def __call__(self, x):
        return (x**4).sum()

    def gradient(self, x):
        return 4 * x**3


class Wrong(Quartic):
    """Its gradient is half of the right one."""

    def gradient(self, x):
        return 2 * x**3


def dense(kernel=None, bias=None, dtype="float64", metrics=None):
    options = {"kernel_regularizer": kernel, "bias_regularizer": bias, "dtype": dtype}
    model = Sequential([Dense(3, activation="softmax", input_shape=(4,), **options)])
    model.compile("sgd", "categorical_crossentropy", metrics=metrics)
    model.optimizer.learning_rate = 0.3
    model.layers[0].params["bias"][...] = [0.3, -0.2, 0.1]
    return model


PENALTIES = {
    "l2": (L2(0.1), None, lambda kernel, bias: 0.1 * (kernel**2).sum()),
    "l1": (None, L1(0.1), lambda kernel, bias: 0.1 * np.abs(bias).sum()),
    "both": (
        L1L2(0.01, 0.02),
        L2(0.05),
        lambda k, b: 0.01 * np.abs(k).sum() + 0.02 * (k**2).sum() + 0.05 * (b**2).sum(),
    ),
    "own": (Quartic(), None, lambda kernel, bias: (kernel**4).sum()),
}


@pytest.mark.parametrize("name", PENALTIES)
def test_it_trains_as_the_definition_says(name):
    kernel, bias, penalty = PENALTIES[name]
    model, loss = dense(kernel, bias), "categorical_crossentropy"
    before = model.get_weights()
    value = lambda w: by_definition.whole_loss(w, X, Y, "softmax", loss, penalty)  # noqa: E731
    assert model.evaluate(X, Y, batch_size=4, verbose=0) == pytest.approx(value(before), rel=1e-6)
    assert model.train_on_batch(X, Y) == pytest.approx(value(before), rel=1e-6)
    history = model.fit(X, Y, batch_size=6, epochs=4, verbose=0).history
    wanted = by_definition.trained(before, 5, 0.3, value)
    for actual, after, start in zip(model.get_weights(), wanted, before, strict=True):
        assert np.abs(actual - after).max() <= 1e-6 * np.abs(after - start).max()
    last = by_definition.trained(before, 4, 0.3, value)
    assert history["loss"][-1] == pytest.approx(value(last), rel=1e-6)
    rows = gradcheck.check_model(model)
    assert [row.tensor for row in rows if row.tensor.endswith("penalty")] != []
    assert all(row.good for row in rows), gradcheck.table(rows)


def test_a_wrong_gradient_is_seen_and_one_of_strength_0_is_right():
    assert not gradcheck.check_model(dense(Wrong()))[-1].good
    assert gradcheck.check_model(dense(L2(0.0)))[-1].good


def test_what_does_not_train_has_no_penalty():
    layers = [
        Input((4,)),
        Dense(5, kernel_regularizer="l2"),
        BatchNormalization(gamma_regularizer="l1", beta_regularizer="l2"),
        Dense(3, bias_regularizer="l2", activation="softmax"),
    ]
    model = Sequential(layers)
    model.compile("sgd", "categorical_crossentropy")
    found = [(each.layer.name, each.name) for each in penalties(model.layers)]
    assert found == [
        ("dense", "kernel"),
        ("batch_normalization", "gamma"),
        ("batch_normalization", "beta"),
        ("dense_1", "bias"),
    ]
    assert all(row.good for row in gradcheck.check_model(model))
    model.layers[0].trainable = False
    assert len(model.objective.penalties) == 3
    model.trainable = False
    assert model.objective.penalties == []
    assert total([]) == 0


def test_a_regularizer_may_be_set_later():
    model = dense()
    before = model.evaluate(X, Y, verbose=0)
    model.layers[0].kernel_regularizer = L2(1.0)
    kernel = model.layers[0].params["kernel"]
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(before + np.square(kernel).sum())


def test_without_regularizers_a_step_takes_no_more_python_calls():
    rng, calls = np.random.default_rng(0), {}
    for name, regularizer in (("none", None), ("l2", "l2")):
        model = dense(regularizer, dtype="float32", metrics=["accuracy"])
        arguments = model, X.astype(np.float32), Y, rng
        training.train_step(*arguments)
        calls[name] = python_calls(lambda arguments=arguments: training.train_step(*arguments))
    words = ("penalt", "egulariz", "Penalt")
    assert [call for call in calls["none"] if any(word in call for word in words)] == []
    assert [call for call in calls["l2"] if any(word in call for word in words)] != []


def test_it_comes_back_from_a_file(tmp_path):
    model = dense(L1L2(0.01, 0.02), L1(0.25), dtype="float32")
    model.save(tmp_path / "a.h5")
    again = load_model(tmp_path / "a.h5")
    layer = again.layers[0]
    assert layer.kernel_regularizer.serialize() == L1L2(0.01, 0.02).serialize()
    assert layer.bias_regularizer.serialize() == L1(0.25).serialize()
    for each in (model, again):
        each.train_on_batch(X, Y)
    assert all(map(np.array_equal, model.get_weights(), again.get_weights()))
