"""The order of arguments is Keras's: whoever passes them by place gets what he means."""

import inspect

import pytest

import tinycnn
from tests.support.peers import import_keras

SAME = [
    "models.Sequential",
    "models.Sequential.add",
    "models.Sequential.compile",
    "models.Sequential.fit",
    "models.Sequential.evaluate",
    "models.Sequential.predict",
    "models.Sequential.train_on_batch",
    "models.Sequential.test_on_batch",
    "models.Sequential.predict_on_batch",
    "models.Sequential.get_layer",
    "models.Sequential.summary",
    "models.Sequential.save",
    "models.load_model",
    *(f"layers.{name}" for name in tinycnn.layers.CLASSES),
    "layers.Input",
    *(f"optimizers.{name}" for name in tinycnn.optimizers.CLASSES),
    "losses.CategoricalCrossentropy",
    "losses.SparseCategoricalCrossentropy",
    *(f"losses.{name}" for name in tinycnn.losses.NAMES),
    *(f"losses.{name}" for name in ("MeanSquaredError", "MeanAbsoluteError", "BinaryCrossentropy")),
    *(f"losses.{name}" for name in ("Loss", "get", "serialize", "deserialize")),
    *(f"metrics.{name}" for name in tinycnn.metrics.CLASSES),
    *(f"metrics.{name}" for name in ("get", "serialize", "deserialize", "MeanMetricWrapper")),
    *(f"metrics.{name}" for name in ("binary_accuracy", "top_k_categorical_accuracy")),
    "metrics.sparse_top_k_categorical_accuracy",
    *(f"regularizers.{name}" for name in ("L1", "L2", "L1L2", "get", "serialize", "deserialize")),
    "callbacks.EarlyStopping",
    "callbacks.ModelCheckpoint",
    "callbacks.CSVLogger",
    "callbacks.LambdaCallback",
    "callbacks.LearningRateScheduler",
    "callbacks.ReduceLROnPlateau",
    "callbacks.TerminateOnNaN",
    "callbacks.Callback.on_batch_begin",
    "callbacks.Callback.on_test_batch_end",
    "utils.PyDataset",
    "utils.to_categorical",
    "utils.set_random_seed",
    "datasets.mnist.load_data",
    *(f"initializers.{name}" for name in tinycnn.initializers.CLASSES),
    *(f"saving.{name}" for name in ("register_keras_serializable", "get_registered_object")),
]


def by_place(root, path):
    """Return the names that may be passed by place, `self` left out."""
    actual = root
    for part in path.split("."):
        actual = getattr(actual, part)
    actual = actual.__init__ if inspect.isclass(actual) else actual
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [p.name for p in inspect.signature(actual).parameters.values() if p.kind in kinds]
    return [name for name in names if name != "self"]


@pytest.mark.parametrize("path", SAME)
def test_arguments_stand_in_the_order_of_keras(path):
    ours, theirs = by_place(tinycnn, path), by_place(import_keras(), path)
    assert ours == theirs[: len(ours)]
