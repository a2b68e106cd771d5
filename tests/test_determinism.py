"""One seed, one result: the same bytes for any number of threads and in every process."""

import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from tests.support.patience import PATIENCE, run, started
from tinycnn import ops

ROOT = pathlib.Path(__file__).parent.parent
THREADS = (1, 2, 3, 8)  # within one process; more than there are CPUs, too

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
    arrays = *model.gradients(x, y).values(), model.predict(x, verbose=0), saliency
    return sha(*model.get_weights(), *arrays), logs["loss"][-1]


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
    arrays = *model.get_weights(), model.predict(x, verbose=0), model.input_gradient(x[:32], 1)
    return sha(*arrays), logs["loss"][-1]


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


def test_other_numbers_of_threads_of_numba_and_of_the_blas_in_two_processes_at_once(one_thread):
    libraries = ("NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    with (
        start(IN_A_PROCESS, **dict.fromkeys(libraries, "2")) as two,
        start(IN_A_PROCESS, **dict.fromkeys(libraries, "4")) as four,
    ):
        hashes = [lines_of(process) for process in (two, four)]
    assert hashes == [[one_thread[0], "2 1"], [one_thread[0], "4 3"]]


def test_the_number_of_threads_may_change_within_a_process(one_thread):
    with start(IN_ONE_PROCESS) as process:
        assert lines_of(process) == [one_thread[0]] * len(THREADS)


def test_every_kernel_gives_the_same_bytes_for_any_number_of_threads():
    from tinycnn.ops.kernels.parallel.thread_pool import workers
    from tinycnn.utils.geometry import FusedConvolution

    kernels, rng = ops.implementation(), np.random.default_rng(5)
    x = rng.standard_normal((33, 14, 14, 8)).astype(np.float32)
    kernel = rng.standard_normal((3, 3, 8, 70)).astype(np.float32)
    dy = rng.standard_normal((33, 12, 12, 70)).astype(np.float32)
    flat = dy.reshape(33, -1)
    weights = rng.standard_normal((300, flat.shape[1])).astype(np.float32)
    bias, geometry = np.zeros(70, np.float32), ((1, 1), ((0, 0), (0, 0)))

    def everything():
        results = [
            kernels.conv2d_forward(x, kernel, bias, *geometry),
            kernels.conv2d_backward_input(dy, kernel, x.shape, *geometry),
            *kernels.conv2d_backward_kernel(dy, x, kernel.shape, *geometry),
            kernels.dense_backward_input(flat, weights),
            *kernels.dense_backward_kernel(flat, flat[:, :300].copy()),
            kernels.dropout_forward(dy, 0.3, 5),
            y := kernels.conv2d_relu_forward(x, kernel, bias, FusedConvolution(*geometry)),
            *kernels.conv2d_relu_backward(dy, y, x, kernel, FusedConvolution(*geometry), True),
        ]
        for pool in ((2, 2), (3, 3)):
            fused = FusedConvolution(*geometry, pool)
            y, argmax = kernels.conv2d_relu_max_pool2d_forward(x, kernel, bias, fused, 0.25, 3)
            backward = y, argmax, x, kernel, fused, 0.25, True
            results += [y, *kernels.conv2d_relu_max_pool2d_backward(y, *backward)]
        return [result.tobytes() for result in results]

    before = workers.get_count()
    try:
        results = []
        for count in (1, 2, 3, 4):
            workers.set_count(count)
            results.append(everything())
    finally:
        workers.set_count(before)
    assert all(one == results[0] for one in results)


@pytest.mark.slow
def test_a_net_learns_the_same_on_many_threads_whatever_happens_beside_it():
    """The short form of `python -m tests.stress.threads`."""
    command = ["-m", "tests.stress.threads", "--steps", "60", "--threads", "3", "64"]
    done = run([sys.executable, *command], cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("same bytes") == 2
