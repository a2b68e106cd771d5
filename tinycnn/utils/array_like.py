"""For type checkers: what stands for an array of numbers (NumPy's own takes texts, too), and for data."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import numpy as np

from tinycnn.utils.py_dataset import PyDataset


class SupportsArray(Protocol):
    """What turns into an array by itself: a NumPy array, a tensor, a column of a table."""

    def __array__(self) -> np.ndarray:
        """Return the numbers."""


# Lists in lists, as deep as images (n, h, w, c) need. A text is a sequence of texts, and fits none of them.
Row = Sequence[float] | Sequence[np.ndarray]
Rows = Sequence[Sequence[float]] | Sequence[Sequence[np.ndarray]]
Planes = Sequence[Sequence[Sequence[float]]] | Sequence[Sequence[Sequence[Sequence[float]]]]
ArrayLike = SupportsArray | Row | Rows | Planes
# What `fit` takes: samples, or what hands over batches of them with their labels.
Samples = ArrayLike | PyDataset | Iterable[tuple[Any, ...]]
