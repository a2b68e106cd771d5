"""Numbers at the ends of their range, NaN and infinity: a right result, or one that shows, never silence."""

import numpy as np
import pytest

from tests.support.marks import needs_kernels
from tests.support.pixel_nets import LABELS, PIXELS, pixel_net
from tinycnn import losses
from tinycnn.layers import (
    AveragePooling2D,
    Dense,
    Dropout,
    Flatten,
    Input,
    MaxPooling2D,
)
from tinycnn.models.sequential import Sequential
from tinycnn.optimizers import SGD, Adadelta, Adam


@pytest.fixture(scope="module")
def model():
    return pixel_net()


@pytest.fixture(scope="module")
def usual(model):
    return model.predict(PIXELS.astype(np.float32), verbose=0)


def scores_of(*rows):
    return np.float32(rows)


@pytest.mark.parametrize("size", [1e4, 1e30, 3e38])
def test_large_logits_stay_finite(size):
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    assert loss([0], scores_of([size, 0, 0])) == 0
    assert loss([1], scores_of([size, 0, 0])) == pytest.approx(size, rel=1e-6)
    model = Sequential([Input((3,)), Dense(3, activation="softmax")])
    model.compile(SGD(1.0), "sparse_categorical_crossentropy")
    model.set_weights([size * np.eye(3), np.zeros(3)])
    grads = model.gradients(scores_of([1, 0, 0]), [1])
    np.testing.assert_array_equal(grads["dense/bias"], [1, -1, 0])
    np.testing.assert_array_equal(model.predict(np.eye(3), verbose=0), np.eye(3))


def test_an_impossible_class_costs_nothing_unless_it_is_the_true_one():
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    assert loss([0], scores_of([0, -np.inf])) == 0
    assert loss([1], scores_of([0, -np.inf])) == np.inf


@pytest.mark.parametrize("from_logits", [True, False])
def test_a_nan_in_a_prediction_is_a_nan_in_the_loss(from_logits):
    for row in ([np.nan, 0.5, 0.5], [0.5, np.nan, 0.5]):
        assert np.isnan(losses.SparseCategoricalCrossentropy(from_logits)([0], scores_of(row)))


def test_a_nan_pixel_is_a_nan_in_its_own_sample_only(model, usual):
    x = PIXELS.astype(np.float32)
    x[3, 4, 4, 0] = np.nan
    actual = model.predict(x, verbose=0)
    assert np.isnan(actual[3]).all()
    good = [0, 1, 2, 4, 5]
    assert actual[good].tobytes() == usual[good].tobytes()
    with pytest.warns(UserWarning, match=r"x\[3\] holds NaN"):
        assert np.isnan(model.evaluate(x, LABELS, verbose=0)[0])


@pytest.mark.parametrize("pool", [MaxPooling2D, AveragePooling2D])
def test_pooling_hands_a_nan_on(pool):
    x = np.zeros((1, 4, 4, 1), np.float32)
    x[0, 1, 1] = np.nan
    layer = pool()
    layer.build(x.shape, None)
    y, _ = layer.forward(x, False, None)
    assert np.isnan(y[0, :, :, 0]).tolist() == [[True, False], [False, False]]


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_infinite_pixels_never_look_like_an_answer(value, model):
    with np.errstate(invalid="ignore"):
        actual = model.predict(np.full((2, 8, 8, 2), value), verbose=0)
    assert np.isnan(actual).any(axis=1).all()


def test_windows_of_equal_numbers_have_one_winner():
    x, layer = np.full((2, 6, 6, 3), 7, np.float32), MaxPooling2D(3, strides=1)
    layer.build(x.shape, None)
    y, ctx = layer.forward(x, True, None)
    dx, _ = layer.backward(np.ones_like(y), ctx)
    assert dx.sum() == y.size
    assert np.count_nonzero(dx) == y.size  # the first of each window, so each pixel wins once


def test_black_pictures_still_move_the_bias():
    model = pixel_net()
    grads = model.gradients(np.zeros((6, 8, 8, 2)), np.zeros(6))
    assert not grads["conv2d/kernel"].any()
    np.testing.assert_allclose(grads["dense/bias"], [1 / 3 - 1, 1 / 3, 1 / 3], rtol=1e-6)
    assert all(np.isfinite(grad).all() for grad in grads.values())


@pytest.mark.parametrize("optimizer", [SGD, Adadelta, Adam])
def test_dead_units_stay_where_they_are(optimizer):
    model = pixel_net(optimizer=optimizer())
    kernel, bias, *others = model.get_weights()
    model.set_weights([kernel, np.full_like(bias, -100), *others])
    model.fit(PIXELS, LABELS, verbose=0, epochs=3)
    actual = model.get_weights()
    np.testing.assert_array_equal(actual[0], kernel)
    np.testing.assert_array_equal(actual[1], -100)
    assert all(np.isfinite(weight).all() for weight in actual)


@pytest.mark.parametrize("optimizer", [SGD, Adadelta, Adam])
def test_a_learning_rate_of_nothing_changes_nothing(optimizer):
    model = pixel_net(Dropout(0.5), Flatten(), optimizer=optimizer(0.0))
    before = model.get_weights()
    model.fit(PIXELS, LABELS, verbose=0, epochs=2)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


@pytest.mark.parametrize("optimizer", [SGD, Adadelta, Adam])
def test_a_learning_rate_that_is_far_too_large_shows_in_the_loss(optimizer):
    model = pixel_net(optimizer=optimizer(1e30))
    with pytest.warns(UserWarning, match="diverged"):
        history = model.fit(PIXELS, LABELS, verbose=0, epochs=4).history["loss"]
    assert np.isfinite(history[0])
    assert not np.isfinite(history[-1]) or history[-1] > 1e6


@needs_kernels
def test_an_overflow_into_float32_warns_and_is_not_hidden(model):
    with pytest.warns(UserWarning, match=r"x\[0\] holds a number too large for float32"):
        actual = model.predict(np.full((1, 8, 8, 2), 1e300), verbose=0)
    assert np.isnan(actual).any()
