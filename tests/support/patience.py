"""Waiting without a look at the clock: for the thing itself, and for hours before a test calls it hung."""

import contextlib
import functools
import os
import signal
import subprocess

# Seconds until what never comes is given up. No machine that works is so slow; a test that hangs ends
# in the end, and says where. Shorter while a test is being written: TINYCNN_PATIENCE=30.
PATIENCE = float(os.environ.get("TINYCNN_PATIENCE", "3600"))

# A suite that runs in the background was told to ignore Ctrl-C, and would hand that on.
HEEDFUL = {"preexec_fn": functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)}
if os.name == "nt":
    HEEDFUL = {}


def run(command, **options):
    """Run a command to its end; return it with its output and errors, as text."""
    options = {"capture_output": True, "text": True, "timeout": PATIENCE, **options}
    return subprocess.run(command, **options)


@contextlib.contextmanager
def started(command, **options):
    """Start a command; whatever happens, it has ended and its pipes are closed after the with block."""
    with subprocess.Popen(command, **HEEDFUL, **options) as process:
        try:
            yield process
        finally:
            process.kill()  # does nothing to one that has ended
