"""The embedded sample: MNIST's digits, balanced, small, and what is said where it is damaged."""

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

from tinycnn import datasets
from tinycnn.datasets import sample
from tinycnn.utils.errors import DataFileError

PACKAGED = Path(sample.__file__).with_name("sample.npz")
REAL = os.environ.get("TINYCNN_TEST_MNIST")


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
