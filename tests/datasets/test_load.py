"""Where digits come from: MNIST, a folder, the sample; and what is said when they do not come."""

import os
import sys

import pytest

from tests.support.fake_server import (
    TRAIN_COUNT,
    FakeServer,
    assert_small_set,
    digits,
    fill,
    idx,
    known_files,
    packed_files,
    raw_files,
)
from tests.support.patience import PATIENCE, run
from tinycnn import datasets
from tinycnn.datasets import mnist
from tinycnn.datasets.files import NAMES, spellings
from tinycnn.utils.errors import DataFileError, DownloadError

KNOWN = known_files()
pytestmark = pytest.mark.usefixtures("cache")
REAL = os.environ.get("TINYCNN_TEST_MNIST")


def not_found(handler, _content):
    handler.answer(b"", 404)


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


def test_import_is_light():
    code = (
        "import sys, tinycnn.datasets\n"
        "heavy = {'requests', 'platformdirs', 'tqdm', 'h5py', 'PIL', 'numba'} & {*sys.modules}\n"
        "print(*sorted(heavy), end='')"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    result = run([sys.executable, "-c", code], env=environment)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
