"""Means over batches of different sizes, plain and by the samples' weights."""

import numpy as np
import pytest

from tinycnn.models.means import Means


def test_each_sample_counts_alike_whatever_its_batch():
    means = Means(["loss", "accuracy"])
    means.add([np.array([1.0, 2.0, 6.0]), np.array([1.0, 1.0, 0.0])])
    means.add([np.array([7.0]), np.array([0.0])])
    assert means.logs() == {"loss": 4.0, "accuracy": 0.5}


def test_the_last_may_be_means_by_weights():
    means = Means(["loss", "accuracy", "weighted_accuracy"], weighted=1)
    right, weights = np.array([1.0, 0.0]), np.array([3.0, 1.0])
    means.add([weights * 2, right, right * weights], weights)
    assert means.logs() == {"loss": 4.0, "accuracy": 0.5, "weighted_accuracy": 0.75}
    none = Means(["loss", "weighted_accuracy"], weighted=1)
    none.add([np.zeros(2), np.zeros(2)], np.zeros(2))
    assert none.logs() == {"loss": 0.0, "weighted_accuracy": 0.0}


def test_before_the_first_batch_there_is_no_mean():
    with pytest.raises(ValueError, match="batch"):
        Means(["loss"]).logs()
