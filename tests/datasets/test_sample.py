"""The embedded sample: MNIST's digits, balanced, small, and made by a script from a seed."""

import hashlib
import importlib.util
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.support import patience
from tests.support.fake_server import packed_files
from tinycnn import datasets
from tinycnn.datasets import sample
from tinycnn.datasets.digits import Digits
from tinycnn.utils.errors import DataFileError

PACKAGED = Path(sample.__file__).with_name("sample.npz")
SCRIPT = Path(__file__).parents[2] / "scripts" / "make_sample.py"
REAL = os.environ.get("TINYCNN_TEST_MNIST")


@pytest.fixture(scope="module")
def make_sample():
    spec = importlib.util.spec_from_file_location("make_sample", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def arrays(train=sample.TRAIN_COUNT, test=sample.TEST_COUNT, dtype=np.uint8):
    return {
        "x_train": np.zeros((train, 28, 28), dtype),
        "y_train": np.zeros(train, dtype),
        "x_test": np.zeros((test, 28, 28), dtype),
        "y_test": np.zeros(test, dtype),
    }


def test_sample_is_balanced_and_of_the_promised_size():
    for (x, y), count in zip(sample.load_data(), (10_000, 2_000), strict=True):
        assert (x.shape, x.dtype) == ((count, 28, 28), np.uint8)
        assert (y.shape, y.dtype) == ((count,), np.uint8)
        assert np.bincount(y).tolist() == [count // 10] * 10
        assert x.flags.writeable


def test_sample_is_small_enough_to_ship():
    assert PACKAGED.stat().st_size <= 2_200_000


def test_sample_is_the_one_chosen():
    (x_train, y_train), (x_test, y_test) = sample.load_data()
    digest = hashlib.sha256(b"".join(a.tobytes() for a in (x_train, y_train, x_test, y_test)))
    assert digest.hexdigest() == "471d02e869b01d475d7b517bbe67d6535d909854c82b667166036dfbbc659194"


def test_sample_is_shuffled():
    (_, y_train), (_, y_test) = sample.load_data()
    for y in (y_train, y_test):
        assert {*y[:100].tolist()} == set(range(10))


def test_no_test_digit_is_trained_on():
    (x_train, _), (x_test, _) = sample.load_data()
    assert not {image.tobytes() for image in x_train} & {image.tobytes() for image in x_test}


def test_digits_look_like_those_of_mnist():
    """MNIST puts the centre of mass at pixel 14.0, to the nearest pixel."""
    (_, _), (x_test, _) = sample.load_data()
    pixels = x_test.astype(np.float64)
    rows = (pixels.sum(axis=2) @ np.arange(28)) / pixels.sum(axis=(1, 2))
    assert rows.min() >= 13.49
    assert rows.max() <= 14.51


def test_sample_needs_neither_cache_nor_network(tmp_path, monkeypatch):
    monkeypatch.setenv("TINYCNN_HOME", str(tmp_path / "cache"))
    loaded = datasets.load("sample", mirrors=["http://127.0.0.1:9/"])
    assert (loaded.name, loaded.note) == ("sample", None)
    assert not (tmp_path / "cache").exists()


def test_licence_note_is_beside_the_sample():
    note = PACKAGED.with_name("SAMPLE-LICENSE.md").read_text(encoding="utf-8")
    for part in ("Yann LeCun", "Corinna Cortes", "Burges", "Share Alike 3.0", "sample.npz"):
        assert part in note


def test_missing_sample_is_a_sentence(tmp_path):
    with pytest.raises(DataFileError, match="Install tinycnn again"):
        sample.load_data(tmp_path / "sample.npz")


@pytest.mark.parametrize("content", [b"", b"text", PACKAGED.read_bytes()[:-100]])
def test_damaged_sample_is_a_sentence(content, tmp_path):
    path = tmp_path / "sample.npz"
    path.write_bytes(content)
    with pytest.raises(DataFileError) as caught:
        sample.load_data(path)
    assert caught.value.path == str(path)


@pytest.mark.parametrize(
    ("wrong", "cause"),
    [
        pytest.param(arrays(train=5), r"x_train is uint8 \(5, 28, 28\)", id="shape"),
        pytest.param(arrays(dtype=np.float16), "x_train is float16", id="dtype"),
        pytest.param({"x_train": np.zeros(3)}, "y_train", id="missing"),
        pytest.param(arrays() | {"y_test": np.array([None])}, "allow_pickle=False", id="pickle"),
    ],
)
def test_other_arrays_are_refused(wrong, cause, tmp_path):
    np.savez_compressed(tmp_path / "sample.npz", **wrong)
    with pytest.raises(DataFileError, match=cause):
        sample.load_data(tmp_path / "sample.npz")


def test_choice_is_balanced_without_repetition_and_fixed_by_the_seed(make_sample):
    labels = np.arange(300) % 10
    chosen = make_sample.choose(labels, 7, np.random.default_rng(1))
    assert np.bincount(labels[chosen]).tolist() == [7] * 10
    assert len({*chosen.tolist()}) == 70
    again = make_sample.choose(labels, 7, np.random.default_rng(1))
    other = make_sample.choose(labels, 7, np.random.default_rng(2))
    assert chosen.tolist() == again.tolist() != other.tolist()


def test_choice_takes_training_from_training_and_test_from_test(make_sample):
    x = np.arange(20_000 * 784, dtype=np.uint32).astype(np.uint8).reshape(20_000, 28, 28)
    y = (np.arange(20_000) % 10).astype(np.uint8)
    chosen = make_sample.choose_sample(Digits(x, y, np.zeros_like(x[:2000]), y[:2000], "mnist"))
    assert {name: array.shape for name, array in chosen.items()} == sample.SHAPES
    assert chosen["x_train"].any()
    assert not chosen["x_test"].any()


def test_file_is_the_same_at_every_writing(make_sample, tmp_path, monkeypatch):
    first, second = tmp_path / "first.npz", tmp_path / "second.npz"
    make_sample.write_arrays(arrays(), first)
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    make_sample.write_arrays(arrays(), second)
    assert first.read_bytes() == second.read_bytes()
    assert {*tmp_path.iterdir()} == {first, second}


def run(*arguments):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return patience.run(command, env=environment)


def test_script_refuses_what_is_not_mnist(tmp_path):
    for name, content in packed_files().items():
        (tmp_path / name).write_bytes(content)
    result = run("--data", tmp_path, "--output", tmp_path / "sample.npz")
    assert result.returncode == 1
    assert "this is not MNIST" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "sample.npz").exists()


@pytest.mark.skipif(REAL is None, reason="TINYCNN_TEST_MNIST names no folder with MNIST's files")
def test_script_makes_the_sample_that_is_shipped(tmp_path):
    result = run("--data", REAL, "--output", tmp_path / "sample.npz")
    assert result.returncode == 0, result.stderr
    with np.load(tmp_path / "sample.npz") as made, np.load(PACKAGED) as shipped:
        for name in sample.SHAPES:
            np.testing.assert_array_equal(made[name], shipped[name])
