"""ReduceLROnPlateau: after which epochs the learning rate falls, and how far."""

import pytest

from tests.support.fitting import ChosenLogs, train
from tests.support.nets import dense
from tinycnn.callbacks import ReduceLROnPlateau


@pytest.fixture
def model():
    model = dense()
    model.optimizer.learning_rate = 1.0
    return model


@pytest.mark.parametrize(
    ("values", "options", "rates"),  # the rates that the epochs were trained with
    [
        ([3, 2, 1, 0], {"patience": 1}, [1, 1, 1, 1]),
        ([3, 3, 3, 3], {"patience": 1}, [1, 1, 0.5, 0.25]),
        ([3, 3, 3, 3, 3], {"patience": 2}, [1, 1, 1, 0.5, 0.5]),
        ([3, 3, 3, 3, 3, 3], {"patience": 1, "cooldown": 2}, [1, 1, 0.5, 0.5, 0.25, 0.25]),
        ([3, 3, 3, 3, 3], {"patience": 1, "min_lr": 0.4}, [1, 1, 0.5, 0.4, 0.4]),
        ([3, 2.9, 2.8], {"patience": 1, "min_delta": 0.5}, [1, 1, 0.5]),
        ([3, 2, 1], {"patience": 1, "mode": "max"}, [1, 1, 0.5]),
    ],
)
def test_the_rate_falls_when_nothing_gets_better(values, options, rates, model):
    reduce = ReduceLROnPlateau(monitor="score", factor=0.5, **options)
    history = train(model, ChosenLogs("score", values), reduce, epochs=len(values)).history
    assert history["learning_rate"] == pytest.approx(rates)


def test_it_says_so_if_told_to(model, capsys):
    reduce = ReduceLROnPlateau(monitor="score", factor=0.5, patience=1, verbose=1)
    train(model, ChosenLogs("score", [1, 1]), reduce, epochs=2)
    wanted = "Epoch 2: ReduceLROnPlateau reducing learning rate to 0.5.\n"
    assert capsys.readouterr().out == wanted


def test_epochs_without_validation_do_not_count(model):
    reduce = ReduceLROnPlateau(patience=1, min_delta=100.0, factor=0.5)
    history = train(model, reduce, epochs=5, validation_split=0.5, validation_freq=2).history
    assert history["learning_rate"] == [1, 1, 1, 1, 0.5]


@pytest.mark.parametrize(
    "options", [{"factor": 1.0}, {"factor": 2}, {"patience": -1}, {"min_lr": -1}]
)
def test_an_impossible_option_is_named(options):
    ((name, value),) = options.items()
    with pytest.raises(ValueError, match=f"{name}={value!r}"):
        ReduceLROnPlateau(**options)
