"""What is no model file, or none that can be read: missing, a folder, a link, a pipe, a failing disk."""

import errno
import os
from unittest import mock

import pytest

from tests.support import hostile_files
from tinycnn import saving
from tinycnn.models.files import weight_specs
from tinycnn.saving import hdf5
from tinycnn.saving.file_bytes import FileBytes
from tinycnn.utils.errors import ModelFileError


def test_a_missing_file(tmp_path):
    hostile_files.assert_refused(tmp_path / "none.h5", "there is no such file")


def test_a_folder(tmp_path):
    hostile_files.assert_refused(tmp_path, "folder|may not be read")  # the second: Windows


def test_a_name_with_a_nul():
    with pytest.raises(ModelFileError, match=r"^a\\x00b\.h5: no file can have that name"):
        saving.read_model("a\0b.h5", weight_specs)


@pytest.mark.skipif(os.name != "posix", reason="links need a privilege here")
def test_a_link_to_itself(tmp_path):
    (tmp_path / "x.h5").symlink_to(tmp_path / "x.h5")
    hostile_files.assert_refused(tmp_path / "x.h5", r"x\.h5: its links lead in a circle")


@pytest.mark.skipif(os.name != "posix", reason="Windows has other words for it")
def test_a_name_that_is_too_long(tmp_path):
    hostile_files.assert_refused(tmp_path / f"{'x' * 300}.h5", "its name is too long")


@pytest.mark.parametrize("code", [errno.EIO, errno.ESTALE])
def test_a_disk_that_fails_is_no_damaged_file(tmp_path, monkeypatch, code):
    path = tmp_path / "x.h5"
    hostile_files.good(path)
    fails = mock.Mock(side_effect=OSError(code, os.strerror(code)))
    monkeypatch.setattr(FileBytes, "read_into", fails)
    hostile_files.assert_refused(path, rf"x\.h5: it cannot be read \({os.strerror(code)}\)")


@pytest.mark.parametrize("mistake", [TypeError, AttributeError, LookupError, ZeroDivisionError])
def test_our_own_mistakes_are_not_called_damage(tmp_path, monkeypatch, mistake):
    path = tmp_path / "x.h5"
    hostile_files.good(path)
    monkeypatch.setattr(hdf5.HDF5File, "names", mock.Mock(side_effect=mistake("ours")))
    with pytest.raises(mistake, match="ours"):
        saving.read_model(path, weight_specs)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.h5")
    hostile_files.assert_refused(tmp_path / "pipe.h5", "no regular file")


@pytest.mark.skipif(os.name != "posix", reason="links need a privilege here")
def test_a_link_that_leads_nowhere(tmp_path):
    (tmp_path / "x.h5").symlink_to(tmp_path / "none.h5")
    hostile_files.assert_refused(tmp_path / "x.h5", "there is no such file")


@pytest.mark.skipif(
    os.name != "posix" or os.geteuid() == 0, reason="root, and Windows, may read anything"
)
def test_no_permission(tmp_path):
    hostile_files.good(tmp_path / "x.h5")
    (tmp_path / "x.h5").chmod(0)
    hostile_files.assert_refused(tmp_path / "x.h5", "may not be read")


def test_a_file_that_changes_while_it_is_read(tmp_path):
    path = tmp_path / "x.h5"
    hostile_files.good(path)

    def specs(config):
        with open(path, "ab") as file:
            file.write(b"more")
        return weight_specs(config)

    with pytest.raises(ModelFileError, match="it changed while it was read"):
        saving.read_model(path, specs)


def test_all_texts_together_are_capped(tmp_path, monkeypatch):
    path = tmp_path / "x.h5"
    hostile_files.good(path)
    monkeypatch.setattr(hdf5, "MOST_TEXT", 2000)
    hostile_files.assert_refused(path, "its texts take more than 2000 bytes")


def test_memory_that_is_too_small_is_said(tmp_path):
    path = tmp_path / "x.h5"
    hostile_files.good(path)

    def specs(config):
        raise MemoryError

    with pytest.raises(ModelFileError, match="the memory is too small"):
        saving.read_model(path, specs)


def test_more_parameters_than_the_file_has_room_for(tmp_path):
    path = tmp_path / "x.h5"
    hostile_files.good(path)

    def specs(config, count=10**6):
        return [
            (name, {"kernel": ((count,), "float32")} if spec else {})
            for name, spec in weight_specs(config)
        ]

    with pytest.raises(ModelFileError, match=r"its weights take 12000000 bytes, and it has only"):
        saving.read_model(path, specs)
    with pytest.raises(ModelFileError, match=r"3000000000 parameters, and 250000000 are the most"):
        saving.read_model(path, lambda config: specs(config, 10**9))
