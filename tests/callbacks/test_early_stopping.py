"""EarlyStopping: when it ends the training, and with which weights."""

import numpy as np
import pytest

from tests.support.fitting import ChosenLogs, train
from tests.support.nets import dense
from tinycnn.callbacks import EarlyStopping, LambdaCallback


@pytest.fixture
def model():
    return dense()


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
    history = train(model, ChosenLogs("score", values), stopping, epochs=len(values))
    assert len(history.epoch) == epochs


def test_early_stopping_knows_that_accuracies_grow(model):
    stopping = EarlyStopping(monitor="val_acc", patience=1)
    assert len(train(model, ChosenLogs("val_acc", [1, 2, 3, 2]), stopping, epochs=4).epoch) == 4


@pytest.mark.parametrize("restore", [False, True])
def test_early_stopping_goes_back_to_the_best_weights_if_told_to(restore, model):
    weights = []
    note = LambdaCallback(on_epoch_end=lambda epoch, logs: weights.append(model.get_weights()))
    stopping = EarlyStopping(monitor="score", patience=2, restore_best_weights=restore)
    train(model, ChosenLogs("score", [5, 1, 3, 4]), note, stopping, epochs=4)
    wanted = weights[1] if restore else weights[3]
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), wanted, strict=True))
    assert (stopping.best_epoch, stopping.stopped_epoch) == (1, 3)


def test_early_stopping_says_so_if_told_to(model, capsys):
    stopping = EarlyStopping(monitor="score", verbose=1)
    train(model, ChosenLogs("score", [1, 2]), stopping, epochs=2)
    assert capsys.readouterr().out == "Epoch 2: early stopping\n"


def test_early_stopping_can_be_used_twice(model):
    stopping = EarlyStopping(monitor="score")
    for _ in range(2):
        history = train(model, ChosenLogs("score", [1, 2, 0]), stopping, epochs=3)
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


def test_restored_weights_are_told_if_told_to(model, capsys):
    stopping = EarlyStopping(monitor="score", verbose=1, restore_best_weights=True)
    train(model, ChosenLogs("score", [1, 2]), stopping, epochs=2)
    assert capsys.readouterr().out == (
        "Epoch 2: early stopping\nRestoring model weights from the best epoch: 1.\n"
    )
