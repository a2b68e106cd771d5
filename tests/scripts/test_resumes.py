"""Some of `python -m tests.stress.resumes`: trainings that are killed go on to the same bytes."""

import os
import pathlib
import sys

import pytest

from tests.support import patience


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGKILL")
def test_killed_trainings_come_to_the_bytes_of_an_undisturbed_one():
    words = ["-m", "tests.stress.resumes", "--count", "8", "--threads", "1", "2"]
    done = patience.run([sys.executable, *words], cwd=pathlib.Path(__file__).parents[2])
    assert done.returncode == 0, done.stdout + done.stderr
    assert ", 0 problems\n" in done.stdout
