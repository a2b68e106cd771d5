"""CSVLogger and ModelCheckpoint: what they write, when, and what they say if they cannot."""

import csv
import os

import pytest

from tests.support.fitting import ChosenLogs, train
from tests.support.nets import dense
from tinycnn.callbacks import (
    CSVLogger,
    LambdaCallback,
    ModelCheckpoint,
)
from tinycnn.layers import Dense, Input
from tinycnn.models import load_model
from tinycnn.models.sequential import Sequential
from tinycnn.utils.errors import FileError


@pytest.fixture
def model():
    return dense()


class Saves(ModelCheckpoint):
    """A checkpoint whose model only notes where it would be saved."""

    layers = ()

    def set_model(self, model):
        self.paths, self.model = [], self
        self.objective, self.optimizer = model.objective, model.optimizer

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
    train(model, ChosenLogs("score", [5, 7, 4, 4]), checkpoint, epochs=4)
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
