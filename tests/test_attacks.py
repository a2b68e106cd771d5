"""What an attacker once got through: wrong numbers, hangs and tracebacks that must not come back."""

import copy
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

from tests.support.patience import PATIENCE, run, started
from tinycnn import gradcheck, saving, utils
from tinycnn.layers import Conv2D, Dense, Flatten, Input, MaxPooling2D
from tinycnn.models import Sequential, load_model
from tinycnn.optimizers import Adam
from tinycnn.pretrained import digit_model
from tinycnn.utils.errors import ModelFileError

X = np.random.default_rng(0).random((6, 8, 8, 1))
Y = np.arange(6) % 3


def net(**options):
    utils.set_random_seed(2)
    layers = [Input((8, 8, 1)), Conv2D(4, 3, activation="relu", **options), Flatten()]
    model = Sequential([*layers, Dense(3, activation="softmax")])
    model.compile(Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def stored(model, change):
    """Return what `save` would store, its configuration changed."""
    config = copy.deepcopy(model.get_config())
    change(config["layers"])
    weights = [layer.get_weights() for layer in model.layers]
    return saving.SavedModel(config, weights)


def test_outputs_that_are_pictures_have_no_such_loss():
    model = Sequential([Input((4, 4, 1)), Conv2D(3, 1, activation="softmax")])
    model.compile("sgd", "categorical_crossentropy", metrics=["accuracy"])
    with pytest.raises(ValueError, match=r"\(n, classes\)"):
        model.evaluate(np.zeros((2, 4, 4, 1)), np.ones((2, 4, 4, 3)) / 3, verbose=0)


def test_a_copied_model_learns_like_its_original():
    model = net()
    twin = copy.deepcopy(model)
    for each in (model, twin):
        each.compile("sgd", "sparse_categorical_crossentropy")
    one, other = (each.gradients(X * 1000, Y) for each in (model, twin))
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])
    rows = [gradcheck.check_layer(each.layers[0], (8, 8, 1)) for each in (model, twin)]
    assert rows[0] == rows[1]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda layers: layers[2]["config"].update(dtype="float64"), "float32"),
        (lambda layers: layers[1]["config"].update(strides=[2**40, 1]), "strides"),
        (
            lambda layers: layers[0]["config"].update(batch_shape=[None, 30000, 30000, 1]),
            "too many",
        ),
        (lambda layers: layers[1]["config"].update(filters=2**31), "filters"),
    ],
    ids=["two dtypes", "giant strides", "giant input", "giant filters"],
)
def test_odd_configurations_are_refused_as_a_file(change, said, tmp_path):
    from tinycnn.saving import writer

    path = tmp_path / "odd.h5"
    path.write_bytes(writer.file_image(stored(net(), change)))
    with pytest.raises(ModelFileError, match=said):
        load_model(path)


def test_a_model_of_an_input_alone_is_none(tmp_path):
    from tinycnn.saving import writer

    path = tmp_path / "input.h5"
    config = {"name": "s", "layers": net().get_config()["layers"][:1]}
    path.write_bytes(writer.file_image(saving.SavedModel(config, [])))
    with pytest.raises(ModelFileError, match="no layers"):
        load_model(path)


@pytest.mark.parametrize("spoil", ["steps", "squares"])
def test_an_impossible_optimizer_state_starts_afresh(spoil, tmp_path):
    model = net()
    model.fit(X, Y, verbose=0)
    if spoil == "steps":
        model.optimizer.iterations = -5
    else:
        model.optimizer.slots["velocity"][0][...] = -1
    from tinycnn.models import files
    from tinycnn.saving import writer

    state = files.optimizer_state(model.optimizer)
    weights = [layer.get_weights() for layer in model.layers]
    compiled = files.compiled_config(model)
    path = tmp_path / "state.h5"
    path.write_bytes(
        writer.file_image(saving.SavedModel(model.get_config(), weights, compiled, state))
    )
    with pytest.warns(UserWarning, match="starts afresh"):
        again = load_model(path)
    history = again.fit(X, Y, verbose=0).history
    assert np.isfinite(history["loss"]).all()


def test_scores_are_not_taken_for_probabilities(tmp_path):
    layers = [Input((28, 28, 1)), MaxPooling2D(7), Flatten()]
    scores = Sequential([*layers, Dense(10)])
    shares = digit_model.probabilities(
        scores, "scores", np.random.default_rng(0).random((3, 28, 28, 1))
    )
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)
    layers = [Input((28, 28, 1)), MaxPooling2D(7), Flatten()]
    sigmoid = Sequential([*layers, Dense(10, activation="sigmoid")])
    with pytest.raises(ModelFileError, match="no probabilities"):
        digit_model.probabilities(sigmoid, "sigmoid", np.zeros((3, 28, 28, 1)))


def test_training_in_a_thread_outlives_the_main_program():
    code = """
import threading, numpy as np
from tinycnn.layers import Conv2D, Dense, Flatten
from tinycnn.models import Sequential
from tinycnn.ops import set_num_threads
set_num_threads(3)
model = Sequential([Conv2D(32, 3, input_shape=(28, 28, 1)), Conv2D(32, 3), Flatten(), Dense(3)])
model.compile("sgd", "sparse_categorical_crossentropy")
x, y = np.zeros((64, 28, 28, 1)), np.zeros(64, int)
model.fit(x, y, verbose=0)
def learn():
    model.fit(x, y, epochs=10, verbose=0)
    print("learnt", flush=True)
threading.Thread(target=learn).start()
"""
    done = run([sys.executable, "-c", code])
    assert done.stdout == "learnt\n", done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_a_swallowed_interrupt_is_said_again():
    code = """
import threading
from tinycnn.utils.cli import run
swallowed = threading.Event()
class Timer(threading.Timer):
    def run(self):  # not after a second, but after it was needed
        swallowed.wait()
        swallowed.clear()
        self.function(*self.args, **self.kwargs)
threading.Timer = Timer
def main():
    try:
        print("ready", flush=True)
        while True:
            pass  # not signal.pause(): a signal just before it would be lost
    except KeyboardInterrupt:
        print("swallowed", flush=True)
        swallowed.set()
    while True:
        pass
run(main)
"""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with started([sys.executable, "-c", code], text=True, **pipes) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=PATIENCE)
    assert out == "swallowed\n"
    assert process.returncode == 130
    assert "Traceback" not in errors


def test_threads_may_be_changed_while_others_compute():
    from tinycnn import ops
    from tinycnn.ops.kernels.parallel.thread_pool import workers

    model, predicted, errors = net(), [], []

    def predict():
        try:
            while len(predicted) < 20:
                predicted.append(model.predict(np.repeat(X, 50, axis=0), verbose=0))
        except Exception as error:  # whatever it is, it is one too many
            errors.append(error)

    before = workers.get_count()
    thread = threading.Thread(target=predict)
    thread.start()
    while thread.is_alive():
        for count in (1, 2, 3):
            ops.set_num_threads(count)
    thread.join()
    ops.set_num_threads(before)
    assert not errors
