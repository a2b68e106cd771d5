"""Helper processes that compile a model's kernels: they do all or nothing of use, and no harm."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

from tests.support import patience
from tests.support.marks import compiled_only, posix_only
from tests.support.processes import ROOT, run_code
from tinycnn.layers import Dense, Input
from tinycnn.models import Sequential, ahead
from tinycnn.utils.compiling import before_compiling

# A step of a small net; `helpers` has the processes that were started, which are waited for at the end.
TRAIN = """
import json
import numpy as np
import tinycnn
from tinycnn.layers import Dropout, Input, ReLU
from tinycnn.models import Sequential, ahead

helpers, start = [], ahead._python
def watched():
    helpers.append(start())
    return helpers[-1]
ahead._python = watched

model = Sequential([Input((4,)), ReLU(), Dropout(0.5), ReLU()])
model.compile("sgd", "mse")
x = np.arange(-4, 4, dtype=np.float32).reshape(2, 4)
tinycnn.utils.set_random_seed(1)
"""
STEP = TRAIN + "loss = model.train_on_batch(x, np.zeros_like(x))\n"
DONE = "print(json.dumps([float(loss), [helper.wait() for helper in helpers]]))\n"
TWO = {"NUMBA_NUM_THREADS": "2"}


def step(folder, code=STEP + DONE, **settings):
    """Return [loss, [how each helper ended]] of a process that takes a step, with the cache in `folder`."""
    return json.loads(run_code(code, **{**TWO, "NUMBA_CACHE_DIR": str(folder), **settings}))


def entries(folder):
    return sorted(path.name for path in folder.rglob("*.nbc"))


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A cache that one process has filled alone, and the loss."""
    folder = tmp_path_factory.mktemp("filled")
    loss, helpers = step(folder, NUMBA_NUM_THREADS="1")
    assert helpers == []
    return folder, loss


@compiled_only
def test_a_helper_and_this_process_fill_the_cache_as_one_does(filled, tmp_path):
    folder, loss = filled
    assert step(tmp_path) == [loss, [0]]  # a helper with an error ends with another code
    assert set(entries(folder)) <= set(entries(tmp_path))
    assert not list(tmp_path.rglob("*.tmp*"))


@compiled_only
def test_with_a_full_cache_nothing_is_started(filled):
    folder, loss = filled
    assert step(folder) == [loss, []]


def test_without_kernels_nothing_is_started(tmp_path):
    _, helpers = step(tmp_path, NUMBA_DISABLE_JIT="1")
    assert helpers == []


@pytest.mark.slow
@compiled_only
def test_without_a_cache_nothing_is_started(filled, tmp_path):
    lost = "import os, numba.core.caching as c\nc._CacheLocator.ensure_cache_path = os.abort\n"
    refuse = "def refuse(self): raise OSError\nc._CacheLocator.ensure_cache_path = refuse\n"
    assert step(tmp_path, lost + refuse + STEP + DONE) == [filled[1], []]


@pytest.mark.slow
@compiled_only
def test_a_helper_that_is_killed(filled, tmp_path):
    kill = "ahead._python = lambda: (watched().kill(), helpers[-1])[1]\n"
    loss, (code,) = step(tmp_path, TRAIN + kill + STEP.removeprefix(TRAIN) + DONE)
    assert loss == filled[1]
    assert code != 0
    assert entries(tmp_path) == entries(filled[0])


@pytest.mark.slow
@compiled_only
def test_a_helper_that_cannot_be_started(filled, tmp_path):
    wrong = "import sys\nsys.executable = '/nowhere/python'\n"
    assert step(tmp_path, wrong + STEP + DONE) == [filled[1], []]


@pytest.mark.slow
@compiled_only
def test_a_layer_of_somebody_s_own_is_compiled_without_help(tmp_path):
    own = "class Own(ReLU): pass\nmodel = Sequential([Input((4,)), Own()])\nmodel.compile('sgd', 'mse')\n"
    loss, (code,) = step(tmp_path, TRAIN + own + STEP.removeprefix(TRAIN) + DONE)
    assert code != 0
    assert loss == pytest.approx((1 + 4 + 9) / 8)


def ended(pid):
    """Return whether a process is gone, or waits as a zombie for a parent that never looks."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    status = pathlib.Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z"


@posix_only
@compiled_only
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_helper_ends_with_the_process_that_started_it(how, tmp_path):
    """Also one that would work for ever."""
    hang = "ahead.COMMAND += 'import time; time.sleep(1e6)'\n"
    tell = "print(helpers[0].pid, flush=True)\ninput()\n"
    code = TRAIN + hang + STEP.removeprefix(TRAIN) + tell
    environment = {**os.environ, **TWO, "NUMBA_CACHE_DIR": str(tmp_path)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    command = [sys.executable, "-c", code]
    with patience.started(command, cwd=ROOT, env=environment, **pipes) as process:
        helper = int(process.stdout.readline())
        assert not ended(helper)
        process.send_signal(how)
        assert process.wait(patience.PATIENCE) != 0
        patience.until(lambda: ended(helper))


@pytest.fixture
def started(monkeypatch):
    """A list of the processes that `ahead.start` has started; they end when their standard input does."""
    processes, threads = [], threading.active_count()
    command = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    with contextlib.ExitStack() as stack:

        def start():
            process = patience.started(command, stdin=subprocess.PIPE, bufsize=0)
            processes.append(stack.enter_context(process))
            return processes[-1]

        monkeypatch.setattr(ahead, "_python", start)
        monkeypatch.setattr(ahead, "available_threads", lambda: 3)
        yield processes
    patience.until(lambda: threading.active_count() <= threads)


@pytest.fixture
def model():
    return Sequential([Input((4,)), Dense(3, activation="softmax")])


def needy(model, *arrays):
    """Do what needs a kernel that is not compiled, twice."""
    before_compiling.get()()
    before_compiling.get()()


def test_one_helper_for_each_other_cpu(started, model):
    ahead.compiled_ahead(needy)(model)
    assert len(started) == 2
    assert before_compiling.get() is None


def test_an_error_ends_the_helpers_and_leaves_no_zombies(started, model):
    def interrupted(model):
        needy(model)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ahead.compiled_ahead(interrupted)(model)
    for process in started:
        patience.until(lambda process=process: process.returncode is not None)
    assert before_compiling.get() is None


@pytest.mark.parametrize(
    ("name", "value"),
    [("executable", "/opt/blender"), ("executable", None), ("frozen", True)],
)
def test_a_program_of_its_own_is_not_started_again(name, value, started, model, monkeypatch):
    monkeypatch.setattr(sys, name, value, raising=False)
    ahead.compiled_ahead(needy)(model)
    assert started == []


def test_what_the_helper_is_told(started, model, monkeypatch):
    told = []
    monkeypatch.setattr(json, "dumps", lambda job: told.append(job) or "{}")
    model.compile("adam", "sparse_categorical_crossentropy")
    x, y, weights = np.ones((5, 4), np.float32), np.arange(5) % 3, np.ones(5)
    ahead.compiled_ahead(needy)(model, x, y, weights)
    assert told[0]["labels"] == [([0], y.dtype.str, 5), ([1.0], "<f8", 5)]
    assert told[0]["compiled"]["optimizer"]["class_name"] == "Adam"
    assert told[0]["path"] == sys.path


def test_nothing_is_started_without_need(started, model):
    ahead.compiled_ahead(lambda model: None)(model)
    assert started == []
