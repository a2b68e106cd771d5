"""ModelCheckpoint: what it saves, when, and what it says if it cannot."""

import os

import pytest

from tests.support.fitting import ChosenLogs, train
from tests.support.nets import dense
from tinycnn.callbacks import (
    EarlyStopping,
    LambdaCallback,
    LearningRateScheduler,
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


@pytest.mark.parametrize("save_freq", [0, -1, 1.5, "batch", True])
def test_model_checkpoint_refuses_what_it_cannot_do(save_freq):
    with pytest.raises(ValueError, match=f"save_freq={save_freq!r}"):
        ModelCheckpoint("m.h5", save_freq=save_freq)


@pytest.mark.parametrize(
    ("name", "weights_only", "wanted"),
    [("m.keras5", False, r"\.keras"), ("m.keras", True, r"\.weights\.h5")],
)
def test_a_file_name_with_another_ending_is_refused(name, weights_only, wanted):
    with pytest.raises(FileError, match=f"{name}: .* kept in .*{wanted}"):
        ModelCheckpoint(name, save_weights_only=weights_only)


def test_an_option_of_keras_2_is_named():
    with pytest.raises(ValueError, match=r"ModelCheckpoint: period .*Received: period=2"):
        ModelCheckpoint("a.h5", period=2)
    with pytest.raises(TypeError, match="ModelCheckpoint has no option 'odd'"):
        ModelCheckpoint("a.h5", odd=2)


def test_weights_alone_are_saved_if_told_to(model, tmp_path):
    class Weights(Saves):
        def save_weights(self, path):
            self.paths.append(f"weights {os.path.basename(path)}")

    checkpoint = Weights(tmp_path / "{epoch}.weights.h5", save_weights_only=True)
    train(model, checkpoint, epochs=2)
    assert checkpoint.paths == ["weights 1.weights.h5", "weights 2.weights.h5"]


def test_saving_after_so_many_batches_counts_on_over_the_epochs(model, tmp_path):
    checkpoint = Saves(tmp_path / "{epoch}-{batch}.h5", save_freq=2)
    train(model, checkpoint, epochs=2, batch_size=4)  # 3 batches an epoch
    assert checkpoint.paths == ["1-2.h5", "2-1.h5", "2-3.h5"]


@pytest.mark.parametrize(
    ("name", "options", "before"),
    [
        ("{val_loss}.h5", {}, []),
        ("{batch}.h5", {}, []),
        ("{loss:d}.h5", {}, []),
        ("{val_loss}.h5", {"save_freq": 1}, []),
        ("{0}.h5", {}, [EarlyStopping("loss")]),
        ("{epoch.h5", {}, [LearningRateScheduler(lambda epoch, rate: rate)]),
    ],
)
def test_a_name_that_will_not_be_there_is_found_before_the_first_epoch(
    name, options, before, model, tmp_path
):
    epochs = []
    note = LambdaCallback(on_epoch_begin=lambda epoch, logs: epochs.append(epoch))
    held = {"validation_split": 0.2} if options else {}
    with pytest.raises(ValueError, match=r"may hold 'epoch'"):
        train(model, *before, ModelCheckpoint(tmp_path / name, **options), note, **held)
    assert epochs == []


def test_names_that_will_be_there_are_taken(model, tmp_path):
    rate = LearningRateScheduler(lambda epoch, rate: 0.25)
    checkpoint = Saves(tmp_path / "{epoch}-{val_accuracy:.1f}-{learning_rate}.h5")
    train(model, rate, checkpoint, validation_split=0.5, epochs=2, validation_freq=1)
    assert [path[:2] + path[5:] for path in checkpoint.paths] == ["1--0.25.h5", "2--0.25.h5"]


def test_only_epochs_with_validation_are_compared(model, tmp_path):
    """Without a warning: the number is there in other epochs."""
    checkpoint = Saves(tmp_path / "{epoch}.h5", save_best_only=True)
    stopping = EarlyStopping(patience=50)
    train(model, stopping, checkpoint, epochs=4, validation_split=0.5, validation_freq=2)
    assert checkpoint.paths[0] == "2.h5"
    assert stopping.best_epoch in (1, 3)


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
    class Mine(Dense):
        pass

    Mine.__name__ = "Dense"
    model, epochs = Sequential([Input((4,)), Mine(3, activation="softmax")]), []
    model.compile("sgd", "sparse_categorical_crossentropy")
    note = LambdaCallback(on_epoch_begin=lambda epoch, logs: epochs.append(epoch))
    path = tmp_path / "m.h5"
    with pytest.raises(
        FileError, match="no file can hold a layer of the class Dense: it has the name of"
    ):
        train(model, note, ModelCheckpoint(path))
    with pytest.raises(FileError, match="no file can hold a layer of the class Dense"):
        model.save(path)
    assert epochs == []
    assert list(tmp_path.iterdir()) == []


def test_model_checkpoint_tries_the_folder_of_a_pattern_before_training(model, tmp_path):
    epochs = []
    note = LambdaCallback(on_epoch_begin=lambda epoch, logs: epochs.append(epoch))
    with pytest.raises(FileError, match="no folder"):
        train(model, note, ModelCheckpoint(tmp_path / "missing" / "{epoch}.h5"))
    assert epochs == []
