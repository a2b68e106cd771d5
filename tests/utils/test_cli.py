"""Running a command: an interrupt that something swallowed is said again."""

import signal
import subprocess
import sys

import pytest

from tests.support.patience import PATIENCE, started


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
