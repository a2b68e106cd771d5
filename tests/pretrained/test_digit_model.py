"""The model that reads digits: what it gives must be probabilities."""

import h5py
import numpy as np
import pytest

from tinycnn.layers import Dense, Flatten, Input, MaxPooling2D
from tinycnn.models import Sequential
from tinycnn.pretrained import digit_model
from tinycnn.utils.errors import ModelFileError


def test_scores_are_not_taken_for_probabilities(tmp_path):
    layers = [Input((28, 28, 1)), MaxPooling2D(7), Flatten()]
    scores = Sequential([*layers, Dense(10)])
    shares = digit_model.probabilities(
        scores, "scores", np.random.default_rng(0).random((3, 28, 28, 1))
    )
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)
    layers = [Input((28, 28, 1)), MaxPooling2D(7), Flatten()]
    relu = Sequential([*layers, Dense(10, activation="relu")])
    with pytest.raises(ModelFileError, match="no probabilities"):
        digit_model.probabilities(relu, "relu", np.zeros((3, 28, 28, 1)))


def test_ten_sigmoids_become_shares_of_1():
    sigmoid = Sequential([Input((28, 28, 1)), Flatten(), Dense(10, activation="sigmoid")])
    x = np.random.default_rng(0).random((3, 28, 28, 1), np.float32)
    shares, y = digit_model.probabilities(sigmoid, "a.h5", x), sigmoid.predict(x, verbose=0)
    np.testing.assert_allclose(shares, y / y.sum(axis=1, keepdims=True), rtol=1e-6)
    sigmoid.set_weights([np.zeros((784, 10)), np.full(10, -200)])  # all are 0
    np.testing.assert_allclose(digit_model.probabilities(sigmoid, "a.h5", x), 0.1, rtol=1e-6)


def test_what_is_no_good_in_the_training_does_not_matter_to_who_predicts(tmp_path):
    model = Sequential([Input((28, 28, 1)), Flatten(), Dense(10, activation="softmax")])
    model.compile("sgd", "categorical_crossentropy")
    model.save(tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        file.attrs["training_config"] = "{"
        del file.attrs["tinycnn_sha256"]
    read, _ = digit_model.load_digit_model(tmp_path / "a.h5", compile=False)
    assert not read.compiled
    with pytest.raises(ModelFileError, match="training_config is no good"):
        digit_model.load_digit_model(tmp_path / "a.h5")
