"""Files whole or not at all, though processes die and others write: what is left, and who sweeps."""

import os
import signal
import subprocess
import sys
import threading
import time
import zlib

import numpy as np
import pytest

from tests.support import patience
from tests.support.marks import posix_only
from tests.support.savers import SAVERS, save_table
from tinycnn.utils import atomic
from tinycnn.utils.errors import FileError

WRITER = """
import signal, sys
from PIL import Image
from tinycnn.utils import cli, plots

class Slow(Image.Image):
    def save(self, file, kind):
        file.write(b"half")
        file.flush()
        print("writing", flush=True)
        sys.stdin.readline()
        file.write(b" and half")

signal.signal(signal.SIGINT, signal.default_int_handler)  # a suite in the background ignores it
cli.run(lambda: plots.save_picture(Slow(), sys.argv[1]))
"""


@pytest.fixture
def writing(tmp_path):
    """A process in the middle of writing a picture; a line to its stdin lets it go on."""
    command = [sys.executable, "-c", WRITER, str(tmp_path / "a.png")]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with patience.started(command, **pipes, text=True) as process:
        assert process.stdout.readline() == "writing\n"
        yield process
        process.kill()


@posix_only
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_signals_end_tidily(writing, tmp_path, name):
    number = getattr(signal, name)
    assert len(list(tmp_path.iterdir())) == 1
    writing.send_signal(number)
    _, errors = writing.communicate()
    assert writing.returncode == 128 + number
    assert "nothing half-written was left behind" in errors
    assert ("interrupted" if name == "SIGINT" else name) in errors
    assert "Traceback" not in errors
    assert list(tmp_path.iterdir()) == []


@posix_only
def test_who_is_not_to_hear_of_a_hangup_does_not(tmp_path):
    """As nohup starts a program."""
    first = f"import signal\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\n{WRITER}"
    command = [sys.executable, "-c", first, str(tmp_path / "a.png")]
    pipes = dict.fromkeys(("stdin", "stdout"), subprocess.PIPE)
    with patience.started(command, **pipes, text=True) as process:
        assert process.stdout.readline() == "writing\n"
        process.send_signal(signal.SIGHUP)
        process.communicate("\n")
    assert process.returncode == 0
    assert (tmp_path / "a.png").read_text() == "half and half"


@posix_only
@SAVERS
def test_the_next_save_sweeps_what_a_killed_process_left(save, name, writing, tmp_path):
    writing.kill()
    writing.communicate()
    assert len(list(tmp_path.iterdir())) == 1
    save(tmp_path / name)
    assert os.listdir(tmp_path) == [name]


@posix_only
def test_a_check_sweeps_too(writing, tmp_path):
    writing.kill()
    writing.communicate()
    atomic.check(tmp_path / "a.csv")
    assert os.listdir(tmp_path) == []


@posix_only
def test_what_another_process_is_writing_stays(writing, tmp_path):
    (part,) = tmp_path.iterdir()
    os.utime(part, (0, 0))  # its age says nothing while it is locked
    save_table(tmp_path / "b.csv")
    assert part.exists()
    writing.communicate("\n")
    assert writing.returncode == 0
    assert (tmp_path / "a.png").read_text() == "half and half"
    assert sorted(os.listdir(tmp_path)) == ["a.png", "b.csv"]


def test_what_another_thread_is_writing_stays(tmp_path):
    with atomic.replacing(tmp_path / "a") as file:
        file.write(b"mine")
        other = threading.Thread(target=save_table, args=(tmp_path / "b.csv",))
        other.start()
        other.join()
    assert (tmp_path / "a").read_bytes() == b"mine"
    assert sorted(os.listdir(tmp_path)) == ["a", "b.csv"]


def test_many_threads_write_one_file(tmp_path):
    path, problems = tmp_path / "a", []

    def write(letter):
        try:
            for _ in range(20):
                with atomic.replacing(path) as file:
                    file.write(letter * 1000)
        except FileError as error:
            problems.append(error)

    threads = [threading.Thread(target=write, args=(letter,)) for letter in (b"a", b"b", b"c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert len(np.unique(np.frombuffer(path.read_bytes(), np.uint8))) == 1
    assert os.listdir(tmp_path) == ["a"]


def test_parts_of_another_machine_stay_for_an_hour(tmp_path):
    young = tmp_path / f".tinycnn-{zlib.crc32(b'another'):08x}-0123abcd-1-89abcdef.part"
    old, strange = tmp_path / ".tinycnn-0123456789ab.part", tmp_path / "thesis.part"
    for path in (young, old, strange):
        path.touch()
    for path in (old, strange):
        os.utime(path, (time.time() - 4000,) * 2)
    atomic.sweep(tmp_path)
    assert {*tmp_path.iterdir()} == {young, strange}


@posix_only
def test_swept_between_making_and_locking(tmp_path, monkeypatch):
    real, swept = atomic.fcntl.flock, []

    def lock(file, how):
        if not swept:
            swept.append(file.name)
            os.unlink(file.name)
        real(file, how)

    monkeypatch.setattr(atomic.fcntl, "flock", lock)
    with atomic.replacing(tmp_path / "a") as file:
        file.write(b"whole")
    assert len(swept) == 1
    assert (tmp_path / "a").read_bytes() == b"whole"


@posix_only
def test_a_folder_without_locks_keeps_young_parts(tmp_path, monkeypatch):
    def lock(file, how):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(atomic.fcntl, "flock", lock)
    young, old = (tmp_path / f".tinycnn-{atomic._MACHINE}-0-1-{n}.part" for n in range(2))
    young.touch()
    old.touch()
    os.utime(old, (time.time() - 4000,) * 2)
    save_table(tmp_path / "a.csv")
    assert {*tmp_path.iterdir()} == {young, tmp_path / "a.csv"}
