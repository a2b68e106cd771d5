"""The cross-entropy of yes or no: values by hand, scores at the edge, and training by the definition."""

import numpy as np
import pytest

from tests.support import by_definition
from tinycnn import Sequential, gradcheck, losses
from tinycnn.layers import Activation, Dense
from tinycnn.losses import BinaryCrossentropy
from tinycnn.ops import reference

LOG2, LOG4 = np.log(2), np.log(4)


def test_values_by_hand():
    assert losses.binary_crossentropy([[1, 0]], [[0.5, 0.75]]) == pytest.approx([(LOG2 + LOG4) / 2])
    logits = [[0.0, np.log(3)]]
    actual = losses.binary_crossentropy([[1, 0]], logits, from_logits=True)
    assert actual == pytest.approx([(LOG2 + LOG4) / 2])
    (clipped,) = losses.binary_crossentropy([[1.0]], np.zeros((1, 1)))
    assert clipped == pytest.approx(-np.log(1e-7))
    smoothed = BinaryCrossentropy(label_smoothing=0.2)([[1.0]], [[0.8]])
    assert smoothed == pytest.approx(-0.9 * np.log(0.8) - 0.1 * np.log(0.2))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extreme_scores(dtype):
    logits = np.array([[1e4], [-1e4], [1e4], [-1e4]], dtype)
    target = np.array([[1], [0], [0], [1]], dtype)
    losses_, p = reference.binary_cross_entropy_forward(logits, target)
    assert losses_.ravel().tolist() == [0, 0, 1e4, 1e4]
    slopes = reference.binary_cross_entropy_backward(p, target)
    assert slopes.ravel().tolist() == [0, 0, 1, -1]


def test_its_operation_has_the_right_slopes():
    rng = np.random.default_rng(0)
    logits, cotangent = rng.standard_normal((2, 4, 3))
    target = rng.random((4, 3))
    forward = reference.binary_cross_entropy_forward
    errors, p = forward(logits, target)
    q = 1 / (1 + np.exp(-logits))
    np.testing.assert_allclose(errors, -target * np.log(q) - (1 - target) * np.log(1 - q))
    gradient = cotangent * reference.binary_cross_entropy_backward(p, target)
    value = lambda: (float((cotangent * forward(logits, target)[0]).sum()), [])  # noqa: E731
    assert gradcheck.compare("logits", logits, gradient, value, 12, rng).good


@pytest.mark.parametrize("bad", [-1, 2, np.nan])
def test_labels_are_probabilities(bad):
    with pytest.raises(ValueError, match="y_true must be probabilities"):
        BinaryCrossentropy()([[1], [bad]], [[0.5], [0.5]])


@pytest.mark.parametrize("units", [1, 3])
@pytest.mark.parametrize("own_layer", [False, True])
def test_a_sigmoid_at_the_end_hands_over_its_scores(own_layer, units):
    end = (
        [Dense(units), Activation("sigmoid")] if own_layer else [Dense(units, activation="sigmoid")]
    )
    model = Sequential([Dense(4, activation="tanh", input_shape=(2,)), *end])
    model.compile("sgd", "binary_crossentropy", metrics=["accuracy", "mse", "binary_accuracy"])
    assert (model.objective.end, model.objective.from_logits) == ("sigmoid", True)
    model.layers[1].params["bias"][...] = 300  # a confident mistake keeps its gradient
    x, y = np.ones((2, 2)), np.zeros((2, units))
    assert model.gradients(x, y)["dense_1/bias"] == pytest.approx(np.full(units, 1 / units))
    loss, *metrics = model.evaluate(x, y, verbose=0)
    assert loss == pytest.approx(300, rel=0.02)
    assert metrics[1:] == [1, 0]  # of the probabilities, not of the scores
    assert units > 1 or metrics[0] == 0
    rows = gradcheck.check_model(model)
    assert rows[-1].tensor == "loss by logits"
    assert "before the sigmoid" in str(
        model.explain_gradient(x[:1], y[:1], -2 if own_layer else -1, (0,))
    )


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("end", ["sigmoid", "softmax"])
def test_it_trains_as_its_definition_says(end, smoothing):
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((6, 4)), (rng.random((6, 3)) > 0.5).astype(float)
    model = Sequential([Dense(3, activation=end, input_shape=(4,), dtype="float64")])
    model.compile("sgd", BinaryCrossentropy(label_smoothing=smoothing))
    model.optimizer.learning_rate = 0.3
    before, smooth = model.get_weights(), y * (1 - smoothing) + smoothing / 2
    value = lambda w: by_definition.whole_loss(w, x, smooth, end, "binary_crossentropy")  # noqa: E731
    for _ in range(5):
        model.train_on_batch(x, y)
    wanted = by_definition.trained(before, 5, 0.3, value)
    for actual, after, start in zip(model.get_weights(), wanted, before, strict=True):
        assert np.abs(actual - after).max() <= 1e-6 * np.abs(after - start).max()
    assert all(row.good for row in gradcheck.check_model(model))


def test_a_configuration_makes_it_again():
    loss = BinaryCrossentropy(True, 0.25, name="mine")
    again = losses.deserialize(losses.serialize(loss))
    assert again.get_config() == loss.get_config()
    assert losses.get("bce").get_config()["label_smoothing"] == 0
