"""Processes of their own: for what happens once in a process, and for settings that hold for all of one."""

import json
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).parents[1]
LIMIT = 3600  # seconds; nothing here takes a hundredth of it


class Failed(Exception):
    """A process did not do what it was started for; says why in a line."""


def start(arguments, environment):
    """Start Python from the root of the project."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def run(arguments, environment):
    """Run Python; return what it printed last, read as JSON, and the seconds from start to that line."""
    begin = time.time()  # a clock that both processes read
    with start(arguments, environment) as process:
        try:
            output, complaints = process.communicate(timeout=LIMIT)
        except BaseException:
            process.kill()
            raise
    lines = output.splitlines()
    if process.returncode or not lines:
        last = (complaints.strip().splitlines() or [f"exit code {process.returncode}"])[-1]
        raise Failed(last)
    answer = json.loads(lines[-1])
    if isinstance(answer, dict) and "end" in answer:
        answer["seconds"] = answer["end"] - begin
    return answer


def probe(*arguments, environment):
    """Run `benchmarks.probe`."""
    return run(["-m", "benchmarks.probe", *map(str, arguments)], environment)


def import_seconds(modules, environment):
    """Return how long a new process takes to import some modules, the start of Python not included."""
    lines = "\n".join(f"import {name}" for name in modules)
    code = f"import time\nstart = time.perf_counter()\n{lines}\nprint(time.perf_counter() - start)"
    return run(["-c", code], environment)
