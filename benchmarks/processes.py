"""Starting new Python processes, for what happens once in a process (import, compilation, threads)."""

import json
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).parents[1]
LIMIT = 3600  # seconds; a hundred times as long as anything takes


class Failed(Exception):
    """A process ended with an error; the text is the last line that it printed about it."""


def start(arguments, environment):
    """Return a new Python process (`subprocess.Popen`), started in the root of the project.

    Args:
        arguments: of the command `python`.
        environment: variables to add to those of this process.
    """
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
    """Run Python; return the last line that it printed, parsed as JSON.

    If that is a dict with "end", a time of day, "seconds" is added: from the start of the process to it.

    Args:
        arguments, environment: see `start`.

    Raises:
        Failed: if the process fails or prints nothing.
    """
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
    """Run `python -m benchmarks.probe` with these arguments; return its answer: see `run`."""
    return run(["-m", "benchmarks.probe", *map(str, arguments)], environment)


def import_seconds(modules, environment):
    """Return the seconds that a new process takes to import these modules, without the start of Python."""
    lines = "\n".join(f"import {name}" for name in modules)
    code = f"import time\nstart = time.perf_counter()\n{lines}\nprint(time.perf_counter() - start)"
    return run(["-c", code], environment)
