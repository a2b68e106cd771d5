"""The model that reads digits: what it gives must be probabilities."""

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
    sigmoid = Sequential([*layers, Dense(10, activation="sigmoid")])
    with pytest.raises(ModelFileError, match="no probabilities"):
        digit_model.probabilities(sigmoid, "sigmoid", np.zeros((3, 28, 28, 1)))
