"""Code in a process of its own, with switches and settings of Python's and Numba's."""

import os
import pathlib
import sys

from tests.support import patience

ROOT = pathlib.Path(__file__).parents[2]


def run_code(code, *switches, folder=ROOT, remove=(), **settings):
    """Run code in a new process; return what it printed."""
    environment = {name: value for name, value in os.environ.items() if name not in remove}
    command = [sys.executable, *switches, "-c", code]
    done = patience.run(command, env={**environment, **settings}, cwd=folder)
    assert done.returncode == 0, f"ended with {done.returncode}: {done.stderr[-2000:]}"
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout
