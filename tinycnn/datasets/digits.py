"""`Digits`: the arrays of a training set and a test set, with a name."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)  # comparing arrays with == gives no truth value
class Digits:
    """A training set and a test set of digits.

    Args:
        x_train: uint8 (n, 28, 28), 0 = background, 255 = foreground.
        y_train: uint8 (n,), 0..9.
        x_test: uint8 (m, 28, 28).
        y_test: uint8 (m,).
        name: "mnist" for MNIST itself, "sample" for the embedded sample, otherwise the folder.
        note: what a program must tell its user (the sample stands in for MNIST, and why), or None.

    Example:
        >>> from tinycnn import datasets
        >>> datasets.load("sample").x_train.shape
        (10000, 28, 28)
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    name: str
    note: str | None = None
