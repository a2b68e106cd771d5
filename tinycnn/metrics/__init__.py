"""Metrics, by their Keras names: functions of labels and predictions, and classes with a name for each.

A metric gives a number for each sample; training and evaluation report the mean over all samples.
"""

from collections.abc import Iterable

from tinycnn import losses
from tinycnn.losses import (
    binary_crossentropy,
    categorical_crossentropy,
    mean_absolute_error,
    mean_squared_error,
    sparse_categorical_crossentropy,
)
from tinycnn.metrics.accuracy import (
    Accuracy,
    AccuracyByShape,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
    accuracy,
    binary_accuracy,
    categorical_accuracy,
    sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
)
from tinycnn.metrics.base import FunctionMetric, MeanMetricWrapper, Metric
from tinycnn.metrics.errors import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    MeanAbsoluteError,
    MeanSquaredError,
    SparseCategoricalCrossentropy,
)
from tinycnn.utils.configurable import find, subclasses
from tinycnn.utils.naming import snake_case
from tinycnn.utils.registration import Classes

__all__ = ["CLASSES", "NAMES", "Accuracy", "BinaryAccuracy", "BinaryCrossentropy"]
__all__ += ["CategoricalAccuracy", "CategoricalCrossentropy", "MeanAbsoluteError"]
__all__ += ["MeanMetricWrapper", "MeanSquaredError", "Metric", "SparseCategoricalAccuracy"]
__all__ += ["SparseCategoricalCrossentropy", "SparseTopKCategoricalAccuracy"]
__all__ += ["TopKCategoricalAccuracy", "accuracy", "binary_accuracy", "binary_crossentropy"]
__all__ += ["categorical_accuracy", "categorical_crossentropy", "deserialize", "get"]
__all__ += ["mean_absolute_error", "mean_squared_error", "serialize"]
__all__ += ["sparse_categorical_accuracy", "sparse_categorical_crossentropy"]
__all__ += ["sparse_top_k_categorical_accuracy", "top_k_categorical_accuracy"]

CLASSES = Classes(Metric, (c for c in subclasses(FunctionMetric) if c is not AccuracyByShape))
WRAPPER = MeanMetricWrapper.__name__
NAMES = {snake_case(name): cls for name, cls in CLASSES.items()}
SHORT_NAMES = {name: CLASSES[cls.__name__] for name, cls in losses.SHORT_NAMES.items()}
BY_SHAPE = ("accuracy", "acc")  # names of what depends on the shapes of labels and predictions
mse = MSE = mean_squared_error
mae = MAE = mean_absolute_error


def get(identifier: object) -> Metric:
    """Return a metric, given its name, class, function, {"class_name": ..., "config": ...}, or itself.

    Losses are metrics, too. Somebody's own function of (y_true, y_pred) becomes a `MeanMetricWrapper`.

    Raises:
        ValueError: for a metric that is not there.

    Example:
        >>> get("mse").name, get(categorical_accuracy).name
        ('mean_squared_error', 'categorical_accuracy')
    """
    if isinstance(identifier, type) and issubclass(identifier, Metric | losses.Loss):
        identifier = identifier()
    if isinstance(identifier, losses.Loss):
        return _of_loss(identifier)
    if callable(identifier) and not isinstance(identifier, Metric):
        for cls in (*CLASSES.values(), AccuracyByShape):
            if identifier is cls.function:
                return cls(name=snake_case(identifier.__name__))
        return MeanMetricWrapper(identifier)
    if isinstance(identifier, dict) and identifier.get("class_name") == WRAPPER:
        return MeanMetricWrapper.from_config(identifier["config"])
    return find("metric", Metric, CLASSES, NAMES | SHORT_NAMES, identifier)


def _of_loss(loss: losses.Loss) -> Metric:
    """Return the metric that reports a loss."""
    if losses.CLASSES.get(type(loss).__name__) is type(loss):
        return CLASSES[type(loss).__name__](**loss.get_config())
    return MeanMetricWrapper(loss.of_samples, name=loss.name)


def serialize(metric: object) -> dict:
    """Return {"class_name": ..., "config": ...} of a metric, given as `get` takes it."""
    return get(metric).serialize()


def deserialize(config: object) -> Metric:
    """Return the metric that `serialize` described: see `get`."""
    return get(config)


def for_model(identifiers: object) -> list[Metric]:
    """Return the metrics that `compile` was given, with Keras's names for them.

    A metric given as text is reported under this text, and "accuracy" or "acc" is the accuracy that goes
    with the shapes of labels and predictions.

    Args:
        identifiers: None, or one or a list of what `get` takes.

    Raises:
        TypeError, ValueError: for a metric that is not there.

    Example:
        >>> [metric.name for metric in for_model(["acc", "mse", MeanAbsoluteError(name="off")])]
        ['acc', 'mse', 'off']
    """
    if isinstance(identifiers, list | tuple):
        return [metric for each in identifiers for metric in for_model(each)]
    if identifiers is None:
        return []
    if isinstance(identifiers, str) and identifiers.lower() in BY_SHAPE:
        return [AccuracyByShape(name=identifiers)]
    metric = get(identifiers)
    if isinstance(identifiers, str):
        metric.name = identifiers
    if type(metric).call is Metric.call:
        raise TypeError(
            f"The metric {metric.name} has no method call(y_true, y_pred), which returns a number for each "
            f"sample. Received: {identifiers!r}"
        )
    return [metric]


def unique(names: Iterable[str]) -> list[str]:
    """Return names with "_1", "_2", ... behind those that were there before; "loss" is taken.

    Raises:
        ValueError: if two are the same nevertheless.

    Example:
        >>> unique(["accuracy", "mse", "accuracy"])
        ['accuracy', 'mse', 'accuracy_1']
    """
    counts, result = {"loss": 1}, []
    for name in names:
        count = counts.get(name, 0)
        counts[name] = count + 1
        result.append(f"{name}_{count}" if count else name)
    if len(set(result)) != len(result):
        raise ValueError(f"Each metric needs a name of its own. Received: {list(names)}")
    return result


def by_loss(metric: Metric, loss: losses.Loss, outputs: int) -> Metric:
    """Return a metric whose class says what it is, for a file: of the text "accuracy" the one that it means.

    Args:
        metric: of a compiled model.
        loss: of the model; which labels it takes decides.
        outputs: how many the model has.
    """
    if not isinstance(metric, AccuracyByShape):
        return metric
    if outputs == 1:
        return BinaryAccuracy(name=metric.name)
    sparse = isinstance(loss, losses.SparseCategoricalCrossentropy)
    return (SparseCategoricalAccuracy if sparse else CategoricalAccuracy)(name=metric.name)
