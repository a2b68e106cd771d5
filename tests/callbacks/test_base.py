"""Callbacks: when each hook is called and with what, and who is told what."""

import pytest

from tests.support.fitting import ChosenLogs, train
from tests.support.nets import X, Y, dense
from tinycnn.callbacks import (
    Callback,
    EarlyStopping,
    History,
    LambdaCallback,
    LearningRateScheduler,
)
from tinycnn.callbacks.base import HOOKS, overrides


@pytest.fixture
def model():
    return dense()


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
    """`fit` calls set_model and set_params."""
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
    assert train(model, ChosenLogs("lr", [3, 4]), epochs=2).history["lr"] == [3, 4]


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


class Everything(Callback):
    """Notes the name of every hook, and the names in its logs."""

    def __init__(self):
        super().__init__()
        self.calls = []


for hook in HOOKS:
    setattr(
        Everything,
        hook,
        lambda self, *arguments, hook=hook: self.calls.append(
            (hook, *arguments[:-1], sorted(arguments[-1]))
        ),
    )
NAMES = ["accuracy", "loss"]
TEST = [
    ("on_test_begin", []),
    ("on_test_batch_begin", 0, []),
    ("on_test_batch_end", 0, NAMES),
    ("on_test_end", NAMES),
]


def test_the_hooks_of_a_test_are_called_in_validation_too(model):
    every = Everything()
    train(model, every, validation_data=(X, Y))
    both = sorted([*NAMES, *(f"val_{name}" for name in NAMES)])
    assert every.calls == [
        ("on_train_begin", []),
        ("on_epoch_begin", 0, []),
        ("on_train_batch_begin", 0, []),
        ("on_train_batch_end", 0, NAMES),
        *TEST,
        ("on_epoch_end", 0, both),
        ("on_train_end", both),
    ]


def test_evaluate_and_predict_call_their_own_hooks(model):
    every = Everything()
    model.evaluate(X, Y, verbose=0, callbacks=[every])
    assert every.calls == TEST
    assert every.params == {"epochs": 1, "steps": 1, "verbose": 0}
    every.calls.clear()
    model.predict(X, batch_size=8, verbose=0, callbacks=every)
    assert every.calls == [
        ("on_predict_begin", []),
        ("on_predict_batch_begin", 0, []),
        ("on_predict_batch_end", 0, ["outputs"]),
        ("on_predict_batch_begin", 1, []),
        ("on_predict_batch_end", 1, ["outputs"]),
        ("on_predict_end", []),
    ]


def test_the_older_names_of_the_hooks_of_a_batch(model):
    calls = []

    class Old(Callback):
        def on_batch_begin(self, batch, logs=None):
            calls.append(("begin", batch))

        def on_batch_end(self, batch, logs=None):
            calls.append(("end", batch, sorted(logs)))

    train(model, Old(), LambdaCallback(on_batch_end=lambda *_: calls.append("too")))
    assert calls == [("begin", 0), ("end", 0, NAMES), "too"]


def test_only_hooks_that_do_something_are_called():
    assert overrides(History(), "on_epoch_end")
    assert not overrides(History(), "on_train_batch_end")
    assert overrides(LambdaCallback(on_batch_end=print), "on_train_batch_end")


def test_callbacks_know_the_names_in_the_logs(model):
    rate, own = LearningRateScheduler(lambda epoch, rate: rate), Everything()
    first, second, third = EarlyStopping("loss"), EarlyStopping("loss"), EarlyStopping("loss")
    train(model, first, rate, second, own, third, validation_data=(X, Y))
    assert first.log_names == {*NAMES, "val_accuracy", "val_loss"}
    assert second.log_names == first.log_names | {"learning_rate"}
    assert third.log_names is None  # code of somebody else may have added any
