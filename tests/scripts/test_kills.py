"""Some of `python -m tests.stress.kills`: the four signals, at any moment and while saving."""

import os
import pathlib
import sys

import pytest

from tests.support import patience


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="Windows has neither forks nor these signals")
def test_killed_trainings_leave_old_or_whole_files_and_nothing_else():
    command = [sys.executable, "-m", "tests.stress.kills", "--count", "16"]
    root = pathlib.Path(__file__).parents[2]
    done = patience.run(command, cwd=root)
    assert done.stdout.endswith("16 kills, 0 problems\n"), done.stdout + done.stderr
    assert done.returncode == 0
    assert "SIGKILL while saving" in done.stdout
