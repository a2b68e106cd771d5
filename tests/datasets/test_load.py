"""Where digits come from: the cache, a folder, the sample; and what is said when they do not come."""

import gzip
import os
import shutil
import sys

import numpy as np
import pytest

from tests.support.fake_server import (
    TEST_COUNT,
    TRAIN_COUNT,
    FakeServer,
    digits,
    idx,
    known_files,
    packed_files,
    raw_files,
)
from tests.support.patience import PATIENCE, run
from tinycnn import datasets
from tinycnn.datasets import mnist
from tinycnn.datasets.cache import cache_folder
from tinycnn.datasets.files import FILES, NAMES, spellings
from tinycnn.utils.errors import DataFileError, DownloadError

KNOWN = known_files()
REAL = os.environ.get("TINYCNN_TEST_MNIST")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TINYCNN_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def fill(folder, files):
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def load_data(*mirrors):
    return mnist.load_data(
        mirrors=[mirror.url for mirror in mirrors], files=KNOWN, patience=PATIENCE
    )


def assert_small_set(splits):
    for split, count in zip(splits, (TRAIN_COUNT, TEST_COUNT), strict=True):
        for array, expected in zip(split, digits(count), strict=True):
            assert array.dtype == np.uint8
            np.testing.assert_array_equal(array, expected)


def not_found(handler, _content):
    handler.answer(b"", 404)


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


def test_cache_is_where_the_variable_says(tmp_path, monkeypatch):
    monkeypatch.setenv("TINYCNN_HOME", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("TINYCNN_HOME", os.path.join("~", "digits"))
    assert cache_folder() == tmp_path / "digits"


@pytest.mark.parametrize("value", [None, ""])
def test_cache_is_where_the_system_keeps_caches(value, monkeypatch):
    platformdirs = pytest.importorskip("platformdirs")
    monkeypatch.delenv("TINYCNN_HOME")
    if value is not None:
        monkeypatch.setenv("TINYCNN_HOME", value)
    assert cache_folder() == platformdirs.user_cache_path("tinycnn")
    assert cache_folder().is_absolute()


def test_path_of_keras_is_accepted_and_no_other(cache):
    fill(cache, packed_files())
    assert_small_set(mnist.load_data("mnist.npz", files=KNOWN, mirrors=()))
    with pytest.raises(ValueError, match=r"received 'digits\.npz'.*folder="):
        mnist.load_data("digits.npz")


def test_mirrors_are_of_independent_operators():
    hosts = {url.split("/")[2] for url in mnist.MIRRORS}
    assert len(hosts) == len(mnist.MIRRORS) >= 2
    assert all(url.startswith("https://") for url in mnist.MIRRORS)


@pytest.mark.parametrize("spelling", range(4))
def test_folder_is_read_in_any_spelling(tmp_path, spelling):
    folder = tmp_path / "fashion"
    for name in NAMES:
        spelled = spellings(name)[spelling]
        content = packed_files()[name] if spelled.endswith(".gz") else raw_files()[name]
        fill(folder, {spelled: content})
    loaded = datasets.load(folder)
    assert (loaded.name, loaded.note) == ("fashion", None)
    assert_small_set(((loaded.x_train, loaded.y_train), (loaded.x_test, loaded.y_test)))
    assert_small_set(mnist.load_data(folder=str(folder)))


def test_folder_leaves_the_cache_alone(tmp_path, cache):
    datasets.load(str(fill(tmp_path / "mine", packed_files())))
    assert not cache.exists()


def test_names_may_lie_about_packing(tmp_path):
    """Browsers unpack a .gz on the way and keep its name."""
    loaded = datasets.load(fill(tmp_path / "mine", raw_files()))
    assert loaded.name == "mine"
    assert loaded.x_train.shape[1:] == (28, 28)


@pytest.mark.parametrize("name", ["mnist", "sample"])
def test_folder_cannot_pass_for_something_else_by_its_name(tmp_path, name):
    folder = fill(tmp_path / name, packed_files())
    assert datasets.load(folder).name == str(folder.resolve())


def test_missing_files_are_named(tmp_path):
    files = packed_files()
    del files[NAMES[1]], files[NAMES[2]]
    with pytest.raises(DataFileError) as caught:
        datasets.load(fill(tmp_path / "mine", files))
    assert caught.value.cause == f"missing from this folder: {NAMES[1]}, {NAMES[2]}"
    assert all(name in caught.value.remedy for name in NAMES)


def test_folder_in_place_of_a_file_counts_as_missing(tmp_path):
    folder = fill(tmp_path / "mine", packed_files())
    (folder / NAMES[0]).unlink()
    (folder / NAMES[0]).mkdir()
    with pytest.raises(DataFileError, match=f"missing from this folder: {NAMES[0]}"):
        datasets.load(folder)


def test_counts_must_agree(tmp_path):
    fewer = idx(digits(TRAIN_COUNT)[1][:-1])
    folder = fill(tmp_path / "mine", raw_files() | {NAMES[1]: fewer})
    with pytest.raises(
        DataFileError, match=r"holds 19 labels, but train-images.* holds 20"
    ) as caught:
        datasets.load(folder)
    assert "belong together" in caught.value.remedy


def test_damaged_file_of_a_folder_is_named(tmp_path):
    broken = packed_files()[NAMES[3]][:-4]
    folder = fill(tmp_path / "mine", packed_files() | {NAMES[3]: broken})
    with pytest.raises(DataFileError, match="truncated") as caught:
        datasets.load(folder)
    assert caught.value.path == str(folder / NAMES[3])
    assert "once more, whole" in caught.value.remedy


@pytest.mark.parametrize("source", ["mnits", "", "no/such/folder"])
def test_unknown_source_is_refused(source, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataFileError, match="no such folder") as caught:
        datasets.load(source)
    assert caught.value.path == source
    assert '"auto", "mnist", "sample"' in caught.value.remedy


def test_file_as_source_is_refused(tmp_path):
    (tmp_path / "mnist.npz").write_bytes(b"")
    with pytest.raises(DataFileError, match="it is a file, not a folder"):
        datasets.load(tmp_path / "mnist.npz")


def test_auto_takes_mnist_where_it_can_be_had():
    with FakeServer() as mirror:
        loaded = datasets.load("auto", mirrors=[mirror.url], files=KNOWN, patience=PATIENCE)
    assert (loaded.name, loaded.note) == ("mnist", None)
    assert_small_set(((loaded.x_train, loaded.y_train), (loaded.x_test, loaded.y_test)))


def test_auto_takes_the_sample_where_not_and_says_so():
    with FakeServer(not_found) as first, FakeServer(not_found) as second:
        urls = [first.url, second.url]
        loaded = datasets.load("auto", mirrors=urls, files=KNOWN, patience=PATIENCE)
    assert loaded.name == "sample"
    assert loaded.x_train.shape == (10_000, 28, 28)
    assert loaded.note.startswith("WARNING: this is not MNIST, but the small sample")
    for url in urls:
        assert f"{url.split('/')[2]}: answered HTTP 404" in loaded.note
    assert "Put these four files here" in loaded.note


def test_auto_is_the_default_and_survives_a_useless_cache(cache):
    cache.write_text("mine")
    loaded = datasets.load(mirrors=())
    assert loaded.name == "sample"
    assert "it is a file, not a folder" in loaded.note
    assert "TINYCNN_HOME" in loaded.note


def test_mnist_fails_with_the_remedy_where_it_cannot_be_had(cache):
    with FakeServer(not_found) as mirror, pytest.raises(DownloadError, match="HTTP 404") as caught:
        datasets.load("mnist", mirrors=[mirror.url], files=KNOWN, patience=PATIENCE)
    assert str(cache) in caught.value.remedy
    assert "--data sample" in caught.value.remedy


def test_digits_cannot_be_changed_by_accident():
    loaded = datasets.load("sample")
    with pytest.raises(AttributeError):
        loaded.name = "mnist"


def test_import_is_light():
    code = (
        "import sys, tinycnn.datasets\n"
        "heavy = {'requests', 'platformdirs', 'tqdm', 'h5py', 'PIL', 'numba'} & {*sys.modules}\n"
        "print(*sorted(heavy), end='')"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    result = run([sys.executable, "-c", code], env=environment)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


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


def test_table_of_files_is_in_the_order_that_is_read():
    assert [known.name.split("-")[0] for known in FILES] == ["train", "train", "t10k", "t10k"]
    assert [known.raw_size for known in FILES] == [47_040_016, 60_008, 7_840_016, 10_008]
