"""Two threads and one model: training is refused to the second, and everything is free again after it."""

import copy
import os
import pickle
import signal
import sys
import threading

import numpy as np
import pytest

from tests.support import patience
from tests.support.marks import forks_only
from tests.support.nets import X, Y, dense, same
from tinycnn.callbacks import LambdaCallback
from tinycnn.layers import Dense
from tinycnn.models import load_model
from tinycnn.saving import writer

TRAINING = {
    "fit": lambda model: model.fit(X, Y, verbose=0),
    "train_on_batch": lambda model: model.train_on_batch(X, Y),
}
READING = {
    "predict": lambda model: model.predict(X, verbose=0),
    "evaluate": lambda model: model.evaluate(X, Y, verbose=0),
    "test_on_batch": lambda model: model.test_on_batch(X, Y),
    "gradients": lambda model: model.gradients(X, Y),
    "get_weights": lambda model: model.get_weights(),
    "save": lambda model: model.summary(print_fn=lambda text: None),
}


def in_a_thread(use, *arguments):
    """Return what a call in another thread returned, or the error that it raised."""
    results = []

    def run():
        try:
            results.append(use(*arguments))
        except BaseException as error:  # handed on to the test
            results.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return results[0]


def during_fit(model, use, hook="on_train_batch_end"):
    """Call `use()` once, in the thread that trains, while a model is being fitted."""
    calls = []

    def once(*_):
        if not calls:
            calls.append(None)
            use()

    model.fit(X, Y, batch_size=5, verbose=0, callbacks=LambdaCallback(**{hook: once}))
    assert calls


def assert_free(model):
    for use in TRAINING.values():
        assert not isinstance(in_a_thread(use, model), BaseException)
        use(model)
    assert not model.turns


@pytest.mark.parametrize(
    "hook", ["on_train_begin", "on_train_batch_end", "on_epoch_end", "on_train_end"]
)
@pytest.mark.parametrize("second", TRAINING)
def test_a_second_thread_that_trains_is_refused(second, hook):
    results, model = [], dense()
    during_fit(model, lambda: results.append(in_a_thread(TRAINING[second], model)), hook)
    assert isinstance(results[0], RuntimeError)
    assert "Another thread is training this model already" in str(results[0])
    assert "copy.deepcopy(model)" in str(results[0])
    undisturbed = dense()
    undisturbed.fit(X, Y, batch_size=5, verbose=0)
    assert same(model.get_weights(), undisturbed.get_weights())
    assert_free(model)


@pytest.mark.parametrize("use", READING)
def test_other_threads_may_read_meanwhile(use):
    results, model = [], dense()
    during_fit(model, lambda: results.append(in_a_thread(READING[use], model)))
    assert not isinstance(results[0], BaseException)


@pytest.mark.parametrize("use", {**TRAINING, **READING})
def test_a_callback_may_do_everything(use):
    model = dense()
    during_fit(model, lambda: {**TRAINING, **READING}[use](model))
    assert_free(model)


def test_a_callback_that_trains_gives_the_turn_not_away():
    results, model = [], dense()

    def twice():
        model.fit(X, Y, verbose=0)
        results.append(in_a_thread(TRAINING["fit"], model))

    during_fit(model, twice)
    assert isinstance(results[0], RuntimeError)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("add", lambda model: model.add(Dense(2))),
        ("compile", lambda model: model.compile("sgd", "sparse_categorical_crossentropy")),
    ],
)
def test_a_model_stays_as_it_is_while_it_is_trained(name, change):
    results, model = [], dense()

    def try_it():
        with pytest.raises(
            RuntimeError, match=f"{name} cannot change a model that is being trained"
        ):
            change(model)
        results.append(in_a_thread(change, model))

    during_fit(model, try_it)
    assert isinstance(results[0], RuntimeError)
    undisturbed = dense()
    undisturbed.fit(X, Y, batch_size=5, verbose=0)
    assert same(model.get_weights(), undisturbed.get_weights())
    in_a_thread(change, model)
    assert not model.turns


def test_of_many_threads_at_once_one_trains():
    model, count = dense(), 8
    all_tried, results = threading.Barrier(count), []

    def wait(*_):
        all_tried.wait(patience.PATIENCE)

    def run():
        try:
            model.fit(X, Y, verbose=0, callbacks=LambdaCallback(on_train_begin=wait))
            results.append("trained")
        except RuntimeError:
            results.append("refused")
            all_tried.wait(patience.PATIENCE)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["refused"] * (count - 1) + ["trained"]


def test_two_models_are_trained_at_once():
    results, model = [], dense()
    during_fit(model, lambda: results.append(in_a_thread(TRAINING["fit"], dense())))
    assert not isinstance(results[0], BaseException)


# --- the turn ends -----------------------------------------------------------------------------------


class Odd(BaseException):
    pass


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, MemoryError, Odd])
def test_an_error_ends_the_turn(error):
    def fail():
        raise error

    model = dense()
    with pytest.raises(error):
        during_fit(model, fail)
    assert_free(model)


@pytest.mark.parametrize("bad", [{"epochs": -1}, {"x": X[:3]}, {"callbacks": [3]}, {"workers": 2}])
def test_a_refusal_ends_the_turn(bad):
    model = dense()
    with pytest.raises((ValueError, TypeError)):
        model.fit(**{"x": X, "y": Y, "verbose": 0, **bad})
    assert_free(model)


def test_ctrl_c_ends_the_turn():
    model = dense()
    # `console.run`, of another test, may have left its own handler, which says Ctrl-C again later.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            during_fit(model, lambda: signal.raise_signal(signal.SIGINT))
    finally:
        signal.signal(signal.SIGINT, before)
    assert_free(model)


def test_ctrl_c_ends_the_turn_wherever_it_comes():
    """An interrupt at each call and return in the bookkeeping, and in `train_on_batch` itself."""
    from tinycnn.models import turns

    model = dense()
    model.train_on_batch(X, Y)
    for stop in range(1, 1000):
        seen = 0

        def watch(frame, event, argument):
            nonlocal seen
            frames = [one for one in (frame, frame.f_back) if one is not None]
            if any(one.f_code.co_filename == turns.__file__ for one in frames):
                seen += 1
                if seen == stop:  # noqa: B023 (is called within this turn of the loop only)
                    sys.setprofile(None)
                    raise KeyboardInterrupt

        sys.setprofile(watch)
        try:
            model.train_on_batch(X, Y)
        except KeyboardInterrupt:
            assert not model.turns
        else:
            break
        finally:
            sys.setprofile(None)
    assert 10 < stop < 999
    assert_free(model)


# --- saving ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", ["adadelta", "adam"])
def test_what_is_saved_stays_as_it_was_while_another_thread_trains(
    optimizer, tmp_path, monkeypatch
):
    model = dense(optimizer=optimizer)
    model.fit(X, Y, verbose=0)
    wanted = copy.deepcopy(model)
    image = writer.file_image

    def while_it_is_trained(saved):
        written = image(saved)
        in_a_thread(TRAINING["fit"], model)
        return written

    monkeypatch.setattr(writer, "file_image", while_it_is_trained)
    model.save(tmp_path / "x.h5")
    again = load_model(tmp_path / "x.h5")
    assert same(again.get_weights(), wanted.get_weights())
    assert again.optimizer.iterations == wanted.optimizer.iterations
    for name, slot in wanted.optimizer.slots.items():
        assert same(again.optimizer.slots[name], slot)


def test_saving_beside_training_never_fails(tmp_path):
    model, path, stop = dense(optimizer="adam"), tmp_path / "x.h5", threading.Event()

    def train():
        while not stop.is_set():
            model.train_on_batch(X, Y)

    thread = threading.Thread(target=train)
    thread.start()
    try:
        for _ in range(20):
            model.save(path)
            assert load_model(path).count_params() == model.count_params()
    finally:
        stop.set()
        thread.join()


# --- copies ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_made_meanwhile_is_free(copied):
    copies, model = [], dense()
    during_fit(model, lambda: copies.append(copied(model)))
    assert_free(copies[0])
    results = []
    during_fit(model, lambda: results.append(in_a_thread(TRAINING["fit"], copied(model))))
    assert not isinstance(results[0], BaseException)


def test_a_shallow_copy_shares_weights_and_turn():
    results, model = [], dense()
    during_fit(model, lambda: results.append(in_a_thread(TRAINING["fit"], copy.copy(model))))
    assert isinstance(results[0], RuntimeError)


@forks_only
@pytest.mark.filterwarnings(
    "ignore:.*fork:DeprecationWarning"
)  # forking beside threads is the point
def test_a_process_forked_meanwhile_is_free():
    """The thread that trains is not there in the child, so the turn it left there is nobody's."""
    model, statuses = dense(), []
    model.fit(X, Y, verbose=0)

    def fork():
        child = os.fork()
        if not child:
            try:
                model.fit(X, Y, verbose=0)
            except BaseException:
                os._exit(1)
            os._exit(0)
        statuses.append(os.waitpid(child, 0)[1])

    during_fit(model, lambda: in_a_thread(fork))
    assert statuses == [0]
    assert_free(model)


def test_the_order_of_arguments_is_still_told():
    import inspect

    names = [*inspect.signature(type(dense()).fit).parameters]
    assert names[:4] == ["self", "x", "y", "batch_size"]
    assert np.all([type(dense()).fit.__doc__, type(dense()).train_on_batch.__doc__])
