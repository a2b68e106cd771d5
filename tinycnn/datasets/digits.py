"""`Digits`: the arrays of a training set and a test set, with a name."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False, repr=False)  # arrays have no one truth value, and are long
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
        >>> (x_train, y_train), (x_test, y_test) = datasets.load("sample")  # as `mnist.load_data()`
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    name: str
    note: str | None = None

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield (x_train, y_train), then (x_test, y_test)."""
        yield self.x_train, self.y_train
        yield self.x_test, self.y_test

    def __repr__(self) -> str:
        return f"<Digits {self.name}: {len(self.x_train):,} training, {len(self.x_test):,} test>"
