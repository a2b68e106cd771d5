"""MNIST from the cache, from a mirror, or from a folder."""

import gzip
import os
import shutil
import sys

import numpy as np
import pytest

from tests.support.fake_server import (
    TRAIN_COUNT,
    FakeServer,
    assert_small_set,
    fill,
    idx,
    known_files,
    load_data,
    packed_files,
    raw_files,
)
from tinycnn import datasets
from tinycnn.datasets import mnist
from tinycnn.datasets.files import FILES, NAMES, spellings
from tinycnn.utils.errors import DataFileError, DownloadError

KNOWN = known_files()
pytestmark = pytest.mark.usefixtures("cache")


REAL = os.environ.get("TINYCNN_TEST_MNIST")


def test_empty_cache_is_filled(cache):
    with FakeServer() as mirror:
        assert_small_set(load_data(mirror))
    assert {path.name: path.read_bytes() for path in cache.iterdir()} == packed_files()


def test_full_cache_needs_no_network(cache, monkeypatch):
    fill(cache, packed_files())
    monkeypatch.setitem(sys.modules, "requests", None)  # an import would fail
    assert_small_set(load_data())


@pytest.mark.parametrize("spelling", range(4))
def test_files_that_a_person_put_there(cache, spelling):
    for name in NAMES:
        spelled = spellings(name)[spelling]
        content = packed_files()[name] if spelled.endswith(".gz") else raw_files()[name]
        fill(cache, {spelled: content})
    assert_small_set(load_data())


def test_only_what_is_missing_is_downloaded(cache):
    files = packed_files()
    del files[NAMES[2]]
    fill(cache, files)
    with FakeServer() as mirror:
        assert_small_set(load_data(mirror))
    assert mirror.requested == [f"/mnist/{NAMES[2]}"]


DAMAGES = [
    pytest.param(NAMES[1], b"", id="empty"),
    pytest.param(NAMES[1], packed_files()[NAMES[1]][:-1], id="truncated"),
    pytest.param(NAMES[1], bytes(KNOWN[1].size), id="right size, wrong bytes"),
    pytest.param(
        NAMES[1], gzip.compress(idx(np.full(TRAIN_COUNT, 9, np.uint8))), id="other labels"
    ),
    pytest.param(NAMES[1].removesuffix(".gz"), bytes(KNOWN[1].raw_size), id="unpacked"),
]


@pytest.mark.parametrize(("name", "content"), DAMAGES)
def test_damaged_file_is_downloaded_again(cache, name, content):
    files = packed_files()
    del files[NAMES[1]]
    fill(cache, files | {name: content})
    with FakeServer() as mirror:
        assert_small_set(load_data(mirror))
    assert (cache / NAMES[1]).read_bytes() == packed_files()[NAMES[1]]
    assert mirror.requested == [f"/mnist/{NAMES[1]}"]


@pytest.mark.parametrize(("name", "content"), DAMAGES)
def test_damaged_file_is_named_when_offline(cache, name, content):
    files = packed_files()
    del files[NAMES[1]]
    fill(cache, files | {name: content})
    with pytest.raises(DownloadError, match="damaged in this folder") as caught:
        load_data()
    assert name in caught.value.cause
    assert str(cache) in caught.value.remedy


def test_file_removed_right_after_its_download_is_a_sentence(cache, monkeypatch):
    monkeypatch.setattr("tinycnn.datasets.cache.download", lambda *_: None)
    with pytest.raises(DataFileError, match="removed by another program"):
        load_data()


def test_path_of_keras_is_accepted_and_no_other(cache):
    fill(cache, packed_files())
    assert_small_set(mnist.load_data("mnist.npz", files=KNOWN, mirrors=()))
    with pytest.raises(ValueError, match=r"received 'digits\.npz'.*folder="):
        mnist.load_data("digits.npz")


def test_mirrors_are_of_independent_operators():
    hosts = {url.split("/")[2] for url in mnist.MIRRORS}
    assert len(hosts) == len(mnist.MIRRORS) >= 2
    assert all(url.startswith("https://") for url in mnist.MIRRORS)


@pytest.mark.skipif(REAL is None, reason="TINYCNN_TEST_MNIST names no folder with MNIST's files")
def test_mnist_itself(cache, tmp_path):
    cache.mkdir()
    for known in FILES:
        shutil.copy(os.path.join(REAL, known.name), cache)
    (x_train, y_train), (x_test, y_test) = mnist.load_data(mirrors=())
    assert (x_train.shape, x_test.shape) == ((60_000, 28, 28), (10_000, 28, 28))
    assert y_train[:5].tolist() == [5, 0, 4, 1, 9]
    assert y_test[:5].tolist() == [7, 2, 1, 0, 4]
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    for known in FILES:
        raw = gzip.decompress((cache / known.name).read_bytes())
        (unpacked / known.name.removesuffix(".gz")).write_bytes(raw)
    assert datasets.load(unpacked).name == "mnist"
    os.environ["TINYCNN_HOME"] = str(unpacked)  # the fixture restores it
    assert datasets.load("mnist", mirrors=()).name == "mnist"


def test_a_folder_is_read_instead_of_cache_and_mirrors(tmp_path, cache):
    folder = fill(tmp_path / "mine", raw_files())
    assert_small_set(mnist.load_data(folder=folder, mirrors=()))
    assert not cache.exists()
    with pytest.raises(DataFileError, match="no such folder"):
        mnist.load_data(folder=tmp_path / "none")
