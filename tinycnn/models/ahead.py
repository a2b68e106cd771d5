"""Kernels are compiled ahead: other processes compile what a model is about to need while this one begins.

The first step of a net takes long, because its kernels are compiled, and Numba compiles with one thread.

1. `train_step` and `run_predict` are decorated by `compiled_ahead`. While they run, the first kernel that is
   not in the cache calls `start`: where all are in it, nothing happens.
2. `start` runs a helper process for each other CPU, with a description of the model as its standard input.
3. A helper makes the same model and runs the same step with every kernel skipped. So it learns which are
   needed. It compiles them, the last one first: the process that trains comes from the other end.
4. Who compiles a function locks it (`ForgivingCache`). The others take another, or wait and load it.
5. A helper ends when it is done, or when its standard input does, with the process that started it.

Nothing hangs on the helpers: what they do not compile, this process does. Their side is `ahead_helper.py`.
"""

import contextlib
import functools
import json
import pathlib
import subprocess
import sys
import threading
from collections.abc import Callable

import numpy as np

from tinycnn.models.files import compiled_config
from tinycnn.utils.compiling import before_compiling
from tinycnn.utils.thread_count import available_threads

MOST_HELPERS = 3  # with four processes the largest kernel alone takes as long as all others
COMMAND = """
import json, sys
job = json.loads(sys.stdin.readline())
sys.path[:] = job["path"]
from tinycnn.models import ahead_helper
ahead_helper.help_with(job)
"""


def compiled_ahead(run: Callable) -> Callable:
    """Return `run` with helpers that compile at its side, if there is something to compile.

    Args:
        run: its first argument is the model. If arrays follow, they are x, y and perhaps weights, for a
            training step; else it predicts.
    """

    @functools.wraps(run)
    def run_with_helpers(model: object, *arguments: object, **named: object) -> object:
        helpers: list[subprocess.Popen] = []
        arrays = [a for a in (*arguments, *named.values()) if isinstance(a, np.ndarray)]
        token = before_compiling.set(functools.partial(start, helpers, model, arrays))
        try:
            return run(model, *arguments, **named)
        except BaseException:  # interrupted, too
            for helper in helpers:
                helper.stdin.close()
            raise
        finally:
            before_compiling.reset(token)

    return run_with_helpers


def start(helpers: list[subprocess.Popen], model: object, arrays: list[np.ndarray]) -> None:
    """Start processes that compile what the model needs, and append them to `helpers`, unless there are some.

    Args:
        helpers: empty, or those that were started before.
        model: built.
        arrays: of a training step, x, y and perhaps weights; none for a prediction.
    """
    # An own program (PyInstaller, an application with Python inside) would start itself once more.
    python = pathlib.Path(sys.executable or "").stem.lower().startswith("python")
    if helpers or not python or getattr(sys, "frozen", False):
        return
    with contextlib.suppress(Exception):  # no such process, a layer that has no description, ...
        line = json.dumps(describe(model, arrays)).encode() + b"\n"
        for _ in range(min(available_threads() - 1, MOST_HELPERS)):
            helpers.append(helper := _python())
            threading.Thread(target=_wait, args=(helper,), daemon=True).start()
            helper.stdin.write(line)


def describe(model: object, arrays: list[np.ndarray]) -> dict:
    """Return what a helper needs to know, in plain values; arguments as for `start`."""
    return {
        "path": sys.path,
        "model": model.get_config(),
        "compiled": compiled_config(model) if arrays else None,
        # The first label, too: zeros may be no labels.
        "labels": [(array[:1].tolist(), array.dtype.str, len(array)) for array in arrays[1:]],
    }


def _wait(helper: subprocess.Popen) -> None:
    """Hold the standard input of a helper open until it ends, so that no zombie and no pipe is left."""
    with helper:
        helper.wait()


def _python() -> subprocess.Popen:
    """Start Python with COMMAND and without any window."""
    return subprocess.Popen(
        [sys.executable, "-I", "-B", "-c", COMMAND],
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # Windows only
    )
