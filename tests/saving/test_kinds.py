"""Which files hold models, by their names; and what others are called."""

import zipfile

import numpy as np
import pytest

from tinycnn.models import load_model
from tinycnn.saving import kinds
from tinycnn.utils.errors import FileError, ModelFileError


@pytest.mark.parametrize("name", ["a.keras", "a.h5", "A.H5", "b.hdf5", "weights.h5"])
def test_models_are_kept_in_files_of_these_endings(name):
    assert kinds.check_suffix(name) is None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a.weights.h5", "hold weights alone.*save_weights"),
        ("a.onnx", r"kept in \.keras, \.h5 and \.hdf5"),
        ("keras", "kept in"),
    ],
)
def test_other_endings_are_refused(name, words):
    with pytest.raises(FileError, match=words) as caught:
        kinds.check_suffix(name, error=FileError)
    assert type(caught.value) is FileError
    with pytest.raises(ModelFileError):
        kinds.check_suffix(name)


def test_weights_are_kept_in_hdf5_files():
    for name in ("a.weights.h5", "a.h5", "a.hdf5"):
        kinds.check_suffix(name, weights_only=True)
    with pytest.raises(ModelFileError, match=r"kept in \.weights\.h5 and \.h5"):
        kinds.check_suffix("a.keras", weights_only=True)


FILES = {
    "": "it is empty",
    "version https://git-lfs.github.com/spec/v1\noid sha256:0": "pointer to it, of Git LFS",
    "<!DOCTYPE html><html>": "a web page",
    '{"class_name": "Sequential"}': "configuration without weights",
    "\x1f\x8b\x08\x00": "packed by gzip",
    "\x1c\x00\x00\x00TFL3": "a TensorFlow Lite model",
    "\x80\x02}q\x00": "perhaps of PyTorch",
    "\x80\x04K\x01.": "a pickled Python object",
    "\x93NUMPY\x01\x00": "an array of NumPy",
    "keras keras": "it begins with b'keras ke'",
}


@pytest.mark.parametrize("content", sorted(FILES))
def test_a_file_of_another_kind_is_called_what_it_is(content, tmp_path):
    path = tmp_path / "model.keras"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(ModelFileError) as caught:
        load_model(path)
    assert FILES[content] in caught.value.cause
    assert caught.value.remedy


def test_zips_of_numpy_and_pytorch_are_called_so(tmp_path):
    np.savez(tmp_path / "a.npz", weights=np.zeros(3))
    with pytest.raises(ModelFileError, match="an archive of NumPy"):
        load_model(tmp_path / "a.npz")
    with zipfile.ZipFile(tmp_path / "a.pt", "w") as archive:
        archive.writestr("archive/data.pkl", b"")
    with pytest.raises(ModelFileError, match="a file of PyTorch"):
        load_model(tmp_path / "a.pt")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("saved_model.pb", "a SavedModel folder of TensorFlow"),
        ("config.json", "folder of an unpacked"),
        ("other", "it is a folder"),
    ],
)
def test_folders_are_called_what_they_are(name, words, tmp_path):
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(ModelFileError, match=words):
        load_model(tmp_path)
