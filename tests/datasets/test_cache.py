"""The folder of downloads: a file, locked, full or half-written, it ends in a sentence, and tidily."""

import errno
import os
import pathlib

import pytest

from tests.support.fake_server import (
    FakeServer,
    contents,
    known_files,
    packed_files,
)
from tests.support.patience import PATIENCE
from tinycnn.datasets.cache import cache_folder
from tinycnn.datasets.download import download
from tinycnn.utils.errors import DataFileError, DownloadError

FILES = known_files()
PACKED = packed_files()


def test_cache_path_that_is_a_file(tmp_path):
    path = tmp_path / "cache"
    path.write_text("mine")
    with pytest.raises(DataFileError, match="it is a file, not a folder") as caught:
        download(FILES, path, [])
    assert "TINYCNN_HOME" in caught.value.remedy
    assert path.read_text() == "mine"


def test_cache_below_a_file(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(DataFileError, match="cannot be the cache folder"):
        download(FILES, tmp_path / "file" / "cache", [])


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write")
def test_read_only_cache(tmp_path):
    tmp_path.chmod(0o500)
    with FakeServer() as mirror, pytest.raises(DataFileError, match="cannot be written") as caught:
        download(FILES, tmp_path, [mirror.url], PATIENCE)
    assert "TINYCNN_HOME" in caught.value.remedy


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_disk_fault_stops_at_once_with_a_remedy(code, tmp_path, monkeypatch):
    def fail(_descriptor):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    with (
        FakeServer() as first,
        FakeServer() as second,
        pytest.raises(DataFileError, match=os.strerror(code)) as caught,
    ):
        download(FILES, tmp_path, [first.url, second.url], PATIENCE)
    assert not isinstance(caught.value, DownloadError)
    assert "TINYCNN_HOME" in caught.value.remedy
    assert second.requested == []
    assert contents(tmp_path) == {}


def test_a_read_only_disk_refuses_to_remove_what_is_not_there(tmp_path, monkeypatch):
    def fail(self, *arguments, **options):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(self))

    monkeypatch.setattr(pathlib.Path, "unlink", fail)
    monkeypatch.setattr(os, "fsync", lambda _descriptor: fail(tmp_path))
    with FakeServer() as mirror, pytest.raises(DataFileError, match="cannot be written") as caught:
        download(FILES, tmp_path, [mirror.url], PATIENCE)
    assert "TINYCNN_HOME" in caught.value.remedy


def test_another_process_may_hold_the_file_on_windows(tmp_path, monkeypatch):
    def held(_source, _target):
        raise PermissionError(errno.EACCES, "in use by another process")

    for known in FILES:
        (tmp_path / known.name).write_bytes(PACKED[known.name])
    monkeypatch.setattr(os, "replace", held)
    with FakeServer() as mirror:
        download(FILES, tmp_path, [mirror.url], PATIENCE)
        assert contents(tmp_path) == PACKED
        (tmp_path / FILES[0].name).write_bytes(b"something else")
        with pytest.raises(DataFileError, match="in use by another process"):
            download(FILES, tmp_path, [mirror.url], PATIENCE)


def test_stale_temporary_files_are_swept_out(tmp_path):
    stale = tmp_path / f"{FILES[0].name}.0123456789abcdef.part"
    fresh = tmp_path / f"{FILES[0].name}.fedcba9876543210.part"
    strange = tmp_path / "thesis.part"
    for path in (stale, fresh, strange):
        path.write_bytes(b"half")
        if path != fresh:
            os.utime(path, (0, 0))
    with FakeServer() as mirror:
        download(FILES, tmp_path, [mirror.url], PATIENCE)
    assert {*contents(tmp_path)} == {*PACKED, fresh.name, strange.name}


def test_cache_is_where_the_variable_says(tmp_path, monkeypatch):
    monkeypatch.setenv("TINYCNN_HOME", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("TINYCNN_HOME", os.path.join("~", "digits"))
    assert cache_folder() == tmp_path / "digits"


@pytest.mark.parametrize("value", [None, ""])
def test_cache_is_where_the_system_keeps_caches(value, cache, monkeypatch):
    platformdirs = pytest.importorskip("platformdirs")
    monkeypatch.delenv("TINYCNN_HOME")
    if value is not None:
        monkeypatch.setenv("TINYCNN_HOME", value)
    assert cache_folder() == platformdirs.user_cache_path("tinycnn")
    assert cache_folder().is_absolute()
