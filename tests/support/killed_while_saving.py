"""Runs a module as a command that is killed at a call of the system that saving makes.

    python -m tests.support.killed_while_saving PLACE MODULE [ARGUMENT ...]

PLACE counts those calls from 0; odd places are after a call, even ones before it.
"""

import os
import runpy
import signal
import sys

from tinycnn.utils import atomic

CALLS = ("fsync", "replace", "unlink", "remove")


class Killing:
    """Ends the process at the chosen moment."""

    def __init__(self, place):
        self.left = place
        for name in CALLS:
            setattr(atomic.os, name, self.wrapped(getattr(atomic.os, name)))

    def wrapped(self, function):
        def call(*arguments, **named):
            self.moment()
            result = function(*arguments, **named)
            self.moment()
            return result

        return call

    def moment(self):
        self.left -= 1
        if self.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    place, module = int(sys.argv[1]), sys.argv[2]
    sys.argv = sys.argv[2:]
    Killing(place)
    runpy.run_module(module, run_name="__main__", alter_sys=True)
