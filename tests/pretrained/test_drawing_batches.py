"""Batches to learn drawings from: what is in them, again the same, and as a model wants them."""

import numpy as np
import pytest

from tinycnn import datasets, utils
from tinycnn.preprocessing.drawn import NO_DIGIT, digit_styles, other_styles
from tinycnn.pretrained import drawing_batches
from tinycnn.pretrained.digit_input import DigitInput
from tinycnn.pretrained.drawing_batches import DrawingBatches, made_thicker, targets

SIZE = 64


@pytest.fixture(scope="module")
def digits():
    loaded = datasets.load("sample")
    return loaded.x_train[:100], loaded.y_train[:100]


def batches_of(digits, epochs=3, **options):
    utils.set_random_seed(5)
    batches = DrawingBatches(*digits, SIZE, epochs, **options)
    batches.on_epoch_begin()
    return batches


def test_an_epoch_shows_every_digit_once_and_drawings_beside_it(digits):
    batches = batches_of(digits)
    sizes = [len(batches[i][0]) for i in range(len(batches))]
    drawn = sum(drawing_batches.counts(SIZE))
    assert sizes[:-1] == [SIZE] * (len(batches) - 1)
    assert sum(sizes) == 100 + drawn * len(batches)
    assert sorted(batches.order) == list(range(100))


def test_what_is_no_digit_is_as_likely_each_of_the_ten(digits):
    images, of_batch = batches_of(digits)[0]
    others, others_thick = drawing_batches.counts(SIZE)[-2:]
    assert images.dtype == of_batch.dtype == np.float32
    assert images.min() == 0
    assert images.max() == 1
    np.testing.assert_allclose(of_batch.sum(axis=1), 1, rtol=1e-6)
    no_digit = of_batch.max(axis=1) < 0.5
    assert no_digit.sum() == others + others_thick
    assert np.ptp(of_batch[no_digit]) == 0


def test_targets_name_the_digit():
    made = targets(np.array([0, 9, NO_DIGIT]))
    assert made[:2].argmax(axis=1).tolist() == [0, 9]
    assert made[:2].sum(axis=1).tolist() == [1, 1]


def test_a_batch_follows_from_seed_epoch_and_place_alone(digits):
    one, other = batches_of(digits), batches_of(digits)
    one[1]  # what was asked for before does not matter
    first = one[0]
    assert all(map(np.array_equal, first, other[0]))
    other.on_epoch_begin()
    assert not np.array_equal(first[0], other[0][0])
    utils.set_random_seed(6)
    fresh = DrawingBatches(*digits, SIZE, 3)
    fresh.on_epoch_begin()
    assert not np.array_equal(first[0], fresh[0][0])


def test_the_last_third_is_varied_half_as_much():
    assert [drawing_batches.strength(epoch, 6) for epoch in range(6)] == [1, 1, 1, 1, 0.5, 0.5]
    assert drawing_batches.strength(0, 1) == 1


def test_left_out_styles_are_not_drawn(digits, monkeypatch):
    kept, sign = digit_styles()[0], other_styles()[0]
    without = [*digit_styles()[1:], *other_styles()[1:]]
    seen = []
    for name in ("drawn_digits", "drawn_others"):
        draw = getattr(drawing_batches, name)
        monkeypatch.setattr(
            drawing_batches, name, lambda *a, draw=draw, **k: seen.append(draw(*a, **k)) or seen[-1]
        )
    batches_of(digits, without=without)[0]
    assert {style for _, _, styles in seen for style in styles} == {kept, sign}
    with pytest.raises(ValueError, match="'7 cursed' is none of the styles"):
        batches_of(digits, without=["7 cursed"])


def test_images_come_as_the_model_wants_them(digits):
    plain = batches_of(digits)[0][0]
    wanted = DigitInput((784,), -1, 1)
    other = batches_of(digits, digit_input=wanted)[0][0]
    assert other.shape == (SIZE, 784)
    np.testing.assert_allclose(other, plain.reshape(SIZE, 784) * 2 - 1, atol=1e-5)


def test_a_thick_pen_draws_more_and_leaves_the_data_alone(digits):
    images = digits[0][:20].copy()
    thick = made_thicker(images, np.random.default_rng(0))
    assert np.array_equal(images, digits[0][:20])
    assert thick.dtype == np.float32
    assert thick.max() == 1
    assert (thick.sum(axis=(1, 2)) > images.sum(axis=(1, 2)) / 255).mean() > 0.8
    assert made_thicker(images[:0], np.random.default_rng(0)).shape == (0, 28, 28)


@pytest.mark.parametrize(
    ("x", "y", "size", "words"),
    [
        ((0, 28, 28), [], 8, "n from 1"),
        ((3, 28, 28, 1), [1, 2, 3], 8, "n from 1"),
        ((3, 28, 28), [1, 2], 8, "n from 1"),
        ((2, 28, 28), [1, 10], 8, "labels must be 0 to 9"),
        ((2, 28, 28), [1, 2], 0, "batch_size"),
    ],
)
def test_what_is_no_digits_is_refused_at_once(x, y, size, words):
    with pytest.raises(ValueError, match=words):
        DrawingBatches(np.ones(x, np.uint8), np.array(y, int), size, 1)


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_batches_may_be_tiny(digits, size):
    batches = DrawingBatches(*digits, size, 1)
    batches.on_epoch_begin()
    assert len(batches[0][0]) == size
