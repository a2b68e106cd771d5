"""What fit and its like are told: taken as Keras takes it, or refused by name; nothing changes."""

import functools

import numpy as np
import pytest

from tests.support.nets import X, Y, dense, same
from tinycnn import utils
from tinycnn.callbacks import Callback
from tinycnn.models import arguments


@pytest.mark.parametrize(
    "kind", [float, np.float32, np.float64, functools.partial(np.array, dtype="f4")]
)
def test_a_share_means_its_decimals(kind):
    """np.float32(0.2) lies above 0.2, and 10 * (1 - 0.2) must be 8 samples all the same."""
    model, other = dense(), dense()
    utils.set_random_seed(3)
    model.fit(X, Y, verbose=0, validation_split=kind(0.2))
    utils.set_random_seed(3)
    other.fit(X[:8], Y[:8], verbose=0, validation_data=(X[8:], Y[8:]))
    assert same(model.get_weights(), other.get_weights())
    assert model.history.history == other.history.history


REFUSED_BY_FIT = {
    "batch_size": [0, -1, 1.5, "a", True],
    "epochs": [-1, 1.5, "a", None],
    "initial_epoch": [-1, 0.5],
    "verbose": [3, -1, "yes"],
    "validation_split": [1, -0.1, 1.5, "a", True],
    "validation_data": [5, (X,), (X, Y, Y, Y)],
    "validation_batch_size": [0, -1, 1.5],
    "shuffle": ["batches", None, 2],
    "steps_per_epoch": [0, -1, 1.5, "a", True],
    "validation_steps": [0, -1, 1.5, "a", True],
    "validation_freq": [0, -1, 1.5, "a", None],
}


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name, values in REFUSED_BY_FIT.items() for value in values],
)
def test_fit_names_the_option_it_refuses(name, value):
    model = dense()
    before = model.get_weights()
    with pytest.raises((ValueError, TypeError)) as caught:
        model.fit(X, Y, **{"verbose": 0, name: value})
    assert name in str(caught.value)
    assert name == "validation_data" or repr(value)[:6] in str(caught.value)
    assert same(model.get_weights(), before)


def test_options_at_the_values_of_keras_change_nothing():
    supported = {"class_weight": None, "sample_weight": None, "steps_per_epoch": None}
    supported |= {"validation_steps": None, "validation_freq": 1, "validation_batch_size": None}
    assert dense().fit(X, Y, verbose=0, **supported).history == dense().fit(X, Y, verbose=0).history
    dense().evaluate(X, Y, verbose=0, sample_weight=None, steps=None, callbacks=None)
    dense().predict(X, verbose=0, steps=None, callbacks=None)
    dense().compile(
        "sgd", "categorical_crossentropy", None, weighted_metrics=None, jit_compile="auto"
    )


def test_the_last_samples_are_cut_off_for_validation():
    x, y = np.arange(10), np.arange(10) * 2
    (x_train, _, nothing), (x_val, y_val, weights) = arguments.split((x, y, None), 0.25)
    assert nothing is weights is None
    assert (x_train.tolist(), x_val.tolist()) == ([*range(7)], [7, 8, 9])
    assert y_val.tolist() == [14, 16, 18]
    data, nothing = arguments.split((x, y, x), 0)
    assert data[0] is x
    assert nothing is None
    for share in (0.999, 1):
        with pytest.raises(ValueError, match=r"leaves no samples on one side of 10"):
            arguments.split((x, y, x), share)


def test_results_come_as_keras_gives_them():
    logs = {"loss": 0.5, "accuracy": 1.0}
    assert arguments.results(logs, False) == [0.5, 1.0]
    assert arguments.results({"loss": 0.5}, False) == 0.5
    assert arguments.results(logs, True) is logs


def test_one_callback_or_several_or_none():
    one, several = Callback(), (Callback(), Callback())
    assert arguments.callback_list(None) == []
    assert arguments.callback_list(one) == [one]
    assert arguments.callback_list(several) == list(several)


def test_a_count_or_none():
    assert arguments.count_or_none("steps", None) is None
    assert arguments.count_or_none("steps", np.int64(5)) == 5
    with pytest.raises(ValueError, match="steps=0"):
        arguments.count_or_none("steps", 0)


def test_validation_every_so_many_epochs_or_after_some():
    assert arguments.check_freq(np.int64(2)) == 2
    assert arguments.check_freq((1, 4)) == [1, 4]


def test_what_to_validate_on():
    assert arguments.validation_parts((X, Y)) == (X, Y, None)
    assert arguments.validation_parts([X, Y, Y]) == (X, Y, Y)
    batches = iter([])
    assert arguments.validation_parts(batches) == (batches, None, None)
    with pytest.raises(ValueError, match=r"validation_split=0\.5"):
        arguments.no_split(0.5)


def test_how_much_is_said():
    assert [arguments.verbosity(v) for v in ("auto", 0, np.int8(2), True)] == [1, 0, 2, 1]
