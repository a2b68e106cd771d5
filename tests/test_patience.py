"""No test looks at the clock: read from the source, and tried on a process that would never end."""

import ast
import contextlib
import pathlib
import subprocess
import sys

import pytest

from tests.support.patience import run, started

TESTS = pathlib.Path(__file__).parent
# One waits by the clock, still; another so that nobody else has to; the last one sleeps for no time, which
# is how a thread lets others have their turn.
ELSEWHERE = {"ops/kernels/parallel/test_thread_pool.py", "support/patience.py", "support/ranks.py"}
WAITS = ("wait", "join", "sleep", "acquire", "communicate", "result")
CLOCKS = ("sleep", "monotonic", "perf_counter", "process_time", "thread_time")


def limits(text):
    """Return the lines of a file that wait for a number of seconds, or read a clock."""
    lines = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute) and node.attr in CLOCKS:
            lines.append(node.lineno)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            given = node.args[-1:] if node.func.attr in WAITS else []
            given = [*given, *(k.value for k in node.keywords if k.arg == "timeout")]
            lines += [n.lineno for n in given if isinstance(n, ast.Constant) and is_number(n.value)]
        if isinstance(node, ast.Dict):
            lines += [
                value.lineno
                for key, value in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant)
                and key.value == "timeout"
                and isinstance(value, ast.Constant)
            ]
    return lines


def is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def processes(text):
    """Return the lines of a file that start a process which nobody is sure to end."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "subprocess"
        and node.attr in ("run", "Popen", "check_output", "call")
    ]


def sources():
    paths = [path for path in TESTS.rglob("*.py") if "stress" not in path.parts]
    return {path.relative_to(TESTS).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def test_no_test_waits_for_a_number_of_seconds():
    by_file = {name: limits(text) for name, text in sources().items() if name not in ELSEWHERE}
    assert {name: lines for name, lines in by_file.items() if lines} == {}


def test_every_process_of_the_tests_is_ended():
    own = {"support/patience.py", "support/xvfb.py"}  # these see to it
    by_file = {name: processes(text) for name, text in sources().items() if name not in own}
    assert {name: lines for name, lines in by_file.items() if lines} == {}


@pytest.mark.parametrize(
    "line",
    [
        "run(x).communicate(timeout=30)",
        "event.wait(60)",
        "thread.join(0.5)",
        "time.sleep(1)",
        "end = time.monotonic() + 1",
        "options = {'timeout': 500}",
        "subprocess.run(command, timeout=300)",
    ],
)
def test_a_planted_limit_is_found(line):
    assert limits(line)
    assert limits("event.wait()\nthread.join(0)\n', '.join(names)\nevent.wait(PATIENCE)") == []


def test_a_planted_process_is_found():
    assert processes("subprocess.run(command)\nsubprocess.Popen(command)") == [1, 2]


def test_a_process_that_never_ends_is_ended_and_its_pipes_are_closed():
    command = [sys.executable, "-c", "print('here', flush=True); input()"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with contextlib.suppress(ZeroDivisionError), started(command, text=True, **pipes) as process:
        assert process.stdout.readline() == "here\n"
        raise ZeroDivisionError
    assert process.returncode
    assert process.stdin.closed
    assert process.stdout.closed


def test_a_command_that_ends_is_returned_with_what_it_said():
    done = run(
        [sys.executable, "-c", "import sys; print(1); print(2, file=sys.stderr); sys.exit(3)"]
    )
    assert (done.stdout, done.stderr, done.returncode) == ("1\n", "2\n", 3)
