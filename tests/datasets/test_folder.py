"""A folder with four files: which files are meant, whether they can be read, and what is said if not."""

import gzip
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from tests.support import patience
from tests.support.fake_server import TEST_COUNT, TRAIN_COUNT, digits, idx, packed_files, raw_files
from tinycnn import datasets
from tinycnn.datasets import mnist
from tinycnn.datasets.files import NAMES
from tinycnn.utils.errors import DataFileError

KINDS = ("images-idx3", "labels-idx1")
EMNIST_NAMES = [
    [f"emnist-{split}-{part}-{kind}-ubyte.gz" for part in ("train", "test") for kind in KINDS]
    for split in ("digits", "mnist")
]
no_windows = pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")


def fill(folder, files):
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def renamed(names, files=None):
    return dict(zip(names, (files or packed_files()).values(), strict=True))


# --- how many, and how packed ------------------------------------------------------------------------


def test_as_many_digits_as_emnist_has(tmp_path):
    images, labels = np.zeros((240_000, 28, 28), np.uint8), np.arange(240_000) % 10
    images[-1, 0, 27] = 255
    files = packed_files()
    files[NAMES[0]] = gzip.compress(idx(images), 1)
    files[NAMES[1]] = gzip.compress(idx(labels.astype(np.uint8)), 1)
    loaded = datasets.load(fill(tmp_path / "many", files))
    assert loaded.x_train.shape == (240_000, 28, 28)
    assert (loaded.x_train.sum(), loaded.x_train[-1, 0, 27], loaded.y_train[-1]) == (255, 255, 9)


def test_files_packed_in_several_members(tmp_path):
    files = {
        name: gzip.compress(raw[:100]) + gzip.compress(raw[100:]) + bytes(64)
        for name, raw in raw_files().items()
    }
    loaded = datasets.load(fill(tmp_path / "members", files))
    np.testing.assert_array_equal(loaded.x_train, digits(TRAIN_COUNT)[0])
    np.testing.assert_array_equal(loaded.y_test, digits(TEST_COUNT)[1])


# --- EMNIST ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("names", EMNIST_NAMES, ids=["digits", "mnist"])
@pytest.mark.parametrize("packed", [True, False])
def test_emnist_is_known_by_its_names_and_set_upright(names, packed, tmp_path):
    files = (
        renamed(names) if packed else renamed([n.removesuffix(".gz") for n in names], raw_files())
    )
    folder = fill(tmp_path / "emnist", files)
    fill(folder, {"emnist-letters-train-images-idx3-ubyte.gz": b"other splits do no harm"})
    loaded = datasets.load(folder)
    upright = digits(TRAIN_COUNT)[0].transpose(0, 2, 1)
    np.testing.assert_array_equal(loaded.x_train, upright)
    np.testing.assert_array_equal(loaded.x_test, digits(TEST_COUNT)[0].transpose(0, 2, 1))
    np.testing.assert_array_equal(loaded.y_train, digits(TRAIN_COUNT)[1])
    assert loaded.x_train.flags.c_contiguous
    assert loaded.name == "emnist"
    assert "set upright" in loaded.note
    np.testing.assert_array_equal(mnist.load_data(folder=folder)[0][0], upright)


def test_mnists_names_are_taken_as_they_are(tmp_path):
    loaded = datasets.load(fill(tmp_path / "renamed", packed_files()))
    np.testing.assert_array_equal(loaded.x_train, digits(TRAIN_COUNT)[0])
    assert loaded.note is None


def test_missing_files_are_named_as_the_others_are(tmp_path):
    files = renamed(EMNIST_NAMES[0])
    del files[EMNIST_NAMES[0][1]]
    with pytest.raises(DataFileError) as caught:
        datasets.load(fill(tmp_path / "emnist", files))
    assert caught.value.cause == f"missing from this folder: {EMNIST_NAMES[0][1]}"
    assert EMNIST_NAMES[0][3] in caught.value.remedy


@pytest.mark.parametrize("names", [(NAMES, EMNIST_NAMES[0]), EMNIST_NAMES])
def test_two_sets_in_one_folder_are_refused(names, tmp_path):
    folder = fill(tmp_path / "both", renamed(names[0]) | renamed(names[1]))
    with pytest.raises(DataFileError, match="more than one set of files") as caught:
        datasets.load(folder)
    assert all(one[0] in caught.value.cause for one in names)
    assert "folder of their own" in caught.value.remedy


# --- the same file twice -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_packed_and_unpacked_files_that_differ_are_refused(name, tmp_path):
    folder = fill(tmp_path / "twice", packed_files())
    other = bytearray(raw_files()[name])
    other[-1] ^= 1
    raw = name.removesuffix(".gz")
    fill(folder, {raw: bytes(other)})
    with pytest.raises(DataFileError, match="something else") as caught:
        datasets.load(folder)
    assert caught.value.path == str(folder / name)
    assert f"{raw} beside it" in caught.value.cause
    assert "Remove, or rename" in caught.value.remedy


def test_all_spellings_of_the_same_are_one(tmp_path):
    dotted = {name.replace("-idx", ".idx"): content for name, content in packed_files().items()}
    raw = {name.removesuffix(".gz"): content for name, content in raw_files().items()}
    loaded = datasets.load(fill(tmp_path / "twice", packed_files() | dotted | raw))
    np.testing.assert_array_equal(loaded.x_train, digits(TRAIN_COUNT)[0])


# --- closed ------------------------------------------------------------------------------------------

# What root may read everybody may, so somebody else tries; nobody's numbers are the same everywhere.
AS_NOBODY = """
import os, sys
from tinycnn import datasets
from tinycnn.utils.errors import DataFileError

if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    datasets.load(sys.argv[1], mirrors=())
except DataFileError as error:
    print(error.path, error.cause, error.remedy, sep="\\n")
"""


def load_as_nobody(folder, source=None):
    done = patience.run(
        [sys.executable, "-c", AS_NOBODY, source or str(folder)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "TINYCNN_HOME": str(folder)},
        check=True,
    )
    return done.stdout.splitlines()


@pytest.fixture
def public():
    """A folder that everybody may enter, unlike those of pytest."""
    with tempfile.TemporaryDirectory() as path:
        os.chmod(path, 0o755)
        yield Path(path)


@no_windows
@pytest.mark.parametrize("mode", [0o000, 0o444, 0o644])
@pytest.mark.parametrize("inner", ["", "inner"])
def test_a_closed_folder_is_not_called_missing(mode, inner, public):
    folder = fill(public / "mine", packed_files())
    fill(folder / "inner", packed_files())
    os.chmod(folder, mode)
    try:
        path, cause, remedy = load_as_nobody(folder / inner)
    finally:
        os.chmod(folder, 0o755)
    assert path.startswith(str(folder))
    assert cause == "it cannot be read: Permission denied"
    assert "Make it readable for you" in remedy


@no_windows
def test_a_folder_that_cannot_be_listed_can_be_read(public):
    folder = fill(public / "mine", packed_files())
    os.chmod(folder, 0o711)
    try:
        assert load_as_nobody(folder) == []
    finally:
        os.chmod(folder, 0o755)


@no_windows
def test_a_closed_file_is_not_called_missing(public):
    folder = fill(public / "mine", packed_files())
    os.chmod(folder / NAMES[2], 0o000)
    path, cause, remedy = load_as_nobody(folder)
    assert path == str(folder / NAMES[2])
    assert cause == "it cannot be read: Permission denied"
    assert "Make it readable for you" in remedy


@no_windows
def test_a_closed_cache_is_not_called_empty(public):
    folder = fill(public / "mine", packed_files())
    os.chmod(folder, 0o000)
    try:
        _, cause, _ = load_as_nobody(folder, "mnist")
    finally:
        os.chmod(folder, 0o755)
    assert cause == "it cannot be read: Permission denied"


@pytest.mark.parametrize("source", ["a\0b", "x" * 300])
def test_names_that_no_folder_can_have(source, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataFileError):
        datasets.load(source)
