"""Any picture of a digit must come out as MNIST would have it, MNIST's own unchanged."""

import os

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from tinycnn import datasets
from tinycnn.preprocessing import (
    centre,
    find_foreground,
    fit_box,
    to_grey,
    to_mnist,
)
from tinycnn.preprocessing.stroke_width import measure_width, thicken


@pytest.fixture(scope="module")
def digits():
    """200 digits of MNIST's test set, uint8 (200, 28, 28)."""
    return datasets.load("sample").x_test[:200]


@pytest.fixture(scope="module")
def prepared(digits):
    return np.stack([to_mnist(digit) for digit in digits])


def difference(a, b):
    """Mean over the pictures of the mean absolute difference, relative to the mean foreground."""
    return np.abs(a.astype(float) - b).mean() / np.asarray(b, float).mean()


def enlarged(digit, side):
    return np.asarray(Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC)) / 255


def photo(digit, rng, *, size=220, shape=(360, 480), slope=0.5, noise=0.02):
    """A dark digit somewhere on a background that is lit from one side, with dark corners and noise."""
    foreground = np.zeros(shape)
    top, left = rng.integers(0, shape[0] - size), rng.integers(0, shape[1] - size)
    foreground[top : top + size, left : left + size] = enlarged(digit, size)
    y, x = np.linspace(-1, 1, shape[0])[:, None], np.linspace(-1, 1, shape[1])[None]
    angle = rng.uniform(0, 2 * np.pi)
    light = 0.9 - slope * (1 + (np.cos(angle) * x + np.sin(angle) * y) / 1.42) / 2
    light = light - 0.07 * (x * x + y * y)
    values = light * (1 - 0.8 * foreground) + rng.normal(0, noise, shape)
    return np.clip(np.rint(values * 255), 0, 255).astype(np.uint8)


def test_digits_of_mnist_stay_as_they_are(digits, prepared):
    changes = np.abs(prepared.astype(int) - digits).max(axis=(1, 2))
    full = digits.max(axis=(1, 2)) == 255
    assert np.mean(changes[full] == 0) > 0.85
    assert np.mean(changes <= 20) > 0.97
    assert difference(prepared, digits) < 0.01


@pytest.mark.skipif("TINYCNN_TEST_MNIST" not in os.environ, reason="TINYCNN_TEST_MNIST is not set")
def test_the_whole_test_set_stays_as_it_is():
    images = datasets.load(os.environ["TINYCNN_TEST_MNIST"]).x_test
    usual = images[[0.9 <= measure_width(image) <= 4.65 for image in images]]
    assert len(usual) > 0.98 * len(images)  # the lines of the others are drawn anew
    changes = np.array([np.abs(to_mnist(i).astype(int) - i).max() for i in usual])
    assert np.mean(changes == 0) > 0.84
    assert np.mean(changes <= 3) > 0.92
    assert np.mean(changes <= 20) > 0.99


def test_enlarged_ten_times_on_a_larger_canvas_in_a_corner(digits, prepared):
    for digit, expected in zip(digits[:50], prepared, strict=False):
        canvas = np.zeros((700, 900), np.uint8)
        canvas[:280, 620:] = np.kron(digit, np.ones((10, 10), np.uint8))
        if measure_width(digit) < 4.5:
            np.testing.assert_array_equal(to_mnist(canvas), expected)
        else:  # so thick that its lines are drawn anew, from whatever pixels there are
            assert difference(to_mnist(canvas), expected) < 0.5


def test_dark_on_light_is_the_same_as_light_on_dark(digits, prepared):
    inverted = np.stack([to_mnist(255 - digit) for digit in digits])
    assert np.abs(inverted.astype(int) - prepared).max() <= 1


def test_a_grey_background_and_a_faint_digit(digits, prepared):
    faint = np.stack([to_mnist((190 - digit * 0.4).astype(np.uint8)) for digit in digits[:50]])
    assert difference(faint, prepared[:50]) < 0.02


@pytest.mark.parametrize("dtype", [bool, np.uint16, np.int32, np.float32, np.float64])
def test_every_type_of_number(digits, dtype):
    digit = digits[0] > 100
    expected = to_mnist(digit.astype(np.uint8) * 255)
    factor = {"b": 1, "u": 4095, "i": 70000, "f": 0.5}[np.dtype(dtype).kind]
    np.testing.assert_array_equal(to_mnist((digit * factor).astype(dtype)), expected)


def test_alpha_without_a_background(digits, prepared):
    for colour in (0, 255):
        strokes = np.stack([np.dstack([np.full((28, 28, 3), colour, np.uint8), d]) for d in digits])
        out = np.stack([to_mnist(picture) for picture in strokes])
        assert np.abs(out.astype(int) - prepared).max() <= 1


def test_alpha_that_is_opaque_or_only_round_corners(digits, prepared):
    for digit, expected in zip(digits[:30], prepared, strict=False):
        alpha = np.full((28, 28), 255, np.uint8)
        opaque = np.dstack([255 - digit] * 3 + [alpha])
        alpha[:2, :2] = alpha[-2:, -2:] = 0
        cornered = np.dstack([255 - digit] * 3 + [alpha])
        chalk = np.dstack([digit] * 3 + [alpha])
        for picture in (opaque, cornered, chalk):
            assert np.abs(to_mnist(picture).astype(int) - expected).max() <= 1


def test_a_coloured_digit():
    picture = np.full((60, 60, 3), 255, np.uint8)
    picture[10:50, 25:33] = (30, 60, 200)
    assert to_mnist(picture).max() == 255


@pytest.mark.parametrize(
    "options", [{}, {"size": 90}, {"noise": 0.1}, {"slope": 0.65}, {"size": 355}]
)
def test_photo_in_uneven_light(digits, prepared, options):
    rng = np.random.default_rng(0)
    photos = [photo(digit, rng, **options) for digit in digits[:10]]
    out = np.stack([to_mnist(picture) for picture in photos])
    assert difference(out, prepared[:10]) < 0.3  # edges are steeper; the digit is the same
    light_on_dark = np.stack([to_mnist(255 - picture) for picture in photos])
    assert difference(light_on_dark, prepared[:10]) < 0.3


def test_specks_do_not_widen_the_crop(digits, prepared):
    canvas = np.zeros((560, 560), np.uint8)
    canvas[:280, :280] = np.kron(digits[3], np.ones((10, 10), np.uint8))
    canvas[500:504, 520:523] = 255
    np.testing.assert_array_equal(to_mnist(canvas), prepared[3])


def test_a_separate_part_of_a_digit_is_no_speck():
    canvas = np.zeros((200, 200), np.uint8)
    canvas[60:180, 60:80] = 255
    canvas[20:30, 60:120] = 255  # a bar that does not touch the rest
    assert np.ptp(np.argwhere(to_mnist(canvas)), axis=0).tolist() == [19, 7]
    assert to_mnist(canvas)[to_mnist(canvas).any(axis=1).argmax()].any()


@settings(max_examples=60, deadline=None)
@given(
    height=st.integers(1, 90),
    width=st.integers(1, 90),
    scale=st.integers(1, 4),
    margin=st.integers(3, 60),
    dark=st.booleans(),
)
@example(height=1, width=90, scale=4, margin=3, dark=False)  # an edge in every block of a side
def test_a_bar_of_any_size_fills_the_box_and_is_centred(height, width, scale, margin, dark):
    canvas = np.zeros((height * scale + 2 * margin, width * scale + 2 * margin), np.uint8)
    canvas[margin : margin + height * scale, margin : margin + width * scale] = 255
    image = to_mnist(255 - canvas if dark else canvas)
    assert image.shape == (28, 28)
    assert image.dtype == np.uint8
    assert image.max() == 255
    extent = np.ptp(np.argwhere(image), axis=0) + 1
    assert extent.max() == 20
    centre_of_mass = np.argwhere(image > -1).T @ image.ravel() / image.sum(dtype=float)
    assert np.all((centre_of_mass >= 13.5) & (centre_of_mass <= 14.5))


def test_centre_of_mass_on_real_digits(prepared):
    weights = prepared / prepared.sum(axis=(1, 2), keepdims=True, dtype=float)
    centres = (
        np.einsum("nij,i->n", weights, np.arange(28)),
        np.einsum("nij,j->n", weights, np.arange(28)),
    )
    for axis in centres:
        assert axis.min() >= 13.5
        assert axis.max() <= 14.5
        assert abs(axis.mean() - 14.0) < 0.06


def test_a_lopsided_box_keeps_all_its_foreground():
    box = np.zeros((20, 20), np.uint8)
    box[0, 0] = box[19, 19] = 1
    box[0, 1] = 255
    image = centre(box)
    assert image.sum() == box.sum(dtype=int)
    assert np.argwhere(image == 255).tolist() == [[8, 9]]


def test_a_small_digit_is_enlarged_as_if_doubled_first():
    rng = np.random.default_rng(1)
    small = rng.random((7, 5))
    doubled = np.kron(small, np.ones((4, 4)))
    np.testing.assert_array_equal(fit_box(small), fit_box(doubled))
    assert np.argwhere(fit_box(small)).max() == 19


def test_area_average_keeps_the_foreground():
    foreground = np.random.default_rng(2).random((60, 60)) + 0.1
    expected = foreground.reshape(20, 3, 20, 3).mean(axis=(1, 3))
    np.testing.assert_array_equal(fit_box(foreground), np.rint(expected * (255 / expected.max())))


@pytest.mark.parametrize("value", [0, 0.4, 1])
def test_blank_pictures_have_no_foreground(value):
    with pytest.raises(ValueError, match="no ink"):
        to_mnist(np.full((50, 50), value, np.float32))
    with pytest.raises(ValueError, match="no ink"):
        to_mnist(np.zeros((9, 9, 4), np.uint8))


def test_noise_is_no_foreground():
    rng = np.random.default_rng(3)
    blank = [photo(np.zeros((28, 28), np.uint8), rng, noise=s) for s in (0, 0.004, 0.02, 0.06)]
    dithered = 254 + rng.integers(0, 2, (80, 80)).astype(np.uint8)
    for picture in [*blank, dithered]:
        with pytest.raises(ValueError, match="no ink"):
            to_mnist(picture)


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros(28),
        np.zeros((28, 28, 2)),
        np.zeros((0, 5)),
        np.zeros((2, 28, 28, 1)),
        np.zeros((5, 5), complex),
        np.array([["a"]]),
        np.array([[1.0, np.nan]]),
        np.array([[1.0, np.inf]]),
    ],
    ids=lambda a: f"{a.dtype}{a.shape}",
)
def test_what_is_no_picture_is_refused(wrong):
    with pytest.raises(ValueError, match="picture"):
        to_mnist(wrong)
    with pytest.raises(ValueError, match="no ink"):
        fit_box(np.zeros((5, 5)))


def test_the_picture_of_the_caller_is_left_alone(digits):
    for picture in (
        digits[0].copy(),
        digits[0] / np.float32(255),
        photo(digits[0], np.random.default_rng(4)),
    ):
        before = picture.copy()
        picture.flags.writeable = False
        to_mnist(picture)
        find_foreground(to_grey(picture))
        np.testing.assert_array_equal(picture, before)


def in_a_corner(digit):
    canvas = np.zeros((280, 280), np.uint8)
    canvas[196:, 196:] = Image.fromarray(digit).resize((84, 84), Image.Resampling.BICUBIC)
    return canvas


def thicker(digit):
    large = enlarged(digit, 280)
    return np.pad(thicken(large, measure_width(large) * 1.5), 20)


def thinner(digit):
    large = Image.fromarray(np.uint8(255 * np.clip(enlarged(digit, 280), 0, 1)))
    return np.pad(np.asarray(large.filter(ImageFilter.MinFilter(11))), 20)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("picture_of", "points"),
    [
        (lambda digit: enlarged(digit, 280), 0.34),
        (lambda digit: 1 - enlarged(digit, 280), 0.34),
        (in_a_corner, 1.0),
        (lambda digit: 255 - in_a_corner(digit), 1.0),
        (thinner, 1.0),
        (thicker, 2.0),
    ],
    ids=["enlarged", "dark on light", "in a corner", "dark in a corner", "thin", "thick"],
)
def test_300_digits_are_recognised_as_well_as_the_originals(recognise, picture_of, points):
    sample = datasets.load("sample")
    x, y = sample.x_test[:300], sample.y_test[:300]
    accuracy = 100 * np.mean(recognise([to_mnist(picture_of(digit)) for digit in x]) == y)
    assert accuracy >= 100 * np.mean(recognise(x) == y) - points
