"""scripts/make_sample.py: a choice by a seed, balanced, the same bytes at every writing."""

import importlib.util
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.support import patience
from tests.support.fake_server import packed_files
from tinycnn.datasets import sample
from tinycnn.datasets.digits import Digits

PACKAGED = Path(sample.__file__).with_name("sample.npz")


SCRIPT = Path(__file__).parents[2] / "scripts" / "make_sample.py"


REAL = os.environ.get("TINYCNN_TEST_MNIST")


@pytest.fixture(scope="module")
def make_sample():
    spec = importlib.util.spec_from_file_location("make_sample", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
    arrays = {name: np.zeros(shape, np.uint8) for name, shape in sample.SHAPES.items()}
    make_sample.write_arrays(arrays, first)
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    make_sample.write_arrays(arrays, second)
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
