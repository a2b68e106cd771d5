"""What a training reports of a batch: losses with penalties, metrics of the model's own output."""

import numpy as np
import pytest

from tinycnn import Sequential, losses, regularizers
from tinycnn.layers import Dense, Input

Y = np.eye(2, dtype=np.float32)[[0, 1, 1]]
LOSSES = np.array([1.0, 2.0, 3.0], np.float32)


def objective(**options):
    model = Sequential([Input((4,)), Dense(2, activation="softmax", **options)])
    model.set_weights([np.ones((4, 2)), np.zeros(2)])
    model.compile("sgd", "categorical_crossentropy", metrics=["accuracy"], weighted_metrics=["mse"])
    return model.objective


def test_names_stand_in_the_order_of_the_values():
    made = objective()
    assert made.names() == ["loss", "accuracy", "mse"]
    values = made.values(Y, np.zeros((3, 2), np.float32), LOSSES)
    assert [value.shape for value in values] == [(3,)] * 3


def test_weights_count_in_losses_and_in_weighted_metrics():
    made, weights = objective(), np.array([0.0, 1.0, 2.0])
    scores = np.array([[9, 0], [9, 0], [0, 9]], np.float32)
    plain = made.values(Y, scores, LOSSES)
    weighted = made.values(Y, scores, LOSSES, weights)
    np.testing.assert_array_equal(weighted[0], [0.0, 2.0, 6.0])
    np.testing.assert_array_equal(weighted[1], [1.0, 0.0, 1.0])
    np.testing.assert_allclose(weighted[2], plain[2] * weights)


def test_a_penalty_is_added_to_each_loss_and_metrics_see_probabilities():
    made = objective(kernel_regularizer=regularizers.L1(0.5))
    values = made.values(Y, np.zeros((3, 2), np.float32), LOSSES)
    np.testing.assert_array_equal(values[0], LOSSES + 4)
    np.testing.assert_allclose(values[2], [0.25, 0.25, 0.25])


def test_scores_that_are_none_are_told():
    for end, loss, words in (
        ("softmax", "CategoricalCrossentropy", "as in Keras, the loss takes the scores before"),
        ("sigmoid", "CategoricalCrossentropy", "the loss takes the model's outputs for scores"),
        ("softmax", "BinaryCrossentropy", "the loss takes the model's outputs for scores"),
    ):
        model = Sequential([Input((4,)), Dense(2, activation=end)])
        with pytest.warns(UserWarning, match=f"ends in a {end}: {words}"):
            model.compile("sgd", getattr(losses, loss)(from_logits=True))
