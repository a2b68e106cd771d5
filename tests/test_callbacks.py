"""Callbacks: when each hook is called and with what, and what the ready-made ones do."""

import csv
import io
import os
import warnings

import numpy as np
import pytest
from tqdm import tqdm

from tinycnn import utils
from tinycnn.callbacks import (
    Callback,
    CSVLogger,
    EarlyStopping,
    History,
    LambdaCallback,
    ModelCheckpoint,
    ProgbarLogger,
)
from tinycnn.layers import Dense, Input
from tinycnn.models import load_model
from tinycnn.models.sequential import Sequential
from tinycnn.utils.errors import FileError

X = np.random.default_rng(0).normal(size=(10, 4)).astype(np.float32)
Y = np.arange(10) % 3


@pytest.fixture
def model():
    utils.set_random_seed(1)
    net = Sequential([Input((4,)), Dense(3, activation="softmax")])
    net.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return net


class Recorder(Callback):
    """Notes every call in a list that several recorders may share."""

    def __init__(self, calls=None, label=""):
        super().__init__()
        self.calls, self.label = [] if calls is None else calls, label

    def note(self, name, *arguments):
        self.calls.append((self.label + name, *arguments))

    def on_train_begin(self, logs=None):
        self.note("train begin", sorted(logs))

    def on_train_end(self, logs=None):
        self.note("train end", sorted(logs))

    def on_epoch_begin(self, epoch, logs=None):
        self.note("epoch begin", epoch, sorted(logs))

    def on_epoch_end(self, epoch, logs=None):
        self.note("epoch end", epoch, sorted(logs))

    def on_train_batch_begin(self, batch, logs=None):
        self.note("batch begin", batch, sorted(logs))

    def on_train_batch_end(self, batch, logs=None):
        self.note("batch end", batch, sorted(logs))


class Numbers(Callback):
    """Puts chosen numbers in the place of what was measured, for the callbacks behind it."""

    def __init__(self, name, values):
        super().__init__()
        self.name, self.values = name, values

    def on_epoch_end(self, epoch, logs=None):
        logs[self.name] = self.values[epoch]


def train(model, *callbacks, epochs=1, **options):
    return model.fit(X, Y, verbose=0, epochs=epochs, callbacks=list(callbacks), **options)


# --- the hooks ---------------------------------------------------------------------------------------


def test_every_hook_in_order_with_its_arguments(model):
    recorder = Recorder()
    train(model, recorder, epochs=2, batch_size=6, validation_split=0.2)
    means, both = ["accuracy", "loss"], ["accuracy", "loss", "val_accuracy", "val_loss"]
    batches = [
        ("batch begin", 0, []),
        ("batch end", 0, means),
        ("batch begin", 1, []),
        ("batch end", 1, means),
    ]
    assert recorder.calls == [
        ("train begin", []),
        ("epoch begin", 0, []),
        *batches,
        ("epoch end", 0, both),
        ("epoch begin", 1, []),
        *batches,
        ("epoch end", 1, both),
        ("train end", both),
    ]


def test_callbacks_run_in_the_order_given(model):
    calls = []
    train(model, Recorder(calls, "a "), Recorder(calls, "b "))
    assert [name for name, *_ in calls[:4]] == [
        "a train begin",
        "b train begin",
        "a epoch begin",
        "b epoch begin",
    ]


def test_a_single_callback_needs_no_list(model):
    recorder = Recorder()
    model.fit(X, Y, verbose=0, callbacks=recorder)
    assert recorder.calls


def test_model_and_params_are_there_before_the_first_hook(model):
    seen = []

    class Look(Callback):
        def on_train_begin(self, logs=None):
            seen.append((self.model, self.params))

    model.fit(X, Y, verbose=0, callbacks=[Look()], batch_size=4, epochs=2)
    assert seen == [(model, {"epochs": 2, "steps": 3, "verbose": 0})]


def test_batch_logs_are_the_means_so_far(model):
    losses = []
    note = LambdaCallback(on_train_batch_end=lambda batch, logs: losses.append(logs["loss"]))
    model.optimizer.learning_rate = 0.0
    train(model, note, batch_size=4, shuffle=False)
    wanted = [model.evaluate(X[:stop], Y[:stop], verbose=0)[0] for stop in (4, 8, 10)]
    assert losses == pytest.approx(wanted, rel=1e-6)


def test_what_a_callback_adds_to_the_logs_reaches_the_history(model):
    assert train(model, Numbers("lr", [3, 4]), epochs=2).history["lr"] == [3, 4]


def test_initial_epoch_counts_on(model):
    recorder = Recorder()
    history = train(model, recorder, epochs=5, initial_epoch=3)
    assert history.epoch == [3, 4]
    assert [call[1] for call in recorder.calls if call[0] == "epoch begin"] == [3, 4]


def test_no_epochs_still_begin_and_end(model):
    recorder = Recorder()
    history = train(model, recorder, epochs=2, initial_epoch=2)
    assert recorder.calls == [("train begin", []), ("train end", [])]
    assert (history.history, history.epoch) == ({}, [])


def test_stop_training_ends_the_epoch_and_the_training(model):
    def stop(batch, logs):
        model.stop_training = batch == 1

    recorder = Recorder()
    train(model, LambdaCallback(on_train_batch_end=stop), recorder, epochs=5, batch_size=2)
    names = [name for name, *_ in recorder.calls]
    assert names.count("batch end") == 2
    assert names[-2:] == ["epoch end", "train end"]
    assert train(model, epochs=2).epoch == [0, 1]  # a stop is forgotten by the next training


@pytest.mark.parametrize("hook", ["on_train_begin", "on_epoch_begin", "on_train_batch_end"])
def test_an_error_in_a_callback_comes_out_as_it_is(hook, model):
    def fail(*arguments):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        train(model, LambdaCallback(**{hook: fail}))
    assert train(model).epoch == [0]  # the model is still good


@pytest.mark.parametrize("wrong", [5, [5], ["early_stopping"], [EarlyStopping], (History(), None)])
def test_something_that_is_no_callback_is_refused(wrong, model):
    with pytest.raises(ValueError, match="callbacks must be Callback objects"):
        model.fit(X, Y, verbose=0, callbacks=wrong)


def test_a_lambda_callback_calls_each_function_with_its_arguments(model):
    calls = []

    def noting(name):
        return lambda *arguments: calls.append((name, *arguments[:-1], type(arguments[-1])))

    hooks = ["train_begin", "epoch_begin", "train_batch_begin", "train_batch_end", "epoch_end"]
    functions = {f"on_{hook}": noting(hook) for hook in [*hooks, "train_end"]}
    train(model, LambdaCallback(**functions))
    middle = [(hook, 0, dict) for hook in hooks[1:]]
    assert calls == [("train_begin", dict), *middle, ("train_end", dict)]


def test_a_new_history_for_every_training(model):
    first, second = train(model), train(model, epochs=2)
    assert first.epoch == [0]
    assert second.epoch == [0, 1]
    assert model.history is second
    assert second.params == {"epochs": 2, "steps": 1, "verbose": 0}
    assert second.model is model


# --- early stopping ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "options", "epochs"),
    [
        ([3, 2, 1, 0], {}, 4),
        ([3, 2, 2, 0], {}, 3),
        ([3, 4, 0, 0], {}, 2),
        ([3, 4, 4, 0, 0], {"patience": 3}, 5),
        ([3, 4, 4, 4, 0], {"patience": 3}, 4),
        ([3, 4, 2, 4, 4, 0], {"patience": 2}, 5),
        ([3, 2.9, 2.8, 2.7], {"min_delta": 0.5}, 2),
        ([3, 2, 1, 0], {"mode": "max"}, 2),
        ([9, 9, 9, 2, 1, 0], {"start_from_epoch": 2}, 6),
        ([9, 9, 9, 9, 1, 0], {"start_from_epoch": 2}, 4),
        ([np.nan, np.nan, 1, 1], {}, 2),
        ([3, np.nan, 1, 1], {"patience": 2}, 4),
        ([3, 2, 1, 0], {"baseline": 10}, 4),
    ],
)
def test_early_stopping_stops_after_so_many_epochs(values, options, epochs, model):
    stopping = EarlyStopping(monitor="score", **options)
    history = train(model, Numbers("score", values), stopping, epochs=len(values))
    assert len(history.epoch) == epochs


def test_early_stopping_knows_that_accuracies_grow(model):
    stopping = EarlyStopping(monitor="val_acc", patience=1)
    assert len(train(model, Numbers("val_acc", [1, 2, 3, 2]), stopping, epochs=4).epoch) == 4


@pytest.mark.parametrize("restore", [False, True])
def test_early_stopping_goes_back_to_the_best_weights_if_told_to(restore, model):
    weights = []
    note = LambdaCallback(on_epoch_end=lambda epoch, logs: weights.append(model.get_weights()))
    stopping = EarlyStopping(monitor="score", patience=2, restore_best_weights=restore)
    train(model, Numbers("score", [5, 1, 3, 4]), note, stopping, epochs=4)
    wanted = weights[1] if restore else weights[3]
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), wanted, strict=True))
    assert (stopping.best_epoch, stopping.stopped_epoch) == (1, 3)


def test_early_stopping_says_so_if_told_to(model, capsys):
    stopping = EarlyStopping(monitor="score", verbose=1)
    train(model, Numbers("score", [1, 2]), stopping, epochs=2)
    assert capsys.readouterr().out == "Epoch 2: early stopping\n"


def test_early_stopping_can_be_used_twice(model):
    stopping = EarlyStopping(monitor="score")
    for _ in range(2):
        history = train(model, Numbers("score", [1, 2, 0]), stopping, epochs=3)
        assert len(history.epoch) == 2


def test_a_watched_name_that_is_not_there_warns_with_what_there_is(model):
    with pytest.warns(
        UserWarning, match=r"'val_loss', which is not there\. There are: loss, accuracy"
    ):
        history = train(model, EarlyStopping(), epochs=3)
    assert len(history.epoch) == 3


@pytest.mark.parametrize(
    ("options", "words"),
    [({"mode": "up"}, "mode='up'"), ({"patience": -1}, "patience=-1"), ({"patience": 1.5}, "1.5")],
)
def test_an_impossible_option_is_named_with_its_value(options, words):
    with pytest.raises(ValueError, match=words):
        EarlyStopping(**options)


# --- files -------------------------------------------------------------------------------------------


def test_csv_logger_writes_a_row_an_epoch(model, tmp_path):
    path = tmp_path / "log.csv"
    history = train(model, CSVLogger(path), epochs=2, validation_split=0.2).history
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["epoch", "accuracy", "loss", "val_accuracy", "val_loss"]
    assert [float(row["loss"]) for row in rows] == history["loss"]
    assert [row["epoch"] for row in rows] == ["0", "1"]


def test_csv_logger_writes_while_training_runs(model, tmp_path):
    path, lines = tmp_path / "log.csv", []
    count = LambdaCallback(on_epoch_end=lambda *_: lines.append(len(path.read_text().splitlines())))
    train(model, CSVLogger(path), count, epochs=3)
    assert lines == [2, 3, 4]


@pytest.mark.parametrize(("append", "epochs"), [(False, ["3"]), (True, ["0", "1", "3"])])
def test_csv_logger_begins_anew_or_goes_on(append, epochs, model, tmp_path):
    path = tmp_path / "log.csv"
    train(model, CSVLogger(path, ";", append=True), epochs=2)
    train(model, CSVLogger(path, ";", append=append), epochs=4, initial_epoch=3)
    lines = path.read_text().splitlines()
    assert lines[0] == "epoch;accuracy;loss"
    assert [line.split(";")[0] for line in lines[1:]] == epochs


def test_csv_logger_says_when_it_cannot_write(model, tmp_path):
    with pytest.raises(FileError, match="there is no folder"):
        train(model, CSVLogger(tmp_path / "missing" / "log.csv"))


class Saves(ModelCheckpoint):
    """A checkpoint whose model only notes where it would be saved."""

    layers = ()

    def set_model(self, model):
        self.paths, self.model = [], self

    def save(self, path):
        self.paths.append(os.path.basename(path))


@pytest.mark.parametrize(
    ("name", "options", "wanted"),
    [
        ("m.h5", {}, ["m.h5"] * 4),
        ("{epoch:02d}-{score:.1f}.h5", {}, ["01-5.0.h5", "02-7.0.h5", "03-4.0.h5", "04-4.0.h5"]),
        ("{epoch}.h5", {"save_best_only": True}, ["1.h5", "3.h5"]),
        ("{epoch}.h5", {"save_best_only": True, "mode": "max"}, ["1.h5", "2.h5"]),
        ("{epoch}.h5", {"save_best_only": True, "initial_value_threshold": 4.5}, ["3.h5"]),
    ],
)
def test_model_checkpoint_saves_there_and_then(name, options, wanted, model, tmp_path):
    checkpoint = Saves(tmp_path / name, monitor="score", **options)
    train(model, Numbers("score", [5, 7, 4, 4]), checkpoint, epochs=4)
    assert checkpoint.paths == wanted


def test_model_checkpoint_says_so_if_told_to(model, tmp_path, capsys):
    train(model, Saves(tmp_path / "m.h5", verbose=1))
    assert capsys.readouterr().out == f"Epoch 1: saving model to {tmp_path / 'm.h5'}\n"


def test_model_checkpoint_names_a_field_that_is_not_there(model, tmp_path):
    with pytest.raises(
        ValueError, match=r"may hold 'epoch' and \['accuracy', 'loss'\], but not 'val_loss'"
    ):
        train(model, Saves(tmp_path / "{val_loss}.h5"))


def test_model_checkpoint_without_its_number_warns_and_saves_nothing(model, tmp_path):
    checkpoint = Saves(tmp_path / "m.h5", save_best_only=True)
    with pytest.warns(UserWarning, match="Saves watches 'val_loss'"):
        train(model, checkpoint)
    assert checkpoint.paths == []


@pytest.mark.parametrize("options", [{"save_weights_only": True}, {"save_freq": 100}])
def test_model_checkpoint_refuses_what_it_cannot_do(options):
    with pytest.raises(ValueError) as caught:
        ModelCheckpoint("m.h5", **options)
    ((name, value),) = options.items()
    assert f"{name}={value!r}" in str(caught.value)


# --- the bar -----------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    """Return a function, because pytest puts its own standard output back after the fixtures."""

    def begin():
        stream = Terminal()
        monkeypatch.setattr("sys.stdout", stream)
        monkeypatch.setenv("TERM", "xterm")
        return stream

    return begin


def test_a_terminal_shows_a_bar_and_then_a_line(model, terminal):
    shown = terminal()
    model.fit(X, Y, batch_size=1, verbose=1)
    assert "\r" in shown.getvalue()
    last = shown.getvalue().rpartition("\r")[2]
    assert last.startswith("Epoch 1/1 - ")
    assert "accuracy: " in last
    assert last.endswith("\n")


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_ctrl_c_and_errors_come_out_and_the_bar_is_closed(error, model, terminal):
    def stop(batch, logs):
        if batch == 2:
            raise error

    shown = terminal()
    with pytest.raises(error) as caught:
        model.fit(
            X, Y, batch_size=1, verbose=1, callbacks=[LambdaCallback(on_train_batch_end=stop)]
        )
    assert caught.tb is not None  # which keeps the bar alive: it is not closed by being forgotten
    assert not list(getattr(tqdm, "_instances", []))
    assert shown.getvalue().endswith("\r")  # the line is free again
    assert train(model).epoch == [0]


def test_a_bar_can_be_asked_for_before_any_epoch(capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ProgbarLogger(1).on_train_end()
    assert capsys.readouterr() == ("", "")


def test_model_checkpoint_keeps_what_cannot_be_written_any_more(model, tmp_path):
    path = tmp_path / "m.h5"
    block = LambdaCallback(on_train_begin=lambda logs: path.mkdir())
    checkpoint = ModelCheckpoint(path)
    with pytest.warns(UserWarning, match=r"a folder or a device.* It is kept as .*m-\w+\.h5"):
        train(model, checkpoint, block, epochs=3)
    (kept,) = tmp_path.glob("m-*.h5")
    assert str(kept) == checkpoint.written
    assert load_model(kept).optimizer.iterations == model.optimizer.iterations


def test_two_trainings_in_one_folder_keep_both_models(model, tmp_path):
    path, checkpoint = tmp_path / "m.h5", ModelCheckpoint(tmp_path / "m.h5")
    other = Sequential([Input((4,)), Dense(2)])

    def another_program(epoch, logs):
        if epoch == 1:
            other.save(path)

    begin = LambdaCallback(on_epoch_begin=another_program)
    with pytest.warns(UserWarning, match=r"m\.h5: another program has written it") as said:
        train(model, checkpoint, begin, epochs=3)
    assert len({str(one.message) for one in said}) == 1
    (kept,) = tmp_path.glob("m-*.h5")
    assert str(kept) == checkpoint.written
    assert load_model(kept).optimizer.iterations == model.optimizer.iterations
    assert load_model(path).output_shape == (None, 2)


def test_a_layer_that_no_file_can_hold_is_told_before_training(tmp_path):
    class MyDense(Dense):
        pass

    model, epochs = Sequential([Input((4,)), MyDense(3, activation="softmax")]), []
    model.compile("sgd", "sparse_categorical_crossentropy")
    note = LambdaCallback(on_epoch_begin=lambda epoch, logs: epochs.append(epoch))
    path = tmp_path / "m.h5"
    with pytest.raises(
        FileError, match=r"no file can hold a layer of the class MyDense\. There are: "
    ):
        train(model, note, ModelCheckpoint(path))
    with pytest.raises(FileError, match="no file can hold a layer of the class MyDense"):
        model.save(path)
    assert epochs == []
    assert list(tmp_path.iterdir()) == []


def test_model_checkpoint_tries_the_folder_of_a_pattern_before_training(model, tmp_path):
    epochs = []
    note = LambdaCallback(on_epoch_begin=lambda epoch, logs: epochs.append(epoch))
    with pytest.raises(FileError, match="no folder"):
        train(model, note, ModelCheckpoint(tmp_path / "missing" / "{epoch}.h5"))
    assert epochs == []
