"""The bundled net is the one that its record describes, and it reads digits."""

import hashlib
import importlib.resources
import json

import numpy as np
import pytest

from tinycnn import datasets, pretrained

FILES = importlib.resources.files(pretrained)


@pytest.fixture(scope="module")
def record():
    return json.loads((FILES / "mnist.json").read_text(encoding="utf-8"))


def test_the_file_is_the_recorded_one_and_small(record):
    content = (FILES / "mnist.h5").read_bytes()
    assert hashlib.sha256(content).hexdigest() == record["sha256"]
    assert len(content) <= 1_000_000
    assert record["test_accuracy"] >= 0.992


def test_it_reads_the_sample():
    digits = datasets.load("sample")
    found = pretrained.load().predict(digits.x_test / 255, verbose=0).argmax(axis=1)
    assert np.mean(found == digits.y_test) >= 0.99


def test_it_can_be_asked_and_trained_further_at_once():
    digits = datasets.load("sample")
    x, y = digits.x_test[:32] / 255, np.eye(10)[digits.y_test[:32]]
    model = pretrained.load()
    assert model.evaluate(x, y, verbose=0)[1] > 0.9
    assert next(iter(model.gradients(x, y))) == "conv2d/kernel"
    before = model.get_weights()
    model.fit(x, y, verbose=0)
    assert not np.array_equal(before[0], model.get_weights()[0])
    assert np.array_equal(before[0], pretrained.load().get_weights()[0])
