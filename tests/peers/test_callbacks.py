"""Keras's callbacks do the same when they are shown the same numbers. Skipped without Keras."""

import csv
import math
import types

import numpy as np
import pytest

import tinycnn
from tests.support.peers import import_keras
from tinycnn import losses, optimizers


@pytest.fixture(scope="module")
def keras():
    return import_keras()


class Stub:
    """Stands for a model: counts its epochs as weights, and notes what is saved."""

    layers = ()
    optimizer = optimizers.SGD()
    objective = types.SimpleNamespace(loss=losses.SparseCategoricalCrossentropy())

    def __init__(self):
        self.stop_training, self.epoch, self.saved = False, 0, []

    def get_weights(self):
        return [np.array(self.epoch)]

    def set_weights(self, weights):
        self.epoch = int(weights[0])

    def save(self, path, **options):
        self.saved.append((self.epoch, path))


def show(callback, name, values):
    """Show one value an epoch to a callback; return the model."""
    model = Stub()
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, value in enumerate(values):
        model.epoch = epoch
        callback.on_epoch_begin(epoch)
        callback.on_epoch_end(epoch, {name: value})
        if model.stop_training:
            break
    callback.on_train_end()
    return model


NAN = math.nan
WORSE = [3.0, 2.0, 2.5, 1.9, 2.1, 2.2, 2.3, 1.0, 1.1, 1.2, 1.3, 1.4]
STOPPING = {
    "patience 0": (WORSE, {}),
    "patience 1": (WORSE, {"patience": 1}),
    "patience 2": (WORSE, {"patience": 2}),
    "patience 3": (WORSE, {"patience": 3}),
    "never": (WORSE, {"patience": 50}),
    "worse from the start": ([1.0, 2.0, 3.0], {}),
    "no change": ([1.0] * 6, {"patience": 3}),
    "small changes": ([1.0, 0.95, 0.9, 0.85, 0.8, 0.75], {"min_delta": 0.1, "patience": 2}),
    "negative delta": ([1.0, 0.95, 0.9, 0.85, 0.8, 0.75], {"min_delta": -0.1, "patience": 2}),
    "late start": (WORSE, {"start_from_epoch": 4, "patience": 1}),
    "best weights": (WORSE, {"patience": 2, "restore_best_weights": True}),
    "best weights at the end": (WORSE, {"patience": 50, "restore_best_weights": True}),
    "baseline beaten": ([3.0, 2.0, 2.5, 2.6, 2.7], {"baseline": 2.5, "patience": 2}),
    "baseline not beaten": ([3.0, 3.1, 3.2, 3.3], {"baseline": 2.5, "patience": 2}),
    "better, baseline not beaten": ([5.0, 4.0, 3.0, 2.0, 1.0], {"baseline": 0.5, "patience": 2}),
    "NaN later": ([3.0, 2.0, NAN, NAN, NAN], {"patience": 2, "restore_best_weights": True}),
}


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("case", STOPPING)
def test_early_stopping(keras, case, mode):
    values, options = STOPPING[case]
    if mode == "max":
        values = [-value for value in values]
        options = {k: -v if k == "baseline" else v for k, v in options.items()}
    models, callbacks = [], []
    for peer in (tinycnn, keras):
        callbacks.append(peer.callbacks.EarlyStopping("val_loss", mode=mode, **options))
        models.append(show(callbacks[-1], "val_loss", values))
    actual, wanted = ((model.stop_training, model.epoch) for model in models)
    assert actual == wanted
    assert callbacks[0].stopped_epoch == callbacks[1].stopped_epoch
    assert callbacks[0].best == callbacks[1].best


CHECKPOINTS = {
    "every epoch": (WORSE, {}),
    "best": (WORSE, {"save_best_only": True}),
    "threshold": (WORSE, {"save_best_only": True, "initial_value_threshold": 1.95}),
    "NaN later": ([3.0, NAN, 2.0], {"save_best_only": True}),
}


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("case", CHECKPOINTS)
def test_model_checkpoint(keras, case, mode, tmp_path):
    values, options = CHECKPOINTS[case]
    path = tmp_path / "net-{epoch:02d}-{val_loss:.2f}.h5"
    saved = [
        show(
            peer.callbacks.ModelCheckpoint(path, "val_loss", mode=mode, **options),
            "val_loss",
            values,
        ).saved
        for peer in (tinycnn, keras)
    ]
    assert saved[0] == saved[1]
    assert saved[0]


@pytest.mark.parametrize("separator", [",", ";"])
def test_csv_logger(keras, separator, tmp_path):
    logs = {"loss": 0.5, "accuracy": 0.25, "val_loss": 0.125, "val_accuracy": 1.0}
    tables = []
    for number, peer in enumerate((tinycnn, keras)):
        path = tmp_path / f"{number}.csv"
        for append in (False, True):  # a first run, and a second one that goes on
            logger = peer.callbacks.CSVLogger(path, separator=separator, append=append)
            logger.set_model(Stub())
            logger.on_train_begin()
            for epoch in range(2):
                logger.on_epoch_end(epoch, dict(logs))
            logger.on_train_end()
        with open(path, newline="") as file:
            tables.append(list(csv.reader(file, delimiter=separator)))
    assert tables[0] == tables[1]
    assert len(tables[0]) == 5
