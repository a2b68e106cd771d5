"""`PyDataset`: the base of data sets that hand over a batch at a time; `Sequence` is its older name."""


class PyDataset:
    """Base of data sets for `fit`, `evaluate` and `predict`; a subclass has `__len__` and `__getitem__`.

    `len(dataset)` is the number of batches, `dataset[i]` the i-th: x, (x, y) or (x, y, sample_weight).
    `num_batches` may be overridden instead of `__len__`, and be None for a data set without an end.

    Args:
        workers, use_multiprocessing, max_queue_size: taken as Keras takes them, without effect: batches are
            made where the model is trained, one at a time.

    Example:
        >>> class Halves(PyDataset):
        ...     def __init__(self, x, y):
        ...         super().__init__()
        ...         self.x, self.y = x, y
        ...
        ...     def __len__(self):
        ...         return 2
        ...
        ...     def __getitem__(self, index):
        ...         return self.x[index::2], self.y[index::2]
        >>> Halves([1, 2, 3, 4], [5, 6, 7, 8])[1]
        ([2, 4], [6, 8])
    """

    def __init__(
        self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10
    ):
        self.workers, self.use_multiprocessing = workers, use_multiprocessing
        self.max_queue_size = max_queue_size

    def __getitem__(self, index: int) -> object:
        """Return the batch at this index, from 0."""
        raise NotImplementedError(f"{type(self).__name__} needs a method __getitem__(self, index)")

    @property
    def num_batches(self) -> int | None:
        """The number of batches; None: there is no end."""
        if not hasattr(self, "__len__"):
            raise NotImplementedError(f"{type(self).__name__} needs a method __len__(self)")
        return len(self)

    def on_epoch_begin(self) -> None:
        """Called before each epoch."""

    def on_epoch_end(self) -> None:
        """Called after each epoch, and, as by Keras, once before the first."""


Sequence = PyDataset
