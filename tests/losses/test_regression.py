"""Squared and absolute error: values by hand, shapes as in Keras, and training by the definition."""

import numpy as np
import pytest

from tests.support import by_definition
from tinycnn import Sequential, gradcheck, losses
from tinycnn.layers import Conv2D, Dense, Input
from tinycnn.losses import MeanAbsoluteError, MeanSquaredError
from tinycnn.ops import reference

ERRORS = {"squared": np.square, "absolute": np.abs}


def test_values_by_hand():
    y_true, y_pred = [[0.0, 1.0], [2.0, 3.0]], [[1.0, 1.0], [2.0, -1.0]]
    assert losses.mean_squared_error(y_true, y_pred).tolist() == [0.5, 8.0]
    assert losses.mean_absolute_error(y_true, y_pred).tolist() == [0.5, 2.0]
    assert MeanSquaredError()(y_true, y_pred) == 4.25
    assert MeanAbsoluteError()(y_true, y_pred) == 1.25
    assert MeanSquaredError()(y_true, y_pred, sample_weight=[1, 0]) == 0.25  # of two samples


@pytest.mark.parametrize("kind", ERRORS)
def test_each_number_has_its_error_and_its_slope(kind):
    rng = np.random.default_rng(0)
    y_pred, target, cotangent = rng.standard_normal((3, 4, 5))
    forward = getattr(reference, f"{kind}_error_forward")
    backward = getattr(reference, f"{kind}_error_backward")
    errors, ctx = forward(y_pred, target)
    np.testing.assert_array_equal(errors, ERRORS[kind](y_pred - target))
    row = gradcheck.compare(
        "y_pred",
        y_pred,
        cotangent * backward(ctx, target),
        lambda: (float((cotangent * forward(y_pred, target)[0]).sum()), [y_pred > target]),
        20,
        rng,
    )
    assert row.good, row


def test_on_its_target_an_absolute_error_has_no_slope():
    loss, zeros = MeanAbsoluteError(), np.zeros((2, 3))
    assert not loss.backward(zeros, loss.forward(zeros, zeros, False)[1], False).any()


@pytest.mark.parametrize(
    ("labels", "outputs"),
    [((4,), (4, 1)), ((4, 1), (4, 1)), ((4, 1), (4,)), ((4, 2, 2), (4, 2, 2, 1))],
)
def test_an_axis_of_one_number_may_be_missing(labels, outputs):
    y_true, y_pred = np.arange(np.prod(labels)).reshape(labels), np.zeros(outputs)
    assert MeanSquaredError()(y_true, y_pred) == np.mean(y_true.astype(float) ** 2)


@pytest.mark.parametrize("labels", [(4,), (4, 1), (4, 2), (3, 3), (4, 3, 2), (1, 3)])
def test_other_shapes_are_refused_and_never_broadcast(labels):
    with pytest.raises(ValueError, match="does not go with predictions of shape") as caught:
        MeanSquaredError()(np.zeros(labels), np.zeros((4, 3)))
    assert str(labels) in str(caught.value)


@pytest.mark.parametrize(
    ("identifier", "cls"),
    [
        *((name, MeanSquaredError) for name in ("mse", "MSE", "mean_squared_error")),
        *((name, MeanAbsoluteError) for name in ("mae", "MAE", "MeanAbsoluteError")),
        (losses.mean_squared_error, MeanSquaredError),
        (MeanSquaredError, MeanSquaredError),
        ({"class_name": "MeanSquaredError", "config": {"name": "a"}}, MeanSquaredError),
    ],
)
def test_known_losses(identifier, cls):
    assert type(losses.get(identifier)) is cls


def test_another_reduction_is_refused():
    for reduction in ("sum", None, "none"):
        with pytest.raises(ValueError, match="reduction is only there"):
            MeanSquaredError(reduction)


@pytest.mark.parametrize("end", by_definition.ENDS)
@pytest.mark.parametrize("loss", ["mse", "mean_absolute_error"])
def test_it_trains_as_its_definition_says(loss, end):
    """With the model's outputs, behind a softmax, too."""
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((6, 4)), rng.random((6, 3))
    model = Sequential([Dense(3, activation=end, input_shape=(4,), dtype="float64")])
    model.compile("sgd", loss)
    model.optimizer.learning_rate = 0.3
    before = model.get_weights()
    name = losses.get(loss).name
    value = lambda weights: by_definition.whole_loss(weights, x, y, end, name)  # noqa: E731
    assert model.evaluate(x, y, verbose=0) == pytest.approx(value(before), rel=1e-12)
    for _ in range(5):
        model.train_on_batch(x, y)
    wanted = by_definition.trained(before, 5, 0.3, value)
    for actual, end_, start in zip(model.get_weights(), wanted, before, strict=True):
        assert np.abs(actual - end_).max() <= 1e-6 * np.abs(end_ - start).max()
    assert all(row.good for row in gradcheck.check_model(model))


def test_pictures_have_such_a_loss():
    model = Sequential([Input((4, 4, 1)), Conv2D(1, 3, padding="same", activation="sigmoid")])
    model.compile("sgd", "mse", metrics=["mae", "accuracy"])
    x = np.random.default_rng(2).random((3, 4, 4, 1), np.float32)
    y = x > 0.5
    loss, error, accuracy = model.evaluate(x, y, verbose=0)
    p = model.predict(x, verbose=0)
    assert loss == pytest.approx(np.square(p - y).mean(), rel=1e-5)
    assert error == pytest.approx(np.abs(p - y).mean(), rel=1e-5)
    assert accuracy == pytest.approx(((p > 0.5) == y).mean())
    assert all(row.good for row in gradcheck.check_model(model))
