"""Metrics of somebody's own, and the names under which metrics are reported."""

import itertools

import numpy as np
import pytest

from tinycnn import Sequential, losses, metrics
from tinycnn.layers import Dense
from tinycnn.metrics import MeanMetricWrapper, Metric

X = np.random.default_rng(0).standard_normal((8, 4))
Y = np.eye(3)[np.arange(8) % 3]


class Distance(Metric):
    """The mean distance, weighted by a factor."""

    def __init__(self, factor=1.0, name=None):
        super().__init__(name)
        self.factor = factor

    def call(self, y_true, y_pred):
        return self.factor * np.abs(y_true - y_pred)


def top_probability(y_true, y_pred):
    return y_pred.max(axis=-1)


def of_the_batch(y_true, y_pred):
    return np.square(y_true - y_pred).max()


def evaluated(given, loss="categorical_crossentropy"):
    model = Sequential([Dense(3, activation="softmax", input_shape=(4,))])
    model.compile("sgd", loss, metrics=given)
    return model.evaluate(X, Y, verbose=0, return_dict=True), model.predict(X, verbose=0)


def test_own_metrics_see_the_outputs_of_the_model():
    logs, p = evaluated([top_probability, of_the_batch, Distance(2.0), Distance, "accuracy"])
    assert list(logs) == [
        "loss",
        "top_probability",
        "of_the_batch",
        "distance",
        "distance_1",
        "accuracy",
    ]
    assert logs["top_probability"] == pytest.approx(p.max(axis=-1).mean(), rel=1e-6)
    assert logs["of_the_batch"] == pytest.approx(np.square(Y - p).max(), rel=1e-6)
    assert logs["distance"] == pytest.approx(2 * np.abs(Y - p).mean(), rel=1e-6)
    assert logs["accuracy"] == (p.argmax(axis=-1) == Y.argmax(axis=-1)).mean()


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ("acc", ["acc"]),
        (["mse", "MSE", "mean_squared_error"], ["mse", "MSE", "mean_squared_error"]),
        (["accuracy", "accuracy", "accuracy"], ["accuracy", "accuracy_1", "accuracy_2"]),
        ([["acc", "mae"]], ["acc", "mae"]),
        ([metrics.CategoricalAccuracy(name="accuracy")], ["accuracy"]),
        (
            [metrics.CategoricalAccuracy, metrics.BinaryAccuracy()],
            ["categorical_accuracy", "binary_accuracy"],
        ),
        (
            [metrics.mean_squared_error, "CategoricalAccuracy"],
            ["mean_squared_error", "CategoricalAccuracy"],
        ),
        ([lambda y_true, y_pred: 1.0], ["lambda"]),
        ([MeanMetricWrapper(top_probability, name="top")], ["top"]),
        (
            [losses.MeanSquaredError(), losses.BinaryCrossentropy(name="b")],
            ["mean_squared_error", "b"],
        ),
        (
            [losses.mean_absolute_error, losses.CategoricalCrossentropy],
            ["mean_absolute_error", "categorical_crossentropy"],
        ),
        ([{"class_name": "TopKCategoricalAccuracy", "config": {"k": 2, "name": "top2"}}], ["top2"]),
        ([], []),
        (None, []),
    ],
    ids=itertools.count(),
)
def test_names_are_those_of_keras(given, names):
    logs, _ = evaluated(given)
    assert list(logs) == ["loss", *names]


def test_what_cannot_be_a_metric():
    for wrong in ("auc", 3, ["Precision"]):
        with pytest.raises(ValueError, match="metric must be one of"):
            evaluated(wrong)
    with pytest.raises(TypeError, match="has no method call"):
        evaluated([Metric(name="bare")])
    with pytest.raises(ValueError, match="one number a sample"):
        evaluated([lambda y_true, y_pred: np.ones(3)])
    with pytest.raises(ValueError, match="a name of its own"):
        evaluated([Distance(name=name) for name in ("a", "a", "a_1")])
    with pytest.raises(ValueError, match="name must not hold"):
        Distance(name="a/b")


def test_a_metric_in_the_style_of_keras_is_told_what_it_needs():
    class Own(Metric):
        def __init__(self):
            super().__init__()
            self.sum = self.add_weight()

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.sum += 1

    with pytest.raises(
        TypeError, match=r"Own is a metric in Keras's style.*call\(y_true, y_pred\)"
    ):
        Own()


@pytest.mark.parametrize("value", [None, "x"])
def test_a_metric_that_is_no_number_is_named(value):
    def odd(y_true, y_pred):
        return value

    with pytest.raises(
        ValueError, match=f"The metric odd must return numbers. Received: {value!r}"
    ):
        evaluated([odd])


def test_a_metric_by_itself_keeps_a_mean():
    metric = metrics.BinaryAccuracy(threshold=0.3)
    assert metric.result() == 0
    metric.update_state([1, 0], [0.4, 0.4])
    assert metric([0, 0], [0.1, 0.2]) == 0.75
    metric.reset_state()
    assert metric([1, 0], [0.4, 0.4], sample_weight=[3, 1]) == 0.75
    assert metric.get_config() == {"name": "binary_accuracy", "threshold": 0.3}


@pytest.mark.parametrize("cls", metrics.CLASSES.values())
def test_a_configuration_makes_a_metric_again(cls):
    metric = cls(name="mine")
    again = metrics.deserialize(metrics.serialize(metric))
    assert type(again) is cls
    assert again.get_config() == metric.get_config()
    assert metrics.get(cls()).name == metrics.get(cls).name
