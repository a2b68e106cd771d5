"""NaN and infinity, in data, labels, weights or from too large steps: said once, with the likely cause."""

import pathlib
import re
import sys
import warnings

import h5py
import numpy as np
import pytest
from PIL import Image

from tests.support import patience
from tests.support.nets import IMAGES, ONE_HOT, X, Y, conv, dense
from tinycnn import metrics
from tinycnn.callbacks import LambdaCallback
from tinycnn.layers import Dense, Flatten, Input
from tinycnn.models import load_model
from tinycnn.models.divergence import Watch
from tinycnn.models.sequential import Sequential
from tinycnn.optimizers import SGD, Adadelta, Adam
from tinycnn.pretrained.digit_model import probabilities
from tinycnn.utils.errors import ModelFileError

ROOT = pathlib.Path(__file__).parents[2]


def warned(run):
    """Return the texts of all warnings, of any kind, on the way."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run()
    assert {one.filename for one in caught} <= {__file__}  # they point at who called the model
    return [str(one.message) for one in caught]


def spoilt(array, index, number=np.nan):
    """Return a copy with one number replaced."""
    changed = np.array(array, np.float32)
    changed[index] = number
    return changed


@pytest.mark.parametrize("number", [np.nan, np.inf, 1e39])
def test_an_input_that_is_not_finite_is_named_once(number):
    x = X.astype(np.float64)
    x[7, 2] = number
    model = dense()
    with np.errstate(over="ignore"):
        (text,) = warned(lambda: model.fit(x, Y, batch_size=4, shuffle=False, epochs=3, verbose=0))
    assert text.startswith("The loss is nan in epoch 1, batch 2: x[7] holds NaN, infinity or")
    assert model.history.history["accuracy"][1:] == [0, 0]


def test_a_number_too_large_is_told_when_predicting_as_when_training():
    x = X.astype(np.float64)
    x[7, 2] = 1e300
    (text,) = warned(lambda: dense().predict(x, verbose=0))
    assert text.startswith("x[7] holds a number too large for float32")
    assert warned(lambda: dense().predict(X.astype(np.float64), verbose=0)) == []


def test_a_nan_in_a_batch_shows_from_that_batch_on():
    losses, x = [], spoilt(IMAGES, (5, 4, 4, 0))
    note = LambdaCallback(on_train_batch_end=lambda batch, logs: losses.append(logs["loss"]))
    model = conv()
    fit = {"batch_size": 2, "shuffle": False, "verbose": 0, "callbacks": [note]}
    (text,) = warned(lambda: model.fit(x, Y, **fit))
    assert "epoch 1, batch 3: x[5] holds NaN" in text
    assert np.isnan(losses).tolist() == [False, False, True, True, True]
    assert np.isnan(model.history.history["loss"]).tolist() == [True]


def test_a_shuffled_sample_is_named_by_its_place_in_the_data():
    (text,) = warned(lambda: dense().fit(spoilt(X, (7, 2)), Y, batch_size=2, verbose=0))
    assert "x[7] holds NaN" in text


def test_the_batch_is_that_of_the_epoch_and_the_epoch_that_of_the_bar():
    x = spoilt(X, (9, 0))
    fit = {"batch_size": 4, "shuffle": False, "verbose": 0, "initial_epoch": 4, "epochs": 6}
    (text,) = warned(lambda: dense().fit(x, Y, **fit))
    assert "in epoch 5, batch 3:" in text


def test_labels_too_large_for_the_dtype_are_named():
    with np.errstate(over="ignore"):
        (text,) = warned(
            lambda: dense("categorical_crossentropy").fit(
                X, ONE_HOT * 1e39, shuffle=False, verbose=0
            )
        )
    assert "batch 1: y[0] holds NaN, infinity or a number too large for float32" in text


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_weights_that_were_not_finite_before_are_named(number):
    model = dense()
    weights = model.get_weights()
    weights[2] = spoilt(weights[2], (0, 0), number)
    (text,) = warned(lambda: model.set_weights(weights))
    assert text.startswith("The new weights hold NaN or infinity, in dense_1/kernel")
    (text,) = warned(lambda: model.fit(X, Y, verbose=0, epochs=2))
    assert (
        "batch 1: x and y are finite, but NaN or infinity is in the weights dense_1/kernel." in text
    )
    assert "before the first step" in text


def test_a_layer_says_it_too_and_finite_weights_are_quiet():
    layer = dense().layers[0]
    kernel, bias = layer.get_weights()
    assert "in dense/bias:" in warned(lambda: layer.set_weights([kernel, bias + np.nan]))[0]
    assert warned(lambda: layer.set_weights([kernel, bias])) == []


@pytest.mark.parametrize("optimizer", [SGD, Adadelta, Adam])
def test_a_learning_rate_that_is_too_large_is_named(optimizer):
    model = conv()
    model.compile(optimizer(1e30), "sparse_categorical_crossentropy", metrics=["accuracy"])
    fit = {"epochs": 4, "batch_size": 5, "verbose": 0, "validation_data": (IMAGES, Y)}
    (text,) = warned(lambda: model.fit(IMAGES, Y, **fit))
    assert "has diverged: begin again, with a learning rate below 1e+30" in text
    assert model.history.history["accuracy"][1:] == [0, 0, 0]
    assert model.history.history["val_accuracy"] == [0, 0, 0, 0]


def test_inputs_that_are_too_large_are_named():
    (text,) = warned(lambda: dense().fit(X * np.float32(1e38), Y, verbose=0))
    assert re.search(r"x reaches 2\.\d+e\+38, weights 0\.\d+\. Scale x", text)


def test_numbers_above_the_range_of_float32_get_the_one_warning():
    x = np.where(np.arange(X.size).reshape(X.shape) == 5, 1e300, X.astype(np.float64))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        dense().fit(x, Y, verbose=0)
    assert [each.category for each in said] == [UserWarning]


def test_validation_evaluation_and_single_batches_say_it_too():
    x = spoilt(X, (7, 2))
    (text,) = warned(lambda: dense().fit(X, Y, verbose=0, epochs=3, validation_data=(x, Y)))
    assert text.startswith("The loss is nan in batch 1 of the evaluation: x[7] holds NaN")
    (text,) = warned(lambda: dense().evaluate(x, Y, batch_size=4, verbose=0))
    assert text.startswith("The loss is nan in batch 2 of the evaluation: x[7] holds NaN")
    (text,) = warned(lambda: dense().train_on_batch(x, Y))
    assert text.startswith("The loss is nan in this batch: x[7] holds NaN")
    with pytest.warns(UserWarning, match=r"x\[7\] holds NaN"):
        dense().test_on_batch(x, Y)


def test_a_training_that_goes_well_is_quiet():
    assert warned(lambda: conv().fit(IMAGES, Y, verbose=0, epochs=2, validation_split=0.2)) == []


@pytest.mark.parametrize(
    ("metric", "labels"),
    [
        (metrics.categorical_accuracy, np.eye(3)[[0, 1, 0]]),
        (metrics.sparse_categorical_accuracy, [0, 1, 0]),
        (metrics.accuracy, [[0], [1], [0]]),
    ],
)
def test_a_row_with_nan_is_never_right(metric, labels):
    rows = [[np.nan] * 3, [0.1, np.nan, 0.2], [0.9, 0.1, 0.0]]
    np.testing.assert_array_equal(metric(labels, rows), [0, 0, 1])


# --- files and commands --------------------------------------------------------------------------------


@pytest.fixture
def diverged(tmp_path):
    """Return a model file in which one weight is NaN; ours would not be written so, others' are."""
    model = Sequential([Input((28, 28, 1)), Flatten(), Dense(10, activation="softmax")])
    path = tmp_path / "diverged.h5"
    model.save(path)
    with h5py.File(path, "r+") as file:
        kernels = []
        file.visititems(
            lambda name, item: kernels.append(name) if name.endswith("kernel") else None
        )
        file[kernels[0]][3, 4] = np.nan
        del file.attrs["tinycnn_sha256"]  # others have none
    return path


def command(cwd, *options):
    return patience.run([sys.executable, *map(str, options)], cwd=cwd)


def test_a_model_file_with_nan_is_not_loaded(diverged):
    with pytest.raises(ModelFileError, match="NaN or infinity: the training had diverged"):
        load_model(diverged)


@pytest.mark.parametrize("script", ["evaluate", "predict"])
def test_the_scripts_say_it_in_a_sentence(script, diverged, tmp_path):
    Image.new("L", (28, 28)).save(tmp_path / "a.png")
    arguments = ("--data", "sample") if script == "evaluate" else ("a.png",)
    done = command(tmp_path, ROOT / "scripts" / f"{script}.py", "--model", diverged, *arguments)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"error: {diverged}: ")
    assert "contains NaN or infinity: the training had diverged" in line


def test_finite_weights_that_overflow_are_no_answer():
    model = Sequential([Input((28, 28, 1)), Flatten(), Dense(10, activation="softmax")])
    model.set_weights([np.full((784, 10), 1e38), np.zeros(10)])
    with pytest.raises(ModelFileError, match=r"a\.h5: its predictions are NaN or infinite"):
        probabilities(model, "a.h5", np.ones((1, 28, 28, 1), np.float32))


def test_a_command_that_trains_says_it_in_one_sentence(tmp_path):
    code = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from tests.support.nets import IMAGES, Y, conv
from tinycnn.utils.cli import run
from tinycnn.optimizers import SGD

def main():
    model = conv()
    model.compile(SGD(1e30), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(IMAGES, Y, batch_size=5, epochs=3)

run(main)
"""
    done = command(tmp_path, "-c", code)
    assert done.returncode == 0
    said = [line for line in done.stderr.splitlines() if "compiling" not in line]
    assert len(said) == 1
    assert said[0].startswith("warning: The loss is nan in epoch 1, batch 2: ")
    assert done.stdout.count("Epoch") == 3


def test_one_warning_for_all_batches_and_none_while_losses_are_finite():
    watch, bad = Watch(dense()), np.array([0.5, np.inf])
    places = slice(4, 6)
    assert warned(lambda: watch.check(X[:2], Y[:2], places, "batch 3", bad[:1])) == []
    x = spoilt(X[:2], (1, 0))
    (text,) = warned(lambda: watch.check(x, Y[:2], places, "batch 3", bad))
    assert text.startswith("The loss is inf in batch 3: x[5] holds NaN, infinity or a number")
    assert warned(lambda: watch.check(x, Y[:2], places, "batch 4", bad)) == []
