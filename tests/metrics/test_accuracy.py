"""Metrics: values by hand, labels of the wrong kind refused, NaN never right."""

import numpy as np
import pytest

from tinycnn import losses, metrics, utils
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


def test_one_output_is_yes_or_no():
    for labels in ([1, 0, 0], [[1], [0], [0]]):
        assert metrics.accuracy(labels, [[0.7], [0.2], [np.nan]]).tolist() == [1, 1, 0]
    assert metrics.binary_accuracy([[1, 0]], [[0.7, 0.7]]).tolist() == [[1, 0]]
    assert metrics.binary_accuracy([1], [0.5]).tolist() == [0]  # above the threshold, not on it
    with pytest.raises(ValueError, match="binary_accuracy takes labels shaped as"):
        metrics.binary_accuracy([1, 0], np.zeros((2, 3)))


def test_among_the_k_largest():
    y_pred = [[0.5, 0.3, 0.2], [0.2, 0.2, 0.6], [np.nan, 0.5, 0.5]]
    labels, one_hot = [1, 0, 1], np.eye(3)[[1, 0, 1]]
    for k, wanted in ((1, [0, 0, 0]), (2, [1, 1, 0]), (5, [1, 1, 0])):  # what is equal is not above
        assert metrics.sparse_top_k_categorical_accuracy(labels, y_pred, k).tolist() == wanted
        assert metrics.top_k_categorical_accuracy(one_hot, y_pred, k=k).tolist() == wanted
        assert metrics.TopKCategoricalAccuracy(k)(one_hot, y_pred) == np.mean(wanted)
    with pytest.raises(ValueError, match="sparse_top_k_categorical_accuracy takes class numbers"):
        metrics.sparse_top_k_categorical_accuracy(one_hot, y_pred)


def test_accuracy_the_class_counts_what_is_equal():
    assert metrics.Accuracy()([[1], [2]], [[1], [3]]) == 0.5
    assert metrics.get("accuracy").get_config() == {"name": "accuracy"}


def test_a_saved_accuracy_says_which_it_is():
    loss = {True: losses.get("sparse_categorical_crossentropy"), False: losses.get("mse")}
    (accuracy,) = metrics.for_model("acc")
    for sparse, outputs, wanted in (
        (True, 10, "SparseCategoricalAccuracy"),
        (False, 10, "CategoricalAccuracy"),
        (False, 1, "BinaryAccuracy"),
    ):
        found = metrics.by_loss(accuracy, loss[sparse], outputs)
        assert (type(found).__name__, found.name) == (wanted, "acc")
