"""Waiting without a look at the clock: for the thing itself, and for hours before a test calls it hung."""

import contextlib
import os
import signal
import subprocess
import time

from tinycnn.utils.cli import ENDINGS

# Seconds until what never comes is given up. No machine that works is so slow; a test that hangs ends
# in the end, and says where. Shorter while a test is being written: TINYCNN_PATIENCE=30.
PATIENCE = float(os.environ.get("TINYCNN_PATIENCE", "3600"))


def _heed():
    """Take signals as usual: in the background a suite ignores Ctrl-C, and under nohup SIGHUP."""
    for one in ENDINGS:
        signal.signal(one, signal.SIG_DFL)


HEEDFUL = {} if os.name == "nt" else {"preexec_fn": _heed}


def run(command, **options):
    """Run a command to its end, heeding signals; return it with its output and errors, as text."""
    options = {"capture_output": True, "text": True, "timeout": PATIENCE, **HEEDFUL, **options}
    return subprocess.run(command, **options)


@contextlib.contextmanager
def started(command, **options):
    """Start a command; whatever happens, it has ended and its pipes are closed after the with block."""
    with subprocess.Popen(command, **HEEDFUL, **options) as process:
        try:
            yield process
        finally:
            process.kill()  # does nothing to one that has ended


def until(condition):
    """Look every few milliseconds until a condition holds; return what it returned."""
    end = time.monotonic() + PATIENCE
    while not (value := condition()):
        assert time.monotonic() < end, "it never came"
        time.sleep(0.005)
    return value
