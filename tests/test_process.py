"""What surrounds the arithmetic: switches of Python and Numba, threads, forks.

Whatever happens there, a process ends with the right result or an error of our own, never by a signal.
"""

import json

import pytest

from tests.support.marks import compiled_only, forks_only
from tests.support.processes import run_code
from tinycnn import ops
from tinycnn.ops import reference

TRAIN = """
import hashlib, json, sys
import numpy as np
from tinycnn import utils
from tinycnn.layers import AveragePooling2D, Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D
from tinycnn.models.sequential import Sequential

def make():
    utils.set_random_seed(11)
    model = Sequential([
        Input((9, 9, 1)), Conv2D(4, 3, activation="relu"), MaxPooling2D(), AveragePooling2D(2, 1),
        Dropout(0.2), Flatten(), Dense(3, activation="softmax"),
    ])
    model.compile("adadelta", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model

rng = np.random.default_rng(2)
x, y = rng.normal(size=(40, 9, 9, 1)), rng.integers(0, 3, 40)
"""
REPORT = f"""{TRAIN}
def refused(use):
    try:
        use()
    except (ValueError, TypeError, RuntimeError) as error:
        return str(error)

model = make()
loss = model.fit(x, y, batch_size=16, epochs=2, verbose=0).history["loss"]
bad = [
    lambda: model.fit(x, y + 1, verbose=0),
    lambda: model.predict(x[..., :3, :], verbose=0),
    lambda: Sequential([Input((2, 2, 1)), Conv2D(1, 3)]),
    lambda: Dense(0),
    lambda: model.get_layer("dens"),
    lambda: Sequential().fit(x, y),
]
print(json.dumps({{
    "sha": hashlib.sha256(b"".join(w.tobytes() for w in model.get_weights())).hexdigest(),
    "loss": loss,
    "refused": [refused(use) for use in bad],
    "numba": "numba" in sys.modules,
}}))
"""


def report(*switches, **settings):
    return json.loads(run_code(REPORT, *switches, **settings))


@pytest.fixture(scope="module")
def usual():
    return report(PYTHONHASHSEED="2")


def test_misuse_is_refused_in_words(usual):
    assert all(usual["refused"])


def test_no_assert_hides_a_check_nothing_warns_and_the_order_of_sets_decides_nothing(usual):
    assert report("-O", "-W", "error", PYTHONHASHSEED="1") == usual


def test_without_numba_the_definitions_train_the_same(usual):
    plain = report(NUMBA_DISABLE_JIT="1")
    assert plain["numba"] is False
    assert plain["refused"] == usual["refused"]
    assert plain["loss"] == pytest.approx(usual["loss"], rel=1e-5)


@compiled_only
@pytest.mark.slow
def test_no_kernel_reads_out_of_bounds(usual, tmp_path):
    actual = report(NUMBA_BOUNDSCHECK="1", NUMBA_CACHE_DIR=str(tmp_path))
    assert actual["loss"] == pytest.approx(usual["loss"], rel=1e-6)


# --- threads and forks -------------------------------------------------------------------------------


def test_two_threads_predict_while_a_third_trains():
    """In a process of its own, because what must not happen is that the process dies."""
    code = f"""{TRAIN}
import threading
from tinycnn import ops

ops.set_num_threads(3)
sys.setswitchinterval(1e-5)
x = np.random.default_rng(0).normal(size=(600, 9, 9, 1))
y = np.arange(600) % 3
model, other = make(), make()
still = other.predict(x, verbose=0)
done, problems, rounds = threading.Event(), [], [0, 0]

def predict(which):
    try:
        while not done.is_set() or not rounds[which]:
            y_pred = model.predict(x, verbose=0)
            if not np.allclose(y_pred.sum(axis=1), 1, atol=1e-4):
                problems.append("no probabilities")
            if other.predict(x, verbose=0).tobytes() != still.tobytes():
                problems.append("another model's prediction changed")
            rounds[which] += 1
    except BaseException as error:
        problems.append(repr(error))

threads = [threading.Thread(target=predict, args=(which,)) for which in range(2)]
for thread in threads:
    thread.start()
model.fit(x, y, epochs=3, batch_size=200, verbose=0)
done.set()
for thread in threads:
    thread.join()

alone = make()
alone.fit(x, y, epochs=3, batch_size=200, verbose=0)
same = all(a.tobytes() == b.tobytes() for a, b in zip(model.get_weights(), alone.get_weights()))
print(json.dumps({{"problems": problems, "same": same, "rounds": min(rounds) > 0}}))
"""
    assert json.loads(run_code(code)) == {"problems": [], "same": True, "rounds": True}


def test_the_number_of_threads_may_change_while_others_compute():
    code = f"""{TRAIN}
import threading
from tinycnn import ops

ops.set_num_threads(3)
images, samples = np.ones((30, 40, 40, 12), np.float32), rng.normal(size=(300, 9, 9, 1))
model, done, problems = make(), threading.Event(), []

def compute():
    pooled, _ = ops.max_pool2d_forward(images, (2, 2), (2, 2), ((0, 0), (0, 0)))
    return pooled.tobytes(), model.predict(samples, verbose=0).tobytes()

def change():
    while not done.is_set():
        for count in (1, 2, 3):
            ops.set_num_threads(count)

wanted = compute()
sys.setswitchinterval(1e-6)
changer = threading.Thread(target=change)
changer.start()
try:
    for _ in range(60):
        if compute() != wanted:
            problems.append("other bits")
except BaseException as error:
    problems.append(repr(error))
done.set()
changer.join()
print(problems)
"""
    assert run_code(code).strip() == "[]"


def test_training_in_a_thread_outlives_the_main_program():
    code = f"""{TRAIN}
import threading
from tinycnn import ops

ops.set_num_threads(3)
model = make()
x, y = rng.normal(size=(600, 9, 9, 1)), np.arange(600) % 3
model.fit(x, y, verbose=0)

def learn():
    model.fit(x, y, epochs=10, verbose=0)
    print("learnt", flush=True)

threading.Thread(target=learn).start()
"""
    assert run_code(code) == "learnt\n"


@forks_only
def test_prediction_after_a_fork_in_parent_and_child():
    code = f"""{TRAIN}
import os, warnings
from tinycnn import ops

warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
ops.set_num_threads(3)
x = np.random.default_rng(0).normal(size=(8000, 9, 9, 1))
model = make()
before = model.predict(x, batch_size=8000, verbose=0).tobytes()
threads = [thread.name for thread in __import__("threading").enumerate()]
child = os.fork()
same = model.predict(x, batch_size=8000, verbose=0).tobytes() == before
if not child:
    os._exit(0 if same else 9)
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
print(json.dumps({{"parent": same, "child": code, "pool": any("tinycnn" in name for name in threads)}}))
"""
    actual = json.loads(run_code(code))
    assert actual == {"parent": True, "child": 0, "pool": ops.implementation() is not reference}
