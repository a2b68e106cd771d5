"""A training that was interrupted at any moment goes on to the bytes of one that was not."""

import itertools
import os
import re

import numpy as np
import pytest

from tinycnn import callbacks, utils
from tinycnn.callbacks import BackupAndRestore
from tinycnn.layers import BatchNormalization, Dense, Dropout, Input
from tinycnn.models import Sequential
from tinycnn.optimizers import SGD, Adam
from tinycnn.optimizers.schedules import CosineDecay
from tinycnn.saving import backup
from tinycnn.utils import atomic
from tinycnn.utils.errors import FileError

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(50, 6)).astype(np.float32), np.arange(50) % 3
HELD = X[:20], Y[:20]


class Stopped(Exception):
    """Ends a training, as a kill would."""


class Numbers(utils.PyDataset):
    """Batches by their number, in an order that the data set changes itself at each epoch."""

    def __init__(self):
        super().__init__()
        self.rng, self.order = np.random.default_rng(1), np.arange(50)

    def __len__(self):
        return 4

    def __getitem__(self, index):
        chosen = self.order[13 * index :][:13]
        return X[chosen], Y[chosen]

    def on_epoch_end(self):
        self.order = self.rng.permutation(50)


def endless():
    for start in itertools.cycle(range(0, 50, 10)):
        yield X[start:][:10], Y[start:][:10]


DATA = {
    "arrays": lambda: {"x": X, "y": Y, "batch_size": 16},
    "passes over epochs": lambda: {"x": X, "y": Y, "batch_size": 16, "steps_per_epoch": 2},
    "a data set": lambda: {"x": Numbers()},
    "a data set, passes over epochs": lambda: {"x": Numbers(), "steps_per_epoch": 2},
    "a generator": lambda: {"x": endless(), "steps_per_epoch": 4},
    "weights, in order": lambda: {
        "x": X, "y": Y, "batch_size": 20, "shuffle": False, "class_weight": {0: 2.0}
    },
}  # fmt: skip


def adam():
    return Adam(CosineDecay(0.01, 30), use_ema=True, ema_overwrite_frequency=5)


def net(optimizer=adam):
    utils.set_random_seed(5)
    layers = [Dense(8, activation="relu"), BatchNormalization(), Dropout(0.4)]
    model = Sequential([Input((6,)), *layers, Dense(3, activation="softmax")])
    model.compile(optimizer(), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


class StopAt(callbacks.Callback):
    """Ends the training at the `place`th call of any of its hooks."""

    def __init__(self, place):
        super().__init__()
        self.left = place

    def look(self, *arguments):
        self.left -= 1
        if self.left < 0:
            raise Stopped

    on_train_begin = on_epoch_begin = on_epoch_end = on_train_end = look
    on_train_batch_begin = on_train_batch_end = on_test_end = look


def found(model):
    """Return all that must be the same in the end."""
    history, optimizer = model.history, model.optimizer
    slots = {name: [a.tobytes() for a in arrays] for name, arrays in optimizer.slots.items()}
    weights = [weight.tobytes() for weight in model.get_weights()]
    return weights, slots, optimizer.iterations, history.history, history.epoch


def trained(folder, data, others=lambda: [], stop=10**9, save_freq=1, **options):
    model = net(options.pop("optimizer", adam))
    hooks = [BackupAndRestore(folder / "backup", save_freq), *others(), StopAt(stop)]
    model.fit(**data(), epochs=4, verbose=0, callbacks=hooks, **options)
    return found(model)


def undisturbed(data, others=lambda: [], **options):
    model = net(options.pop("optimizer", adam))
    model.fit(**data(), epochs=4, verbose=0, callbacks=others(), **options)
    return found(model)


@pytest.mark.parametrize("save_freq", [1, 3, "epoch"])
@pytest.mark.parametrize("name", DATA)
def test_stopped_at_any_hook_it_goes_on_to_the_same_bytes(name, save_freq, tmp_path):
    wanted = undisturbed(DATA[name], validation_data=HELD)
    for stop in range(1, 60, 4 if save_freq == 1 else 7):
        folder, options = tmp_path / str(stop), {"save_freq": save_freq, "validation_data": HELD}
        folder.mkdir()
        try:
            got = trained(folder, DATA[name], stop=stop, **options)
        except Stopped:
            got = trained(folder, DATA[name], **options)
        assert got == wanted, stop
        assert not os.listdir(folder)  # nothing is left behind


def watchers(folder):
    return [
        callbacks.EarlyStopping("loss", patience=2, min_delta=0.02, restore_best_weights=True),
        callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=0.1),
        callbacks.CSVLogger(folder / "log.csv"),
        callbacks.ModelCheckpoint(folder / "best.weights.h5", "loss", save_best_only=True,
                                  save_weights_only=True),
    ]  # fmt: skip


def test_callbacks_go_on_with_what_they_knew(tmp_path):
    options = {"optimizer": lambda: SGD(0.5, momentum=0.9)}
    wanted = undisturbed(DATA["arrays"], lambda: watchers(tmp_path), **options)
    files = [(tmp_path / name).read_bytes() for name in ("log.csv", "best.weights.h5")]
    for stop in range(1, 40, 3):
        folder = tmp_path / str(stop)
        folder.mkdir()
        call = {"others": lambda folder=folder: watchers(folder), "save_freq": 2, **options}
        try:
            got = trained(folder, DATA["arrays"], stop=stop, **call)
        except Stopped:
            got = trained(folder, DATA["arrays"], **call)
        assert got == wanted, stop
        written = [(folder / name).read_bytes() for name in ("log.csv", "best.weights.h5")]
        assert written == files, stop


def test_a_seed_of_chance_is_kept(tmp_path):
    first = net()
    hooks = [BackupAndRestore(tmp_path, delete_checkpoint=False)]
    first.fit(X, Y, epochs=2, verbose=0, callbacks=hooks)
    utils.set_random_seed(99)
    go_on = net()
    utils.set_random_seed(99)
    go_on.fit(X, Y, epochs=4, verbose=0, callbacks=hooks)
    through = net()
    through.fit(X, Y, epochs=4, verbose=0)
    assert go_on.get_weights()[0].tobytes() != net().get_weights()[0].tobytes()
    assert found(go_on)[0] == found(through)[0]


class Counting(callbacks.Callback):
    """Somebody's own callback, which keeps something."""

    backed_up = ("count",)

    def __init__(self):
        super().__init__()
        self.count = 0

    def on_train_batch_end(self, batch, logs=None):
        self.count += 1


def test_own_callbacks_name_what_they_keep(tmp_path):
    with pytest.raises(Stopped):
        trained(tmp_path, DATA["arrays"], lambda: [Counting()], stop=14)
    again = Counting()
    trained(tmp_path, DATA["arrays"], lambda: [again])
    assert again.count == 16


def test_an_ended_training_that_kept_its_backup_is_over_at_once(tmp_path):
    hooks = [BackupAndRestore(tmp_path, delete_checkpoint=False)]
    one, other, steps = net(), net(), Counting()
    one.fit(X, Y, epochs=2, verbose=0, callbacks=hooks)
    history = other.fit(X, Y, epochs=2, verbose=0, callbacks=[*hooks, steps])
    assert steps.count == 0
    assert history.epoch == [0, 1]
    assert found(one) == found(other)


def test_the_backup_of_another_training_is_refused(tmp_path):
    hooks = [BackupAndRestore(tmp_path, delete_checkpoint=False)]
    net().fit(X, Y, epochs=1, verbose=0, callbacks=hooks)
    for model, data, word in (
        (net(SGD), (X, Y), "optimizer was 'Adam', and is 'SGD'"),
        (net(), (X[:20], Y[:20]), "steps in an epoch was 2, and is 1"),
    ):
        before = model.get_weights()[0].tobytes()
        with pytest.raises(FileError, match=re.escape(word)):
            model.fit(*data, epochs=2, verbose=0, callbacks=hooks)
        assert model.get_weights()[0].tobytes() == before
    hooks = [BackupAndRestore(tmp_path, about={"data": "mnist"})]
    with pytest.raises(FileError, match="data was None, and is 'mnist'"):
        net().fit(X, Y, epochs=2, verbose=0, callbacks=hooks)


def test_a_full_disk_is_said_once_and_the_training_goes_on(tmp_path, monkeypatch):
    def full(path, *arguments):
        raise FileError(path, "the disk is full")

    monkeypatch.setattr(atomic, "replacing", full)
    with pytest.warns(UserWarning, match="No backup: .*the disk is full") as seen:
        assert trained(tmp_path, DATA["arrays"]) == undisturbed(DATA["arrays"])
    assert len(seen) == 1


def test_a_torn_backup_is_passed_over(tmp_path):
    with pytest.raises(Stopped):
        trained(tmp_path, DATA["arrays"], stop=20)
    newest = tmp_path / "backup" / backup.NEWEST
    newest.write_bytes(newest.read_bytes()[:-1])
    with pytest.warns(UserWarning, match="is torn"):
        assert trained(tmp_path, DATA["arrays"]) == undisturbed(DATA["arrays"])


@pytest.mark.parametrize(
    ("arguments", "word"),
    [(("",), "backup_dir"), (("a", 0), "save_freq"), (("a", "batch"), "save_freq")],
)
def test_bad_arguments(arguments, word):
    with pytest.raises(ValueError, match=word):
        BackupAndRestore(*arguments)


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match="no folder can be made"):
        net().fit(X, Y, verbose=0, callbacks=BackupAndRestore(tmp_path / "file"))


@pytest.mark.parametrize("optimizer", [adam, lambda: SGD(0.1, momentum=0.9)])
def test_the_same_model_may_go_on_from_its_begin(optimizer, tmp_path):
    wanted = undisturbed(DATA["arrays"], optimizer=optimizer)
    model, hooks = net(optimizer), [BackupAndRestore(tmp_path / "backup")]
    with pytest.raises(Stopped):
        model.fit(**DATA["arrays"](), epochs=4, verbose=0, callbacks=[*hooks, StopAt(7)])
    model.fit(**DATA["arrays"](), epochs=4, verbose=0, callbacks=hooks)
    assert found(model) == wanted


def test_fewer_epochs_than_the_backups_are_refused(tmp_path):
    with pytest.raises(Stopped):
        trained(tmp_path, DATA["arrays"], stop=25)  # in the third epoch
    for epochs, place in ((1, 3), (2, 3)):
        hooks = [BackupAndRestore(tmp_path / "backup")]
        with pytest.raises(FileError, match=f"in epoch {place}, and only {epochs} are asked for"):
            net().fit(**DATA["arrays"](), epochs=epochs, verbose=0, callbacks=hooks)


OTHERS = {
    "metrics": lambda model: model.compile(adam(), "sparse_categorical_crossentropy"),
    "trained weights": lambda model: setattr(model.layers[0], "trainable", False),
    "optimizer, ema_overwrite_frequency": lambda model: model.compile(
        Adam(CosineDecay(0.01, 30)), "sparse_categorical_crossentropy", metrics=["accuracy"]
    ),
    "optimizer, learning_rate": lambda model: model.compile(
        Adam(0.01, use_ema=True, ema_overwrite_frequency=5),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_else_differs_is_named(name, tmp_path):
    with pytest.raises(Stopped):
        trained(tmp_path, DATA["arrays"], stop=14)
    model = net()
    OTHERS[name](model)
    with pytest.raises(FileError, match=re.escape(f"{name} was ")):
        model.fit(**DATA["arrays"](), verbose=0, callbacks=BackupAndRestore(tmp_path / "backup"))
