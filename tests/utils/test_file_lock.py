"""A lock between processes: one holds it, and it ends with that one, also if it is killed."""

import errno
import subprocess
import sys

import pytest

from tests.support import patience
from tests.support.marks import posix_only
from tests.support.processes import ROOT
from tinycnn.utils import file_lock

HOLD = """
import sys
from tinycnn.utils.file_lock import lock
file = lock(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "lock")


@pytest.fixture
def holder(path):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with patience.started([sys.executable, "-c", HOLD, path], cwd=ROOT, **pipes) as process:
        assert process.stdout.readline() == "held\n"
        yield process


def test_another_process_holds_it(path, holder):
    assert file_lock.lock(path) is None


def test_it_is_waited_for(path, holder):
    holder.stdin.close()  # it ends then, by and by
    with file_lock.lock(path, patience.PATIENCE) as file:
        assert file


def test_it_ends_with_a_process_that_is_killed(path, holder):
    holder.kill()
    holder.wait()
    with file_lock.lock(path) as file:
        assert file


def test_it_ends_when_the_file_is_closed(path):
    file_lock.lock(path).close()
    with file_lock.lock(path) as file:
        assert file


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(OSError, match="nowhere"):
        file_lock.lock(str(tmp_path / "nowhere" / "lock"))


@posix_only
def test_without_locks_it_counts_as_locked(path, monkeypatch):
    def refuse(*arguments):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(file_lock.fcntl, "flock", refuse)
    with file_lock.lock(path) as file:
        assert file
