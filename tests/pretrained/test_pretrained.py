"""The bundled net is the one that its record describes, and it reads digits, printed as MNIST's or drawn."""

import collections
import hashlib
import importlib.resources
import json
import os

import numpy as np
import pytest

from benchmarks.calibration import calibration, sure_digits
from benchmarks.deformations import thickened
from gui.recognition.top_guesses import NO_DIGIT, SURE
from tests.support.drawn_digits import TEMPLATES, drawn
from tinycnn import datasets, pretrained
from tinycnn.preprocessing import strokes_to_mnist
from tinycnn.preprocessing.drawn import drawn_digits, drawn_others

FILES = importlib.resources.files(pretrained)
EACH = 10  # drawings of each style


@pytest.fixture(scope="module")
def record():
    return json.loads((FILES / "mnist.json").read_text(encoding="utf-8"))


def shares(images):
    return pretrained.load().predict(images[..., None] / 255, verbose=0)


def read(images):
    return shares(images).argmax(axis=1)


def test_the_file_is_the_recorded_one_and_small(record):
    content = (FILES / "mnist.h5").read_bytes()
    assert hashlib.sha256(content).hexdigest() == record["sha256"]
    assert len(content) <= 1_500_000
    assert record["test_accuracy"] >= 0.996


def test_one_answer_takes_little_arithmetic():
    products = 0
    for layer in pretrained.load().layers:
        kernel = layer.params.get("kernel")
        if kernel is not None:
            positions = np.prod(layer.output_shape[1:-1], dtype=int)  # 1 for a dense layer
            products += int(positions) * kernel.size
    assert 1_000_000 < products <= 8_000_000


def test_it_reads_the_sample():
    digits = datasets.load("sample")
    answers = read(digits.x_test)
    assert np.mean(answers == digits.y_test) >= 0.99


def test_it_reads_what_people_draw():
    rng = np.random.default_rng(11)
    drawings = [drawn(rng, digit, style) for digit, style in TEMPLATES for _ in range(EACH)]
    answers = read(np.array([strokes_to_mnist(strokes) for _, _, strokes in drawings]))
    right = collections.Counter()
    for (digit, style, _), answer in zip(drawings, answers.tolist(), strict=True):
        right[digit, style] += digit == answer
    assert right.total() >= 0.99 * len(drawings)
    assert {style: count for style, count in right.items() if count < 0.8 * EACH} == {}


def test_it_reads_every_style_it_learnt():
    images, digits, _ = drawn_digits(np.random.default_rng(11), 3000)
    assert np.mean(read(images) == digits) >= 0.99


def test_it_reads_what_very_thick_pens_draw():
    digits = datasets.load("sample")
    thick = thickened(digits.x_test[:300], 1 / 3)
    assert np.mean(read(thick) == digits.y_test[:300]) >= 0.9


def test_it_is_not_sure_of_what_is_no_digit():
    images, _, _ = drawn_others(np.random.default_rng(11), 2000)
    assert sure_digits(shares(images), SURE).mean() <= 0.05
    assert (shares(images).max(axis=1) < NO_DIGIT).mean() >= 0.9


def test_it_knows_how_sure_it_can_be():
    digits = datasets.load("sample")
    images, labels, _ = drawn_digits(np.random.default_rng(12), 2000)
    for x, y in ((digits.x_test, digits.y_test), (images, labels)):
        found = calibration(shares(x), y, SURE)
        assert found.error <= 0.01
        assert found.unsure <= 0.04
        assert found.sure_right >= 0.996


@pytest.mark.slow
@pytest.mark.skipif(
    "TINYCNN_TEST_MNIST" not in os.environ,
    reason="TINYCNN_TEST_MNIST does not name a folder with MNIST's four files",
)
def test_it_reads_mnist_as_well_as_the_record_says(record):
    digits = datasets.load(os.environ["TINYCNN_TEST_MNIST"])
    assert round(float(np.mean(read(digits.x_test) == digits.y_test)), 4) == record["test_accuracy"]


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
