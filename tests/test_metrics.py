"""Metrics: values by hand, labels of the wrong kind refused, NaN never right."""

import numpy as np
import pytest

from tinycnn import metrics, utils
from tinycnn.layers import (
    Dense,
    Input,
)
from tinycnn.models.sequential import Sequential


def test_a_metric_takes_only_its_own_labels():
    y_pred = np.eye(3)[[0, 1, 1]]
    assert metrics.categorical_accuracy(np.eye(3), y_pred).tolist() == [1, 1, 0]
    assert metrics.sparse_categorical_accuracy([0, 1, 2], y_pred).tolist() == [1, 1, 0]
    assert metrics.sparse_categorical_accuracy([[0], [1], [2]], y_pred).tolist() == [1, 1, 0]
    with pytest.raises(ValueError, match="categorical_accuracy takes one-hot labels"):
        metrics.categorical_accuracy([0, 1, 2], y_pred)
    with pytest.raises(ValueError, match="sparse_categorical_accuracy takes class numbers"):
        metrics.sparse_categorical_accuracy(np.eye(3), y_pred)


def test_the_other_metric_for_the_loss_is_refused_and_not_wrong():
    utils.set_random_seed(1)
    model = Sequential([Input((4,)), Dense(3, activation="softmax")])
    x, y = np.zeros((3, 4)), np.arange(3)
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["categorical_accuracy"])
    with pytest.raises(ValueError, match="one-hot labels"):
        model.evaluate(x, y, verbose=0)
    model.compile("sgd", "categorical_crossentropy", metrics=["sparse_categorical_accuracy"])
    with pytest.raises(ValueError, match="class numbers"):
        model.evaluate(x, np.eye(3), verbose=0)


def test_accuracy_goes_by_the_labels_and_a_nan_is_never_right():
    y_pred = np.array([[0.1, 0.9], [0.6, 0.4], [np.nan, 0.5]])
    for y_true in ([1, 1, 0], [[1], [1], [0]], np.eye(2)[[1, 1, 0]]):
        assert metrics.accuracy(y_true, y_pred).tolist() == [1, 0, 0]
    assert metrics.accuracy([[0], [0]], [[0.3], [0.2]]).tolist() == [1, 1]  # one class: its number


def test_metrics_are_known_by_name_and_by_themselves():
    assert metrics.get("acc") == ("acc", metrics.accuracy)
    function = metrics.categorical_accuracy
    assert metrics.get(function) == ("categorical_accuracy", function)
    for wrong in ("auc", None, np.mean, ["acc"]):
        with pytest.raises(ValueError, match="A metric must be one of"):
            metrics.get(wrong)
