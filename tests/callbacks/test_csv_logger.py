"""CSVLogger: which columns, which rows, and when."""

import csv

import numpy as np
import pytest

from tests.support.fitting import ChosenLogs, train
from tests.support.nets import dense
from tinycnn.callbacks import CSVLogger, LambdaCallback, LearningRateScheduler
from tinycnn.utils.errors import FileError


@pytest.fixture
def model():
    return dense()


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
    assert lines[0] == "epoch;accuracy;loss;val_accuracy;val_loss"
    assert [line.split(";")[0] for line in lines[1:]] == epochs


def test_csv_logger_says_when_it_cannot_write(model, tmp_path):
    with pytest.raises(FileError, match="there is no folder"):
        train(model, CSVLogger(tmp_path / "missing" / "log.csv"))


def test_na_stands_where_there_is_no_number(model, tmp_path):
    path = tmp_path / "log.csv"
    rate = LearningRateScheduler(lambda epoch, rate: 0.5)
    train(model, rate, CSVLogger(path), epochs=3, validation_split=0.2, validation_freq=2)
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    names = ["accuracy", "learning_rate", "loss"]
    assert list(rows[0]) == ["epoch", *names, *(f"val_{name}" for name in names)]
    assert [row["val_loss"] == "NA" for row in rows] == [True, False, True]
    assert [row["learning_rate"] for row in rows] == ["0.5"] * 3


def test_several_numbers_stand_in_one_cell(model, tmp_path):
    path = tmp_path / "log.csv"
    train(model, ChosenLogs("parts", [np.array([1, 2])]), CSVLogger(path))
    with open(path, newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["parts"] == '"[1, 2]"'
