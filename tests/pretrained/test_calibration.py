"""Temperature scaling: it finds the temperature that was put in, and changes no answer."""

import numpy as np
import pytest

from tinycnn import Sequential, layers, utils
from tinycnn.activations import softmax
from tinycnn.pretrained import calibration


@pytest.mark.parametrize("put_in", [0.4, 1.0, 3.0])
def test_the_temperature_that_was_put_in_is_found(put_in):
    rng = np.random.default_rng(0)
    scores = rng.normal(0, 2, (20_000, 10))
    true = softmax(scores)
    labels = (true.cumsum(axis=1) < rng.random((len(true), 1))).sum(axis=1)
    found = calibration.temperature(softmax(scores * put_in), np.minimum(labels, 9))
    assert found == pytest.approx(put_in, rel=0.03)


def test_it_is_where_the_loss_is_least():
    rng = np.random.default_rng(1)
    shares, labels = rng.dirichlet(np.ones(10), 200), rng.integers(0, 10, 200)
    labels[:100] = shares[:100].argmax(axis=1)
    found = calibration.temperature(shares, labels)

    def loss(temperature):
        scaled = softmax(np.log(shares) / temperature)
        return -np.log(scaled[np.arange(200), labels]).mean()

    assert loss(found) <= min(loss(found * 1.02), loss(found / 1.02))


def test_answers_without_a_doubt_have_the_lowest_temperature():
    shares = np.float32([[1, 0], [0, 1]])
    assert calibration.temperature(shares, np.array([0, 1])) <= 0.06


def test_a_scaled_model_answers_the_same_more_surely():
    utils.set_random_seed(0)
    model = Sequential([layers.Input((5,)), layers.Dense(4), layers.Dense(3, "softmax")])
    model.compile("sgd", "categorical_crossentropy")
    x = np.random.default_rng(0).normal(size=(50, 5)).astype(np.float32)
    before = model.predict(x, verbose=0)
    calibration.scale(model, 0.5)
    after = model.predict(x, verbose=0)
    np.testing.assert_allclose(after, softmax(2 * np.log(before)), rtol=1e-4)
    assert np.array_equal(before.argmax(axis=1), after.argmax(axis=1))


@pytest.mark.parametrize("shares", [np.zeros((0, 10)), np.full((3, 10), np.nan)])
def test_nothing_and_nan_are_refused(shares):
    with pytest.raises(ValueError, match="finite probabilities of one sample or more"):
        calibration.temperature(shares, np.zeros(len(shares), int))
