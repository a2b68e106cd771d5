"""Files whole or not at all: what is kept of an old file, what is left by those who were killed."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
import zlib

import numpy as np
import pytest
from PIL import Image

from tests.support import patience
from tinycnn.callbacks import CSVLogger
from tinycnn.layers import Dense, Input
from tinycnn.models.sequential import Sequential
from tinycnn.utils import atomic, plots
from tinycnn.utils.errors import FileError, PictureError

posix_only = pytest.mark.skipif(os.name != "posix", reason="Windows has no such files or signals")
root_only = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may give files away"
)
NOBODY = 65534


def save_model(path):
    Sequential([Input((4,)), Dense(3)]).save(path)


def save_picture(path):
    plots.save_picture(Image.new("L", (5, 4), 7), path)


def save_table(path):
    logger = CSVLogger(path)
    logger.on_train_begin()
    logger.on_epoch_end(0, {"loss": 0.5})


SAVERS = pytest.mark.parametrize(
    ("save", "name"),
    [(save_model, "a.h5"), (save_picture, "a.png"), (save_table, "a.csv")],
    ids=["model", "picture", "table"],
)


@pytest.fixture
def old(tmp_path, name):
    path = tmp_path / name
    path.write_text("epoch\n")
    return path


@posix_only
@SAVERS
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_permissions_are_kept(save, old, mode):
    old.chmod(mode)
    save(old)
    assert stat.S_IMODE(old.stat().st_mode) == mode
    assert old.stat().st_size > 10


@root_only
@SAVERS
def test_the_owner_is_kept(save, old):
    os.chown(old, NOBODY, NOBODY - 1)
    save(old)
    assert (old.stat().st_uid, old.stat().st_gid) == (NOBODY, NOBODY - 1)
    assert old.stat().st_size > 10


@posix_only
@SAVERS
def test_a_link_stays_a_link(save, old, tmp_path):
    link = tmp_path / f"link{old.suffix}"
    link.symlink_to(old)
    save(link)
    assert link.is_symlink()
    assert old.stat().st_size > 10
    assert len(list(tmp_path.iterdir())) == 2


@SAVERS
def test_the_new_file_takes_the_name_and_not_the_place(save, old, tmp_path):
    """So whoever holds the old file holds it whole, at every moment."""
    other = tmp_path / "held"
    os.link(old, other)
    save(old)
    assert other.read_text() == "epoch\n"
    assert old.stat().st_size > 10


@posix_only
def test_what_is_being_written_is_no_more_open_than_the_old_file(tmp_path):
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o600)
    with atomic.replacing(path) as file:
        assert stat.S_IMODE(os.stat(file.name).st_mode) == 0o600


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@SAVERS
def test_a_failure_leaves_the_old_file_and_no_other(save, old, monkeypatch, call, failure):
    def fail(*arguments):
        raise failure

    monkeypatch.setattr(os, call, fail)
    with pytest.raises((FileError, KeyboardInterrupt), match=r"No space left|^$"):
        save(old)
    assert [(path.name, path.read_text()) for path in old.parent.iterdir()] == [
        (old.name, "epoch\n")
    ]


@posix_only
@SAVERS
def test_a_full_disk_is_a_sentence(save, name, tmp_path):
    import resource

    path = tmp_path / name
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5, hard))
    try:
        with pytest.raises(FileError, match="File too large") as caught:
            save(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.path == str(path)
    assert list(tmp_path.iterdir()) == []


def test_interrupted_while_it_tidies_up(tmp_path, monkeypatch):
    real, interrupts = os.unlink, [KeyboardInterrupt()]

    def unlink(part):
        if interrupts:
            raise interrupts.pop()
        real(part)

    monkeypatch.setattr(os, "unlink", unlink)
    with pytest.raises(KeyboardInterrupt):
        atomic.check(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


# --- what is tried before long work ---------------------------------------------------------------


@pytest.mark.parametrize("name", ["missing/a", "x" * 300, "folder", "file/a", "read-only", "a\0b"])
def test_where_nothing_can_be_written(tmp_path, name):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "read-only").touch()
    (tmp_path / "read-only").chmod(0o444)
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(PictureError) as caught:
        atomic.check(tmp_path / name, PictureError)
    assert caught.value.remedy
    with pytest.raises(PictureError), atomic.replacing(tmp_path / name, PictureError):
        raise AssertionError("it was opened")
    assert sorted(os.listdir(tmp_path)) == before


LOCKED = """
import os, sys
from tinycnn.utils import atomic, plots
from tinycnn.utils.errors import FileError
if os.geteuid() == 0:  # for whom nothing is locked
    os.setuid(65534)
try:
    atomic.check(sys.argv[1])
except FileError as error:
    print(error)
"""


@posix_only
def test_a_locked_folder_is_noticed():
    with tempfile.TemporaryDirectory() as folder:  # unlike pytest's, in a folder open to all
        os.chmod(folder, 0o555)
        path = os.path.join(folder, "a.csv")
        command = [sys.executable, "-c", LOCKED, path]
        done = patience.run(command, check=True)
    assert done.stdout.startswith(f"{path}: it cannot be written (Permission denied). Choose ")


def test_trying_changes_and_leaves_nothing(tmp_path):
    path = tmp_path / "a.csv"
    atomic.check(path)
    assert list(tmp_path.iterdir()) == []
    path.write_text("mine")
    atomic.check(path)
    assert path.read_text() == "mine"
    with pytest.raises(FileError, match="there already"):
        atomic.check(path, overwrite=False)
    assert os.listdir(tmp_path) == ["a.csv"]


def test_what_cannot_be_saved_there_is_saved_somewhere(tmp_path):
    tried = []

    def save(name):
        tried.append(name)
        if len(tried) < 3:
            raise FileError(name, "it cannot be written")

    with pytest.warns(UserWarning, match="It is kept as"):
        kept = atomic.save_somewhere(save, tmp_path / "a.h5")
    assert tried[0] == str(tmp_path / "a.h5")
    assert os.path.dirname(tried[1]) == str(tmp_path)
    assert tried[2] == kept
    assert len({os.path.basename(name) for name in tried}) == 2
    assert kept.endswith(".h5")


def test_what_can_be_saved_nowhere_says_so(tmp_path):
    def save(name):
        raise FileError(name, "it cannot be written")

    with pytest.raises(FileError, match=r"a\.h5: it cannot"):
        atomic.save_somewhere(save, tmp_path / "a.h5")


def test_a_folder_to_be_in_is_not_needed_to_find_another_name(tmp_path, monkeypatch):
    def removed():
        raise FileNotFoundError(2, "No such file or directory")

    with monkeypatch.context() as patched:
        patched.setattr(os, "getcwd", removed)
        patched.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
        folders = [os.path.dirname(name) for name in atomic.other_names("far/mnist.h5")]
    assert folders == ["far", str(tmp_path)]


# --- processes that are ended, and what they leave ------------------------------------------------

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


def test_as_on_windows(tmp_path, monkeypatch):
    """No locks; renamed after it is closed; again and again while another program reads the old file."""
    real, refusals, handles = os.replace, [PermissionError(13, "in use")] * 3, []

    def replace(part, target):
        assert handles[0].closed
        if refusals:
            raise refusals.pop()
        real(part, target)

    monkeypatch.setattr(atomic, "fcntl", None)
    monkeypatch.setattr(os, "replace", replace)
    monkeypatch.setattr(os, "kill", lambda *_: pytest.fail("os.kill ends a process on Windows"))
    young = tmp_path / f".tinycnn-{atomic._MACHINE}-0-1-0.part"
    young.touch()
    with atomic.replacing(tmp_path / "a") as file:
        handles.append(file)
        file.write(b"whole")
    assert refusals == []
    assert (tmp_path / "a").read_bytes() == b"whole"
    assert young.exists()
