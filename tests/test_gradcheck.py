"""The check of gradients itself: it finds what is wrong, leaves kinks out, and changes nothing."""

import numpy as np
import pytest

from tests.support.nets import conv
from tinycnn import gradcheck, utils
from tinycnn.layers import BatchNormalization, Conv2D, Dense, Flatten, Input, ReLU
from tinycnn.models import Sequential
from tinycnn.models.fusion import ConvolutionReLUPooling
from tinycnn.models.plan import Step


def test_a_model_is_not_changed_by_its_check():
    model = conv()
    before = model.get_weights()
    gradcheck.check_model(model, entries=2)
    assert all(map(np.array_equal, before, model.get_weights()))


@pytest.mark.parametrize("factor", [-1.0, 1.000001, 0.0])
def test_a_wrong_gradient_is_found(monkeypatch, factor):
    real = Dense.backward

    def wrong(self, dy, ctx, input_gradient=True):
        dx, grads = real(self, dy, ctx, input_gradient)
        return dx, {**grads, "bias": grads["bias"] * factor}

    monkeypatch.setattr(Dense, "backward", wrong)
    rows = gradcheck.check_layer(Dense(3), (4,))
    assert [row.tensor for row in rows if not row.good] == ["dense/bias"]
    assert "WRONG" in gradcheck.table(rows) or "ALL ZERO" in gradcheck.table(rows)
    assert gradcheck.worst(rows) > gradcheck.BOUND


def test_a_whole_model_is_checked_as_it_trains(monkeypatch):
    seen = []

    def watched(steps, *arguments, checked=gradcheck.check_steps, **options):
        seen.extend(type(step) for step in steps)
        return checked(steps, *arguments, **options)

    monkeypatch.setattr(gradcheck, "check_steps", watched)
    gradcheck.check_model(conv(), entries=2)
    assert seen == [ConvolutionReLUPooling, Step, Step]


def test_kinks_are_left_out_and_counted():
    layer = ReLU()
    layer.build((None, 4), None)
    x = np.zeros((1, 4))
    x[0, 2:] = 1.0, -1.0
    (row,) = gradcheck.check_steps([Step(layer)], {}, x, training=False, entries=9, seed=0)
    assert (row.checked, row.kinks) == (2, 2)


def normalized(**options):
    """Return a net in which a bias stands before a batch normalization."""
    utils.set_random_seed(4)
    layers = [Input((6, 6, 2)), Conv2D(3, 3), BatchNormalization(**options), ReLU(), Flatten()]
    return Sequential([*layers, Dense(4), BatchNormalization(), Dense(3, activation="softmax")])


def test_a_bias_before_a_batch_normalization_must_have_the_gradient_0():
    rows = {row.tensor: row for row in gradcheck.check_model(normalized(), entries=20)}
    zero = {"conv2d/bias", "dense/bias"}
    assert {name for name, row in rows.items() if row.is_zero} == zero
    assert all(row.good for row in rows.values()), gradcheck.table([*rows.values()])
    assert all(gradcheck.line(rows[name]).endswith("ok, 0") for name in zero)
    # Frozen, it takes off a mean that does not follow the bias.
    rows = {row.tensor: row for row in gradcheck.check_model(normalized(trainable=False))}
    assert not rows["conv2d/bias"].is_zero
    assert rows["conv2d/bias"].good


def test_one_that_is_not_0_there_is_wrong(monkeypatch):
    real = Dense.backward

    def wrong(self, dy, ctx, input_gradient=True):
        dx, grads = real(self, dy, ctx, input_gradient)
        return dx, {**grads, "bias": grads["bias"] + 1e-5}

    monkeypatch.setattr(Dense, "backward", wrong)
    rows = {row.tensor: row for row in gradcheck.check_model(normalized(), entries=20)}
    assert not rows["dense/bias"].good
    assert "WRONG" in gradcheck.line(rows["dense/bias"])
