"""One seed, one result: the same bytes of weights for any number of threads and in every process."""

import os
import pathlib
import subprocess
import sys

import pytest

from tests.support.patience import PATIENCE, started

ROOT = pathlib.Path(__file__).parents[2]
THREADS = (1, 2, 4)

# Every kind of layer, both pools, every optimizer, every fused step, both ways to convolve; layers and
# batches are large enough for four threads.
TRAIN = """
import hashlib
import sys

import numpy as np

from tinycnn import losses, ops, optimizers, utils
from tinycnn.ops.kernels.convolution import winograd
from tinycnn.layers import (
    Activation, AveragePooling2D, Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D, ReLU, Softmax
)
from tinycnn.models.sequential import Sequential


def sha(*arrays):
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def train(optimizer, dtype):
    utils.set_random_seed(7)
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(150, 20, 20, 3)), rng.integers(0, 5, 150)
    kinds = [
        Conv2D(16, 3, padding="same", activation="relu"), MaxPooling2D(),
        Conv2D(24, 3, use_bias=False), ReLU(), AveragePooling2D(3, strides=2, padding="same"),
        Dropout(0.25), Flatten(), Dense(300), Activation("tanh"), Dropout(0.5, seed=3),
        Dense(5), Softmax(),
    ]
    for layer in kinds:
        layer.dtype = dtype
    model = Sequential([Input((20, 20, 3)), *kinds])
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    logs = model.fit(x, y, batch_size=64, epochs=2, verbose=0, validation_split=0.1).history
    saliency = model.input_gradient(x[:8], 1)
    return sha(*model.get_weights(), model.predict(x, verbose=0), saliency), logs["val_loss"][-1]


def train_fused(dtype):
    utils.set_random_seed(8)
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(70, 20, 20, 1)), rng.integers(0, 5, 70)
    kinds = [
        Conv2D(16, 3, activation="relu"), Conv2D(24, 3), ReLU(), MaxPooling2D(), Dropout(0.25),
        Conv2D(9, 2, activation="relu"), MaxPooling2D((2, 3)), Flatten(),
        Dense(64, activation="relu"), Dropout(0.5), Dense(5, activation="softmax"),
    ]
    for layer in kinds:
        layer.dtype = dtype
    model = Sequential([Input((20, 20, 1)), *kinds])
    model.compile("adadelta", "sparse_categorical_crossentropy")
    assert [len(step.layers) for step in model.objective.steps if hasattr(step, "layers")] == [1, 4, 2]
    assert winograd.pays((16, 16), (3, 3, 16, 24), (1, 1))
    logs = model.fit(x, y, batch_size=32, epochs=2, verbose=0).history
    saliency = model.input_gradient(x[:32], 1)
    found = *model.gradients(x, y).values(), model.predict(x, verbose=0), saliency
    return sha(*model.get_weights(), *found), logs["loss"][-1]


def train_lenet(dtype):
    utils.set_random_seed(9)
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(70, 16, 15, 1)), rng.integers(0, 5, 70)
    kinds = [
        Conv2D(6, 5, activation="tanh", padding="same"), AveragePooling2D(),
        Conv2D(17, 3), ReLU(), AveragePooling2D((2, 3)), Flatten(), Dense(5, activation="softmax"),
    ]
    for layer in kinds:
        layer.dtype = dtype
    model = Sequential([Input((16, 15, 1)), *kinds])
    model.compile("adam", "sparse_categorical_crossentropy")
    assert [len(step.layers) for step in model.objective.steps if hasattr(step, "layers")] == [2, 3]
    logs = model.fit(x, y, batch_size=32, epochs=2, verbose=0).history
    found = *model.get_weights(), model.predict(x, verbose=0), model.input_gradient(x[:32], 1)
    return sha(*found), logs["loss"][-1]


def results():
    yield train_lenet("float32")
    yield train_lenet("float64")
    yield train_fused("float32")
    yield train_fused("float64")
    for optimizer in (optimizers.Adadelta(), optimizers.Adam(), optimizers.SGD(0.1, 0.9, True)):
        yield train(optimizer, "float32")
    yield train(optimizers.SGD(), "float64")
"""
IN_A_PROCESS = f"""{TRAIN}
print(*results())
from tinycnn.ops.kernels.parallel.thread_pool import workers
print(workers.get_count(), len(workers.helpers))
"""
IN_ONE_PROCESS = f"""{TRAIN}
for count in {THREADS}:
    ops.set_num_threads(count)
    print(*results())
"""

pytestmark = pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"), reason="without Numba: one thread"
)


def start(code, **settings):
    environment = {**os.environ, **settings}
    command = [sys.executable, "-c", code]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return started(command, env=environment, cwd=ROOT, text=True, **pipes)


def lines_of(process):
    output, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    return output.splitlines()


@pytest.fixture(scope="module")
def one_thread():
    with start(IN_A_PROCESS, NUMBA_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1") as process:
        return lines_of(process)


def test_one_thread_needs_no_helper(one_thread):
    assert one_thread[1] == "1 0"
    assert "nan" not in one_thread[0]


@pytest.mark.parametrize("threads", THREADS[1:])
def test_any_number_of_threads_of_numba_and_of_the_blas(threads, one_thread):
    count = str(threads)
    settings = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), count)
    with start(IN_A_PROCESS, NUMBA_NUM_THREADS=count, **settings) as process:
        weights, workers = lines_of(process)
    assert workers == f"{threads} {threads - 1}"
    assert weights == one_thread[0]


def test_two_processes_at_once(one_thread):
    with (
        start(IN_A_PROCESS, NUMBA_NUM_THREADS="2") as one,
        start(IN_A_PROCESS, NUMBA_NUM_THREADS="2") as other,
    ):
        assert [lines_of(process)[0] for process in (one, other)] == [one_thread[0]] * 2


def test_the_number_of_threads_may_change_within_a_process(one_thread):
    with start(IN_ONE_PROCESS) as process:
        assert lines_of(process) == [one_thread[0]] * len(THREADS)
