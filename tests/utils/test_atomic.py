"""Files whole or not at all: what is kept of an old file, what is left by those who were killed."""

import os
import stat
import sys
import tempfile

import pytest

from tests.support import patience
from tests.support.marks import posix_only
from tests.support.savers import SAVERS
from tinycnn.utils import atomic
from tinycnn.utils.errors import FileError, PictureError

root_only = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may give files away"
)
NOBODY = 65534


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
