"""Ctrl-C while a command still imports: one sentence and exit code 130, whatever it is importing."""

import os
import re
import sys

import pytest

from tests.support import patience
from tests.test_architecture import ROOT

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or not (ROOT / "scripts").exists(),
    reason="Windows has no SIGINT for one process; or installed without the repository",
)
ENDS = "\ninterrupted: nothing half-written was left behind\n"


def commands():
    """Return the arguments that start each command: every file that ends by `run`ning its main."""
    found = []
    for path in sorted(
        p
        for room in ("scripts", "benchmarks", "gui", "tinycnn")
        for p in (ROOT / room).rglob("*.py")
    ):
        if re.search(
            r"^    (cli\.)?run(_window)?\((main)?\)$",
            path.read_text(encoding="utf-8"),
            re.MULTILINE,
        ):
            name = path.relative_to(ROOT).as_posix()
            module = name.removesuffix(".py").removesuffix("/__main__").replace("/", ".")
            found.append([name] if name.startswith("scripts/") else ["-m", module])
    return found


ARGUMENTS = {"scripts/predict.py": ["digit.png"]}


@pytest.mark.parametrize("imported", ["argparse", "numpy"])
@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_an_interrupt_while_a_command_imports(tmp_path, command, imported):
    """Instead of a module there is one during whose import Ctrl-C is pressed; every command imports both."""
    if (command[-1], imported) == ("gui", "numpy"):
        pytest.skip("the window is there before NumPy is")
    code = (
        "import signal\nsignal.raise_signal(signal.SIGINT)\nraise ImportError('not interrupted')\n"
    )
    (tmp_path / f"{imported}.py").write_text(code)
    done = patience.run(
        [sys.executable, *command, *ARGUMENTS.get(command[0], [])],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])},
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", ENDS)


def test_the_commands_are_found():
    found = {" ".join(command) for command in commands()}
    assert len(found) > 12
    assert {"scripts/train.py", "-m benchmarks.ladder", "-m tinycnn.gradcheck", "-m gui"} <= found
