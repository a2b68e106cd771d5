"""What is no model file, or none that can be read: missing, a folder, a link, a pipe, a failing disk."""

import errno
import os
from unittest import mock

import h5py
import numpy as np
import pytest

from tests.support import hostile_files
from tests.support import model_examples as examples
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


def test_all_texts_together_are_capped(tmp_path, monkeypatch):
    path = tmp_path / "x.h5"
    hostile_files.good(path)
    monkeypatch.setattr(hdf5, "MOST_TEXT", 2000)
    hostile_files.assert_refused(path, "its texts take more than 2000 bytes")


def test_numbers_in_the_other_byte_order_are_the_same_numbers(tmp_path):
    path = tmp_path / "x.h5"
    big_endian = np.arange(48, dtype=">f4").reshape(12, 4)
    hostile_files.stored(hostile_files.KERNEL, data=big_endian)(path)
    read = saving.read_model(path, weight_specs).weights[6][0]
    assert read.dtype == np.dtype(np.float32)
    np.testing.assert_array_equal(read, big_endian)


def test_names_in_parts_are_joined(tmp_path):
    path = tmp_path / "x.h5"
    hostile_files.good(path)
    with h5py.File(path, "r+") as file:
        attributes = file["model_weights"].attrs
        names = attributes["layer_names"]
        del attributes["layer_names"]
        attributes["layer_names0"], attributes["layer_names1"] = names[:4], names[4:]
    read = saving.read_model(path, weight_specs)
    np.testing.assert_array_equal(read.weights[6][0], examples.weights_of_every_layer()[6][0])


def test_numbers_and_names_must_be_as_they_are_promised(tmp_path):
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file["a/b"] = np.ones((2, 3), np.float32)
        file["a"].attrs["once"], file["a"].attrs["twice"] = [b"b", b"c"], [b"b", b"b"]
    with hdf5.open_file(path) as file:
        assert file.array("a/b", (2, 3), ("float32",)).tolist() == [[1] * 3] * 2
        assert file.names("a", "once") == ["b", "c"]
    for use, words in (
        (lambda file: file.names("a", "twice"), "names something twice"),
        (lambda file: file.names("a", "none"), "has no attribute none"),
        (lambda file: file.array("a/b", (3, 2), ("float32",)), r"has the shape \(2, 3\)"),
        (lambda file: file.array("a/b", (2, 3), ("float64",)), "has the type float32"),
        (lambda file: file.array("a/c", (), ("float32",)), "'a/c' is missing"),
        (lambda file: file.array("a/../b", (), ("float32",)), "is no path in a model file"),
    ):
        with pytest.raises(ModelFileError, match=words), hdf5.open_file(path) as file:
            use(file)
