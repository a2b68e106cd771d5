"""How a model wants its digits: shapes and ranges, and which range is found out."""

import numpy as np
import pytest

from tests.support.mean_digits import mean_digits
from tinycnn.datasets import sample
from tinycnn.layers import Dense, Flatten, Input, Rescaling
from tinycnn.models import Sequential
from tinycnn.pretrained.digit_input import RANGES, SHAPES, USUAL, DigitInput, find
from tinycnn.pretrained.digit_model import (
    BUNDLED,
    digit_input_of,
    load_digit_model,
    probabilities,
)
from tinycnn.utils.errors import ModelFileError

DIGITS = np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)


def test_the_usual_input_is_what_it_always_was():
    x = USUAL.prepare(DIGITS)
    np.testing.assert_array_equal(x, (DIGITS[..., None] / 255).astype(np.float32))
    assert x.dtype == np.float32
    x = USUAL.prepare(DIGITS, np.dtype("float64"))
    np.testing.assert_array_equal(x, DIGITS[..., None] / 255)
    assert x.dtype == np.float64


@pytest.mark.parametrize("ends", RANGES)
@pytest.mark.parametrize("shape", SHAPES)
def test_digits_in_every_shape_and_range(shape, ends):
    wanted = DigitInput(shape, *ends)
    before = DIGITS.copy()
    x = wanted.prepare(DIGITS)
    assert (x.shape, x.dtype) == ((3, *shape), np.float32)
    np.testing.assert_array_equal(DIGITS, before)
    paper, ink = ends
    pixels = paper + DIGITS / 255 * (ink - paper)
    channels = SHAPES[shape][1]
    np.testing.assert_allclose(wanted.pixels(x) / channels, pixels, rtol=1e-5, atol=1e-5)
    outside = wanted.as_picture(x).copy()
    outside[:, wanted.margin :, wanted.margin :][:, :28, :28] = paper
    np.testing.assert_allclose(outside, paper, rtol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(((27, 28),), r"\(27, 28\)"), (((1024,),), "1024"), (((784,), 2.0, 2.0), "both 2")],
)
def test_what_is_no_input_of_digits_is_refused(arguments, said):
    with pytest.raises(ValueError, match=said):
        DigitInput(*arguments)


@pytest.mark.parametrize("ends", RANGES)
@pytest.mark.parametrize("shape", [(28, 28), (28, 28, 1), (784,), (32, 32, 1)])
def test_the_range_is_found_out(shape, ends):
    wanted = DigitInput(shape, *ends)
    model = mean_digits(wanted)
    found, note = digit_input_of(model, "means")
    assert found == wanted
    assert note.startswith(f"pixels from {wanted.range} ") if ends != (0, 1) else note == ""
    images, labels = sample.load_test_data()
    right = probabilities(model, "means", found.prepare(images)).argmax(axis=1) == labels
    assert right.mean() > 0.75


def test_a_trained_net_is_read_in_the_range_that_it_was_trained_in():
    from tinycnn import datasets, utils

    digits = datasets.load("sample")
    for wanted in (DigitInput((784,)), DigitInput((784,), -1, 1)):
        utils.set_random_seed(0)
        model = Sequential(
            [Input((784,)), Dense(32, activation="relu"), Dense(10, activation="softmax")]
        )
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(wanted.prepare(digits.x_train), digits.y_train, 128, 3, verbose=0)
        assert digit_input_of(model, "net")[0] == wanted


def test_a_layer_that_rescales_needs_nothing():
    found, _ = digit_input_of(mean_digits(USUAL, [Rescaling(1 / 255)]), "means")
    assert found == DigitInput((28, 28, 1), 0, 255)


def test_a_model_that_reads_nothing_keeps_the_usual_range():
    model = Sequential([Flatten(input_shape=(28, 28)), Dense(10, activation="softmax")])
    assert digit_input_of(model, "new") == (DigitInput((28, 28)), "")


@pytest.mark.parametrize(("usual", "other"), [(77, 81), (60, 74), (88, 92)])
def test_a_model_in_the_midst_of_its_training_keeps_the_usual_range(usual, other):
    """A range that reads a few more digits, by chance or because the guesses are surer, is not taken."""
    _, labels = sample.load_test_data()

    def read(x):
        right = np.arange(len(x)) % 100 < (usual if x.max() <= 1 and x.min() >= 0 else other)
        shares = np.full((len(x), 10), 0.05)
        shares[np.arange(len(x)), (labels[: len(x)] + (~right)) % 10] = 0.55
        return shares

    assert find((784,), read) == (DigitInput((784,)), "")


def test_ranges_in_which_the_numbers_grow_too_large_are_left_out():
    def read(x):
        if x.max() > 1 or x.min() < 0:
            raise ModelFileError("a.h5", "its predictions are NaN", "Train again.")
        return np.full((len(x), 10), 0.1)

    assert find((784,), read) == (DigitInput((784,)), "")
    with pytest.raises(ModelFileError, match="NaN"):
        find((784,), lambda x: read(x + 5))


def test_a_given_range_is_not_questioned():
    model = mean_digits()
    assert digit_input_of(model, "means", (0.0, 255.0)) == (DigitInput((28, 28, 1), 0, 255), "")
    with pytest.raises(ValueError, match="both 1"):
        digit_input_of(model, "means", (1.0, 1.0))


def test_the_bundled_model_is_not_asked(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sample, "load_test_data", None)
    model, name = load_digit_model()
    assert name == BUNDLED
    assert digit_input_of(model, name) == (USUAL, "")


def test_digits_for_testing_are_those_of_the_whole_sample():
    _, (x_test, y_test) = sample.load_data()
    x, y = sample.load_test_data()
    np.testing.assert_array_equal(x, x_test)
    np.testing.assert_array_equal(y, y_test)
