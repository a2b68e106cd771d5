"""What surrounds the arithmetic: switches of Python and Numba, damaged caches, threads, forks.

Whatever happens there, a process ends with the right result or an error of our own, never by a signal.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from tests.support import patience
from tinycnn import ops
from tinycnn.ops import reference

ROOT = pathlib.Path(__file__).parent.parent
compiled_only = pytest.mark.skipif(
    ops.implementation() is reference, reason="without Numba there is nothing compiled"
)
forks_only = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")

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
# The smallest use of a compiled kernel, for what is about files and not about arithmetic.
RELU = """
import numpy as np
from tinycnn.ops.kernels.activations import relu_forward

y = relu_forward(np.arange(-3, 4, dtype=np.float32))
if y.tolist() != [0, 0, 0, 0, 1, 2, 3]:
    raise SystemExit(f"wrong numbers: {y}")
"""


def run(code, *switches, folder=ROOT, remove=(), **settings):
    """Run code in a new process; return what it printed."""
    environment = {name: value for name, value in os.environ.items() if name not in remove}
    command = [sys.executable, *switches, "-c", code]
    done = patience.run(command, env={**environment, **settings}, cwd=folder)
    assert done.returncode == 0, f"ended with {done.returncode}: {done.stderr[-2000:]}"
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout


def report(*switches, **settings):
    return json.loads(run(REPORT, *switches, **settings))


@pytest.fixture(scope="module")
def usual():
    return report()


def test_misuse_is_refused_in_words(usual):
    assert all(usual["refused"])


def test_no_assert_hides_a_check_and_nothing_warns(usual):
    assert report("-O", "-W", "error", PYTHONHASHSEED="1") == usual


def test_the_order_of_sets_decides_nothing(usual):
    assert report(PYTHONHASHSEED="2") == usual


def test_without_numba_the_definitions_train_the_same(usual):
    plain = report(NUMBA_DISABLE_JIT="1")
    assert plain["numba"] is False
    assert plain["refused"] == usual["refused"]
    assert plain["loss"] == pytest.approx(usual["loss"], rel=1e-5)


@compiled_only
@pytest.mark.slow
def test_no_kernel_reads_out_of_bounds(usual, tmp_path):
    found = report(NUMBA_BOUNDSCHECK="1", NUMBA_CACHE_DIR=str(tmp_path))
    assert found["loss"] == pytest.approx(usual["loss"], rel=1e-6)


@compiled_only
@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5", "1000000", "9" * 30])
def test_a_number_of_threads_that_is_none(value):
    code = """
import sys
from tinycnn import ops
sys.stderr = sys.stdout  # Numba has words of its own for such a number
for _ in range(2):
    try:
        ops.implementation()
    except ValueError as error:
        print(error)
"""
    message = f"NUMBA_NUM_THREADS must be a whole number from 1 to 1024. Received: {value!r}\n"
    assert run(code, NUMBA_NUM_THREADS=value).replace("'", "") == 2 * message.replace("'", "")


@pytest.mark.parametrize("count", [0, -1, 1025, 10**6, 2.0, True, None, "4"])
def test_a_silly_number_of_threads_is_refused(count):
    with pytest.raises(ValueError, match=f"from 1 to 1024. Received: {count!r}"):
        ops.set_num_threads(count)


# --- the disk cache ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def good_cache(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cache")
    run(RELU, NUMBA_CACHE_DIR=str(folder))
    assert list(folder.rglob("*.nbi"))
    assert list(folder.rglob("*.nbc"))
    return folder


# A child process for each damage: Numba is loaded once, by their parent.
DAMAGE = f"""
import os, pathlib, random, shutil, sys
import numba, numpy
from numba.core import caching

good, work = map(pathlib.Path, sys.argv[1:3])
kinds = sys.argv[3:]

def empty(content, rng):
    return b""

def cut(content, rng):
    return content[: rng.randrange(1, len(content))]

def text(content, rng):
    return b"not a pickle at all"

def zeros(content, rng):
    return bytes(len(content))

def flips(content, rng):
    changed = bytearray(content)
    for _ in range(20):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)

def machine(content, rng):  # spoil machine code and nothing round it: unpickling sees no damage
    return content[:120] + rng.randbytes(400) + content[520:]

def damaged_copy(kind, seed):
    change, ending = kind.split("-")
    folder = work / f"{{kind}}{{seed}}"
    shutil.copytree(good, folder)
    rng = random.Random(seed)
    for path in sorted(folder.rglob("*." + ending)):
        path.write_bytes(globals()[change](path.read_bytes(), rng))
    return folder

RELU = {RELU!r}
for kind in kinds:
    for seed in range(1 if kind[0] in "etz" else 4):
        folder = damaged_copy(kind, seed)
        child = os.fork()
        if not child:
            try:
                numba.config.CACHE_DIR = str(folder)
                exec(RELU, {{}})
            except BaseException as error:
                print(f"{{kind}} {{seed}}: {{type(error).__name__}}: {{error}}"[:300], flush=True)
                os._exit(1)
            os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code:
            print(f"{{kind}} {{seed}} ended with {{code}}", flush=True)
"""


@pytest.mark.slow
@compiled_only
@forks_only
@pytest.mark.parametrize("ending", ["nbi", "nbc"])
@pytest.mark.parametrize("changes", ["empty text zeros", "cut", "flips", "machine"])
def test_a_damaged_cache_costs_only_time(changes, ending, good_cache, tmp_path):
    kinds = [f"{change}-{ending}" for change in changes.split()]
    command = [sys.executable, "-c", DAMAGE, good_cache, tmp_path, *kinds]
    done = patience.run(command, cwd=ROOT)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr[-2000:]


@compiled_only
def test_a_damaged_cache_is_mended(good_cache, tmp_path):
    folder = tmp_path / "cache"
    shutil.copytree(good_cache, folder)
    for path in folder.rglob("*.nb?"):
        path.write_bytes(b"\x80")
    run(RELU, NUMBA_CACHE_DIR=str(folder))
    assert all(path.stat().st_size > 100 for path in folder.rglob("*.nb?"))


@compiled_only
def test_a_damaged_cache_that_cannot_be_mended(good_cache, tmp_path):
    folder = tmp_path / "cache"
    shutil.copytree(good_cache, folder)
    for path in folder.rglob("*.nbi"):
        path.write_bytes(path.read_bytes()[:-3])
    refuse = "import os\ndef refuse(*names): raise PermissionError(13, 'read-only')\nos.replace = refuse\n"
    run(refuse + RELU, NUMBA_CACHE_DIR=str(folder))


@compiled_only
def test_a_cache_folder_that_vanishes_after_the_import(tmp_path):
    folder = tmp_path / "cache"
    vanish = f"""
import pathlib, shutil
import tinycnn.ops.kernels.activations
shutil.rmtree({str(folder)!r})
pathlib.Path({str(folder)!r}).touch()
"""
    run(vanish + RELU, NUMBA_CACHE_DIR=str(folder))


@compiled_only
def test_no_folder_to_write_a_cache_into(tmp_path):
    """A read-only installation, no home: also where permissions do not bind (root), a file is no folder."""
    shutil.copytree(ROOT / "tinycnn", tmp_path / "tinycnn", ignore=lambda *_: {"__pycache__"})
    (tmp_path / "tinycnn/ops/kernels/__pycache__").touch()
    where = "import tinycnn; print(tinycnn.__file__)\n"
    settings = {
        "HOME": os.devnull,
        "NUMBA_CACHE_DIR": os.devnull + "/x",
        "XDG_CACHE_HOME": os.devnull,
        "PYTHONPATH": str(tmp_path),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    found = run(where + RELU, folder=tmp_path, **settings)
    assert found.strip() == str(tmp_path / "tinycnn/__init__.py")
    done = patience.run(
        [sys.executable, "-c", RELU],
        cwd=tmp_path,
        env={**os.environ, **settings, "NUMBA_DISABLE_JIT": "0"},
    )
    assert done.stderr.startswith("compiling kernels")


@compiled_only
def test_without_a_home():
    run(RELU, remove=("HOME", "USERPROFILE", "XDG_CACHE_HOME"))


@pytest.mark.slow
@compiled_only
def test_two_processes_that_compile_into_one_cache(tmp_path):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", RELU]
    pipes = {"stderr": subprocess.PIPE, "text": True, "env": environment, "cwd": ROOT}
    with patience.started(command, **pipes) as one, patience.started(command, **pipes) as other:
        for process in (one, other):
            _, errors = process.communicate(timeout=patience.PATIENCE)
            assert process.returncode == 0, errors
    assert not list(tmp_path.rglob("*.tmp*"))
    run(RELU, NUMBA_CACHE_DIR=str(tmp_path))


class Ended(BaseException):
    """The process is gone: nothing in it is done any more."""


@compiled_only
@pytest.mark.parametrize("older", ["source", "types"])
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("last", [1, 2])
def test_a_process_that_ends_between_two_cache_files_leaves_no_wrong_code(
    older, moment, last, tmp_path, monkeypatch
):
    from tinycnn.ops.kernels.codegen.jit import HashedFiles

    def files(source):
        return HashedFiles(str(tmp_path), "kernel", source)

    def end_at_the_last(*names, count=[0]):  # noqa: B006
        count[0] += 1
        if count[0] < last or moment == "after":
            replace(*names)
        if count[0] == last:
            raise Ended

    old, new = (("a", "x"), ("b", "x")) if older == "source" else (("a", "x"), ("a", "y"))
    files(old[0]).save(old[1], "old code")
    replace = os.replace
    monkeypatch.setattr(os, "replace", end_at_the_last)
    with pytest.raises(Ended):
        files(new[0]).save(new[1], "new code")
    monkeypatch.setattr(os, "replace", replace)
    assert files(new[0]).load(new[1]) in (None, "new code")
    assert files(old[0]).load(old[1]) in (None, "old code")
    files(new[0]).save(new[1], "new code")
    assert files(new[0]).load(new[1]) == "new code"


@compiled_only
def test_two_processes_that_save_other_types_at_once_leave_no_wrong_code(tmp_path, monkeypatch):
    from tinycnn.ops.kernels.codegen.jit import HashedFiles

    one, other = (HashedFiles(str(tmp_path), "kernel", "source") for _ in range(2))
    write = one._save_data

    def interrupted(name, data):  # the other saves when this one has decided on a name
        other.save("y", "code for y")
        write(name, data)

    monkeypatch.setattr(one, "_save_data", interrupted)
    one.save("x", "code for x")
    assert one.load("x") in (None, "code for x")
    assert one.load("y") in (None, "code for y")


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
    assert json.loads(run(code)) == {"problems": [], "same": True, "rounds": True}


def test_the_number_of_threads_may_change_while_kernels_run():
    code = """
import sys, threading
import numpy as np
from tinycnn import ops

sys.setswitchinterval(1e-6)
ops.set_num_threads(3)
x, done, problems = np.ones((30, 40, 40, 12), np.float32), threading.Event(), []

def change():
    while not done.is_set():
        for count in (2, 3):
            ops.set_num_threads(count)

changer = threading.Thread(target=change)
changer.start()
try:
    for _ in range(60):
        y, _ = ops.max_pool2d_forward(x, (2, 2), (2, 2), ((0, 0), (0, 0)))
except BaseException as error:
    problems.append(repr(error))
done.set()
changer.join()
print(problems)
"""
    assert run(code).strip() == "[]"


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
    found = json.loads(run(code))
    assert found == {"parent": True, "child": 0, "pool": ops.implementation() is not reference}


# --- NaN ---------------------------------------------------------------------------------------------


def test_a_nan_in_a_batch_shows_from_that_batch_on():
    code = f"""{TRAIN}
from tinycnn.callbacks import LambdaCallback

x[21, 4, 4, 0] = np.nan
losses = []
note = LambdaCallback(on_train_batch_end=lambda batch, logs: losses.append(logs["loss"]))
model = make()
history = model.fit(x, y, batch_size=8, shuffle=False, verbose=0, callbacks=[note]).history
print(json.dumps([np.isnan(losses).tolist(), bool(np.isnan(history["loss"][0]))]))
"""
    assert json.loads(run(code)) == [[False, False, True, True, True], True]
