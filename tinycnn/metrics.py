"""Metrics: functions of labels and predictions that return one number for each sample, (n,).

Training and evaluation take the means over samples (`models/training.py`).
"""

from collections.abc import Callable

import numpy as np

from tinycnn.utils.validation import as_array


def _right(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    """Return 1.0 for each sample whose prediction is largest at its class, else 0.0, (n,).

    Args:
        y_true: class numbers, (n,).
        y_pred: predictions, (n, classes); with a NaN among them a sample counts as wrong.
    """
    known = ~np.isnan(y_pred).any(axis=-1)  # argmax takes a NaN for the largest
    return (known & (y_true == np.argmax(y_pred, axis=-1))).astype(float)


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
    if y_true.shape != y_pred.shape:
        raise ValueError(
            "categorical_accuracy takes one-hot labels, shaped as the predictions "
            f"{y_pred.shape}. Received: {y_true.shape}. For class numbers there is "
            "sparse_categorical_accuracy."
        )
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
    wanted = y_pred.shape[:-1]
    if y_true.shape not in (wanted, (*wanted, 1)):
        raise ValueError(
            f"sparse_categorical_accuracy takes class numbers of shape {wanted}. "
            f"Received: {y_true.shape}. For one-hot labels there is categorical_accuracy."
        )
    return _right(y_true.reshape(wanted), y_pred)


def accuracy(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    """Return `categorical_accuracy` for one-hot labels, `sparse_categorical_accuracy` for class numbers."""
    y_true, y_pred = as_array("y_true", y_true), as_array("y_pred", y_pred)
    one_hot = y_true.shape == y_pred.shape and y_pred.shape[-1] > 1
    return (categorical_accuracy if one_hot else sparse_categorical_accuracy)(y_true, y_pred)


METRICS = {
    "accuracy": accuracy,
    "acc": accuracy,
    "categorical_accuracy": categorical_accuracy,
    "sparse_categorical_accuracy": sparse_categorical_accuracy,
}


def get(identifier: str | Callable) -> tuple[str, Callable]:
    """Return (name, function) of a metric, given its name or the function.

    A given name is kept: "acc" and "accuracy" are the same function.

    Raises:
        ValueError: for a name that is not there.

    Example:
        >>> get("acc")[0]
        'acc'
    """
    if isinstance(identifier, str) and identifier in METRICS:
        return identifier, METRICS[identifier]
    if callable(identifier) and identifier in METRICS.values():
        return identifier.__name__, identifier
    raise ValueError(f"A metric must be one of {sorted(METRICS)}. Received: {identifier!r}")
