"""A loss of somebody's own: it trains, is checked, and is refused with a reason where it cannot be had."""

import numpy as np
import pytest

from tinycnn import Sequential, gradcheck, losses
from tinycnn.layers import Dense
from tinycnn.losses import Loss

X = np.random.default_rng(0).standard_normal((8, 4))
Y = np.random.default_rng(1).random((8, 2))


class Quartic(Loss):
    """The sum of (y_pred - target)⁴."""

    def forward(self, target, y_pred, from_logits):
        difference = y_pred - target
        return (difference**4).sum(axis=-1), difference

    def backward(self, target, ctx, from_logits):
        return 4 * ctx**3 / len(target)


class Wrong(Quartic):
    """Its gradient is not that of its mean."""

    def backward(self, target, ctx, from_logits):
        return 4 * ctx**3


def model_with(loss, **options):
    model = Sequential([Dense(2, activation="softmax", input_shape=(4,))])
    model.compile("adam", loss, **options)
    return model


@pytest.mark.parametrize("given", [Quartic, Quartic()])
def test_an_own_loss_trains_and_is_checked(given):
    model = model_with(given, metrics=[Quartic(name="again"), "mse"])
    history = model.fit(X, Y, epochs=30, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    assert history["loss"] == pytest.approx(history["again"])
    assert all(row.good for row in gradcheck.check_model(model))
    assert model.objective.from_logits is False  # the softmax stays: a loss takes probabilities
    assert model.objective.loss.get_config() == {"name": "quartic"}


def test_a_wrong_gradient_is_seen():
    assert not gradcheck.check_model(model_with(Wrong()))[-1].good


def test_a_function_alone_has_no_gradient():
    with pytest.raises(TypeError, match=r"no gradient: make a subclass of tinycnn.losses.Loss"):
        model_with(lambda y_true, y_pred: abs(y_true - y_pred))


def test_a_list_of_one_loss_is_that_loss():
    assert model_with(["mse"]).objective.loss.name == "mean_squared_error"
    with pytest.raises(ValueError, match="loss must be one of"):
        model_with(["mse", "mae"])


def test_a_loss_in_the_style_of_keras_is_told_what_it_needs():
    class Own(Loss):
        def call(self, y_true, y_pred):
            return y_true - y_pred

    with pytest.raises(
        TypeError, match=r"Own is a loss in Keras's style.*needs forward\(.*backward"
    ):
        Own()


def test_the_base_is_no_loss():
    for method in ("forward", "backward"):
        with pytest.raises(TypeError, match="only the base"):
            getattr(Loss(), method)(None, None, None)


@pytest.mark.parametrize("loss", losses.CLASSES)
def test_random_labels_are_labels(loss):
    rng = np.random.default_rng(3)
    y_pred = rng.random((5, 3))
    loss = losses.get(loss)
    target = loss.target(loss.random_labels(y_pred.shape, rng), y_pred)
    assert target.shape == (5, 3)
    assert np.isfinite(loss.forward(target, y_pred, False)[0]).all()
