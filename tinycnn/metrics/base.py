"""`Metric`, the base class of the metrics, and `MeanMetricWrapper`, which makes one of a function."""

from collections.abc import Callable, Mapping

import numpy as np

from tinycnn.utils.configurable import Configurable
from tinycnn.utils.naming import snake_case
from tinycnn.utils.registration import get_registered_name, get_registered_object
from tinycnn.utils.validation import check_name, plain_array


class Metric(Configurable):
    """Base of the metrics: a name, and a number for each sample, of which the mean is reported.

    Args:
        name: under which it is reported; None for that of the class, in small letters.
        dtype: of no effect: the mean is computed in float64.
        options: Keras's other arguments; accepted only at the value that changes nothing.

    Example:
        >>> class Distance(Metric):
        ...     '''How far the prediction is off, for one output.'''
        ...     def call(self, y_true, y_pred):
        ...         return np.abs(y_true - y_pred)
        >>> metric = Distance()
        >>> metric.update_state(np.array([[1.0], [2.0]]), np.array([[1.5], [2.5]]))
        >>> metric.name, metric.result()
        ('distance', 0.5)
    """

    config_names: tuple[str, ...] = ("name",)
    fixed_options: Mapping[str, tuple] = {"dtype": (None, "float32")}
    # Whether only the order of the predictions counts: then scores do as well as probabilities.
    by_order = False

    def __init__(self, name: str | None = None, dtype: object = None, **options: object):
        own = type(self)
        if own.update_state is not Metric.update_state and own.call is Metric.call:
            raise TypeError(
                f"{own.__name__} is a metric in Keras's style, with update_state, and cannot run here: a "
                "metric is the mean of what its method call(y_true, y_pred) returns, one for each sample."
            )
        self.check_options(options | {"dtype": dtype})
        self.name = snake_case(type(self).__name__) if name is None else check_name("name", name)
        self.reset_state()

    def call(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray | float:
        """Return a number for each sample, (n,), or several, (n, ...), or one for all of them.

        Args:
            y_true: labels, (n, ...).
            y_pred: the model's outputs, (n, ...).
        """
        raise TypeError(f"{type(self).__name__} is only the base of the metrics")

    def per_sample(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Return a number for each sample, (n,): the mean where `call` gives several, its one for all.

        Raises:
            ValueError: if `call` returns an array of another length, or something that is no number.
        """
        if not type(self).call.__module__.startswith("tinycnn."):
            y_pred = (
                y_pred.copy()
            )  # which the next step may write over, and somebody's own method keep
        values, n = np.asarray(self.call(y_true, y_pred)), len(y_pred)
        if values.dtype.kind not in "buif":
            what = values.item() if values.ndim == 0 else f"an array of {values.dtype}"
            raise ValueError(f"The metric {self.name} must return numbers. Received: {what!r}")
        if not values.ndim:
            return np.full(n, values, float)
        if len(values) != n:
            raise ValueError(
                f"The metric {self.name} must return one number a sample, ({n},), or one for all. "
                f"Received: an array of shape {values.shape}"
            )
        return values if values.ndim == 1 else values.reshape(n, -1).mean(axis=1)

    def update_state(
        self, y_true: np.ndarray, y_pred: np.ndarray, sample_weight: np.ndarray | None = None
    ) -> None:
        """Add samples to those that `result` is the mean of.

        Args:
            y_true, y_pred: labels and predictions, (n, ...).
            sample_weight: how much each sample counts, (n,) or (n, 1); None: 1.
        """
        y_true, y_pred = plain_array("y_true", y_true), plain_array("y_pred", y_pred)
        values = self.per_sample(y_true, y_pred)
        weights = np.ones(len(values)) if sample_weight is None else np.asarray(sample_weight)
        self.total += float((values * weights.reshape(len(values))).sum(dtype=np.float64))
        self.count += float(weights.sum(dtype=np.float64))

    def result(self) -> float:
        """Return the mean over all samples since `reset_state`; 0.0 if there are none."""
        return self.total / self.count if self.count else 0.0

    def reset_state(self) -> None:
        """Forget all samples."""
        self.total = self.count = 0.0

    def __call__(
        self, y_true: np.ndarray, y_pred: np.ndarray, sample_weight: np.ndarray | None = None
    ) -> float:
        """Add samples and return the mean: see `update_state` and `result`."""
        self.update_state(y_true, y_pred, sample_weight)
        return self.result()


class MeanMetricWrapper(Metric):
    """The metric of a function of labels and predictions.

    Args:
        fn: takes (y_true, y_pred), returns what `Metric.call` does.
        name: None for the function's, in small letters.
        dtype: see `Metric`.
        options: further arguments for the function, by name.

    Example:
        >>> MeanMetricWrapper(lambda y_true, y_pred: abs(y_true - y_pred), "off")([1, 2], [1, 4])
        1.0
    """

    config_names = ("fn", "name")

    def __init__(
        self, fn: Callable, name: str | None = None, dtype: object = None, **options: object
    ):
        own = snake_case(getattr(fn, "__name__", type(fn).__name__))
        super().__init__(own if name is None else name, dtype)
        self.fn, self.options = fn, options

    def get_config(self) -> dict:
        """Return the name that stands for the function in files, and the metric's own."""
        return {"fn": get_registered_name(self.fn), "name": self.name}

    @classmethod
    def from_config(cls, config: dict) -> "MeanMetricWrapper":
        """Return the metric of a function that the program has handed over: see `utils.registration`."""
        return cls(get_registered_object(config["fn"]), config.get("name"))

    def call(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray | float:
        """Return what the function returns."""
        return self.fn(y_true, y_pred.copy(), **self.options)  # which it may keep


class FunctionMetric(Metric):
    """Base of this library's metrics: a class for each of its functions.

    Args:
        name, dtype, options: see `Metric`.
    """

    function: Callable  # of labels and predictions

    def call(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Return the function of labels, predictions, and the metric's own arguments but the name."""
        options = {name: getattr(self, name) for name in self.config_names[1:]}
        return self.function(y_true, y_pred, **options)
