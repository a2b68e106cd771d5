"""Accuracies: how many predictions are right, each as a function and as a class."""

import numpy as np

from tinycnn.metrics.base import FunctionMetric
from tinycnn.utils.validation import as_array, check_int, check_number


def _right(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    """Return 1.0 for each sample whose prediction is largest at its class, else 0.0, (n,).

    Args:
        y_true: class numbers, (n,).
        y_pred: predictions, (n, classes); with a NaN among them a sample counts as wrong.
    """
    known = ~np.isnan(y_pred).any(axis=-1)  # argmax takes a NaN for the largest
    return (known & (y_true == np.argmax(y_pred, axis=-1))).astype(float)


def _check_one_hot(metric: str, y_true: np.ndarray, y_pred: np.ndarray) -> None:
    """Raise ValueError, which names the metric, unless labels are shaped as predictions."""
    if y_true.shape != y_pred.shape:
        raise ValueError(
            f"{metric} takes one-hot labels, shaped as the predictions {y_pred.shape}. "
            f"Received: {y_true.shape}. For class numbers there is sparse_{metric}."
        )


def _class_numbers(metric: str, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    """Return class numbers (n, ...), without a last axis of 1; ValueError, with the metric, for others."""
    wanted = y_pred.shape[:-1]
    if y_true.shape not in (wanted, (*wanted, 1)):
        raise ValueError(
            f"{metric} takes class numbers of shape {wanted}. "
            f"Received: {y_true.shape}. For one-hot labels there is {metric.removeprefix('sparse_')}."
        )
    return y_true.reshape(wanted)


def _same_shape(
    metric: str, y_true: np.ndarray, y_pred: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return both as arrays of one shape; at the end of either an axis of 1 may be missing."""
    y_true, y_pred = as_array("y_true", y_true), as_array("y_pred", y_pred)
    if y_true.shape in ((*y_pred.shape, 1), y_pred.shape[:-1]) and y_true.size == y_pred.size:
        y_true = y_true.reshape(y_pred.shape)
    if y_true.shape != y_pred.shape:
        raise ValueError(
            f"{metric} takes labels shaped as the predictions {y_pred.shape}. Received: {y_true.shape}"
        )
    return y_true, y_pred


def categorical_accuracy(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    """Return 1.0 for each sample whose largest prediction is at its label's 1, else 0.0, (n,).

    Args:
        y_true: one-hot labels, (n, classes).
        y_pred: predictions, (n, classes).

    Example:
        >>> categorical_accuracy([[0, 1]], [[0.2, 0.8]])
        array([1.])
    """
    y_true, y_pred = as_array("y_true", y_true), as_array("y_pred", y_pred)
    _check_one_hot("categorical_accuracy", y_true, y_pred)
    return _right(np.argmax(y_true, axis=-1), y_pred)


def sparse_categorical_accuracy(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    """Return 1.0 for each sample whose largest prediction is at its class number, else 0.0, (n,).

    Args:
        y_true: class numbers, (n,) or (n, 1).
        y_pred: predictions, (n, classes).

    Example:
        >>> sparse_categorical_accuracy([0, 1], [[0.2, 0.8], [0.2, 0.8]])
        array([0., 1.])
    """
    y_true, y_pred = as_array("y_true", y_true), as_array("y_pred", y_pred)
    return _right(_class_numbers("sparse_categorical_accuracy", y_true, y_pred), y_pred)


def binary_accuracy(y_true: np.ndarray, y_pred: np.ndarray, threshold: float = 0.5) -> np.ndarray:
    """Return 1.0 for each number that is on its label's side of the threshold, else 0.0, (n, ...).

    Args:
        y_true: 0 or 1, (n, ...).
        y_pred: predictions, (n, ...); above the threshold they say 1. A NaN is wrong.
        threshold: between the two.

    Example:
        >>> binary_accuracy([1, 0], [0.8, 0.7])
        array([1., 0.])
    """
    y_true, y_pred = _same_shape("binary_accuracy", y_true, y_pred)
    return (~np.isnan(y_pred) & ((y_pred > threshold) == y_true)).astype(float)


def top_k_categorical_accuracy(y_true: np.ndarray, y_pred: np.ndarray, k: int = 5) -> np.ndarray:
    """Return 1.0 for each sample with fewer than k predictions above that at its label's 1, else 0.0, (n,).

    Args:
        y_true: one-hot labels, (n, classes).
        y_pred: predictions, (n, classes).
        k: from 1.

    Example:
        >>> top_k_categorical_accuracy([[0, 1, 0]], [[0.5, 0.3, 0.2]], k=2)
        array([1.])
    """
    y_true, y_pred = as_array("y_true", y_true), as_array("y_pred", y_pred)
    _check_one_hot("top_k_categorical_accuracy", y_true, y_pred)
    return sparse_top_k_categorical_accuracy(np.argmax(y_true, axis=-1), y_pred, k)


def sparse_top_k_categorical_accuracy(
    y_true: np.ndarray, y_pred: np.ndarray, k: int = 5
) -> np.ndarray:
    """Return the same for class numbers, (n,) or (n, 1): see `top_k_categorical_accuracy`.

    Example:
        >>> sparse_top_k_categorical_accuracy([1], [[0.5, 0.3, 0.2]], k=1)
        array([0.])
    """
    y_true, y_pred = as_array("y_true", y_true), as_array("y_pred", y_pred)
    classes = _class_numbers("sparse_top_k_categorical_accuracy", y_true, y_pred).astype(np.intp)
    own = np.take_along_axis(y_pred, classes[..., None], axis=-1)
    known = np.isfinite(y_pred).all(axis=-1)  # as in TensorFlow
    return (known & ((y_pred > own).sum(axis=-1) < k)).astype(float)


def accuracy(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    """Return the accuracy that goes with these shapes, one number a sample, (n,): what "accuracy" means.

    It is `binary_accuracy` for one output, `categorical_accuracy` for one-hot labels, and
    `sparse_categorical_accuracy` for class numbers.
    """
    y_true, y_pred = as_array("y_true", y_true), as_array("y_pred", y_pred)
    if y_pred.shape[-1] == 1:
        return binary_accuracy(y_true, y_pred).reshape(len(y_pred), -1).mean(axis=1)
    if y_true.shape == y_pred.shape:
        return _right(np.argmax(y_true, axis=-1), y_pred)
    return _right(_class_numbers("sparse_categorical_accuracy", y_true, y_pred), y_pred)


def equal(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    """Return 1.0 for each number that equals its label, else 0.0, (n, ...)."""
    y_true, y_pred = _same_shape("Accuracy", y_true, y_pred)
    return (y_true == y_pred).astype(float)


class AccuracyByShape(FunctionMetric):
    """What the text "accuracy" stands for: see `accuracy`.

    Args:
        name, dtype, options: see `Metric`.
    """

    by_order = True
    function = staticmethod(accuracy)


class Accuracy(FunctionMetric):
    """How many predictions equal their labels.

    Args:
        name, dtype, options: see `Metric`.
    """

    function = staticmethod(equal)


class CategoricalAccuracy(FunctionMetric):
    """How many predictions are largest at the 1 of their one-hot labels.

    Args:
        name, dtype, options: see `Metric`.

    Example:
        >>> CategoricalAccuracy(name="accuracy")([[0, 1], [0, 1]], [[0.2, 0.8], [0.7, 0.3]])
        0.5
    """

    by_order = True
    function = staticmethod(categorical_accuracy)


class SparseCategoricalAccuracy(FunctionMetric):
    """How many predictions are largest at their class number.

    Args:
        name, dtype, options: see `Metric`.
    """

    by_order = True
    function = staticmethod(sparse_categorical_accuracy)


class BinaryAccuracy(FunctionMetric):
    """How many predictions are on the same side of a threshold as their labels, 0 and 1.

    Args:
        name, dtype, options: see `Metric`.
        threshold: between the two.
    """

    config_names = ("name", "threshold")
    function = staticmethod(binary_accuracy)

    def __init__(
        self,
        name: str | None = None,
        dtype: object = None,
        threshold: float = 0.5,
        **options: object,
    ):
        super().__init__(name, dtype, **options)
        self.threshold = check_number("threshold", threshold)


class TopKCategoricalAccuracy(FunctionMetric):
    """How many predictions are among the k largest at the 1 of their one-hot labels.

    Args:
        k: from 1.
        name, dtype, options: see `Metric`.
    """

    config_names = ("name", "k")
    by_order = True
    function = staticmethod(top_k_categorical_accuracy)

    def __init__(
        self, k: int = 5, name: str | None = None, dtype: object = None, **options: object
    ):
        super().__init__(name, dtype, **options)
        self.k = check_int("k", k)


class SparseTopKCategoricalAccuracy(TopKCategoricalAccuracy):
    """How many predictions are among the k largest at their class number.

    Args:
        k, name, dtype, options: see `TopKCategoricalAccuracy`.
    """

    fixed_options = TopKCategoricalAccuracy.fixed_options | {"from_sorted_ids": (False,)}
    function = staticmethod(sparse_top_k_categorical_accuracy)
