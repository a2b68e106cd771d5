"""The data that all contenders train on: real digits, because speed depends on how many pixels are 0."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Data:
    """Digits as the contenders take them.

    Args:
        name: "sample", "mnist" or the name of a folder.
        x: float32 (n, 28, 28, 1), 0 to 1.
        labels: int64 (n,).
    """

    name: str
    x: np.ndarray
    labels: np.ndarray

    @property
    def one_hot(self):
        """The labels as float32 (n, 10)."""
        return np.eye(10, dtype=np.float32)[self.labels]

    def first(self, count):
        """Return a `Data` of the first `count` digits."""
        return Data(self.name, self.x[:count], self.labels[:count])

    def batches(self, size, count):
        """Return a list of `count` `Data`, each of the next `size` digits."""
        parts = [slice(i * size, (i + 1) * size) for i in range(count)]
        return [Data(self.name, self.x[part], self.labels[part]) for part in parts]


def load(source):
    """Return the training digits of `tinycnn.datasets.load(source)` as a `Data`."""
    from tinycnn import datasets

    digits = datasets.load(source)
    x = digits.x_train[..., None] / np.float32(255)
    return Data(digits.name, x, digits.y_train.astype(np.int64))
