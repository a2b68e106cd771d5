"""`--augment`: the batches for it, and data that it is not for."""

import argparse

import numpy as np
import pytest

from tinycnn import datasets
from tinycnn.datasets import Digits
from tinycnn.digit_training import drawings
from tinycnn.digit_training.drawings import check_digits, drawing_batches
from tinycnn.pretrained.digit_input import DigitInput


@pytest.fixture(scope="module")
def sample():
    return datasets.load("sample")


def data(sample, x=None, y=None, name="mine"):
    """Return a few of the sample's digits, or others in their place, under a name."""
    x, y = (sample.x_train[:200] if x is None else x), (sample.y_train[:200] if y is None else y)
    return Digits(x, y, sample.x_test, sample.y_test, name)


def test_the_batches_are_said_and_made_as_the_model_wants_them(sample, capsys):
    options = argparse.Namespace(batch_size=64, epochs=2)
    batches = drawing_batches(options, data(sample), DigitInput((784,), -1, 1))
    batches.on_epoch_begin()
    x, y = batches[0]
    assert x.shape == (64, 784)
    assert x.min() == -1
    said = capsys.readouterr().out
    no_digits = int((y.max(axis=1) < 0.5).sum())
    assert f"of 64 samples a step 15 are drawn digits, 3 thickened ones, and {no_digits} no" in said


@pytest.mark.parametrize("size", [1, 2, 3])
def test_batches_too_small_for_drawings_are_refused(sample, size):
    options = argparse.Namespace(batch_size=size, epochs=1)
    with pytest.raises(ValueError, match=f"--batch-size must be 4 or more. Received: {size}"):
        drawing_batches(options, data(sample), DigitInput())


def test_the_smallest_batch_has_a_drawing_and_what_is_no_digit(sample, capsys):
    drawing_batches(argparse.Namespace(batch_size=4, epochs=1), data(sample), DigitInput())
    said = capsys.readouterr().out
    assert "of 4 samples a step 1 are drawn digits, 0 thickened ones, and 1 no digits" in said


def test_a_batch_is_at_most_as_large_as_the_data(sample, capsys):
    options = argparse.Namespace(batch_size=2**31 - 1, epochs=1)
    batches = drawing_batches(options, data(sample), DigitInput())
    assert "of 200 samples a step" in capsys.readouterr().out
    assert len(batches) == 2


def test_a_blank_image_is_named(sample):
    x = sample.x_train[:200].copy()
    x[7] = 0
    with pytest.raises(ValueError, match="training image 7 of mine, from 0, is blank"):
        check_digits(data(sample, x))


def test_other_things_than_digits_are_refused(sample):
    check_digits(data(sample))
    with pytest.raises(ValueError, match="mine seems to hold something else"):
        check_digits(data(sample, y=(sample.y_train[:200] + 1) % 10))
    noise = np.random.default_rng(0).integers(0, 256, (200, 28, 28)).astype(np.uint8)
    with pytest.raises(ValueError, match="Leave out --augment"):
        check_digits(data(sample, noise))


def test_what_is_known_to_be_digits_is_not_read(sample, monkeypatch):
    monkeypatch.setattr(drawings, "pretrained", None)
    check_digits(data(sample, name="mnist"))
