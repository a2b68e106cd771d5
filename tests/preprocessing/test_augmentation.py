"""New digits out of old: prepared as MNIST's, following from the seed, each addition where it belongs."""

import numpy as np
import pytest

from tests.support.boxes import canvas, rng
from tinycnn.preprocessing import augmentation
from tinycnn.preprocessing.augmentation import augment, scale_to_unit

ADDITIONS = ["add_flag", "add_foot", "add_crossbar", "add_serif", "add_slash", "add_hook"]
CHANGES = [*ADDITIONS, "erase_gap", "vary_line_width", "sharpen", "deform"]


BAR = (4, 24, 13, 16)
RING = [(4, 7, 7, 20), (21, 24, 7, 20), (4, 24, 7, 10), (4, 24, 17, 20)]
SEVEN = [(4, 7, 6, 20), (4, 24, 17, 20)]


def added(change, images):
    """Return where a change put new foreground, (n, 28, 28)."""
    return np.maximum(change(images, rng()) - images, 0)


def weighted_middle(images):
    """Return the centre of mass (n, 2) as (row, column)."""
    axis = np.arange(28)
    mass = images.sum(axis=(1, 2))
    rows, columns = images.sum(axis=2) @ axis, images.sum(axis=1) @ axis
    return np.stack([rows, columns], axis=1) / mass[:, None]


def longer_side(image):
    rows, columns = (np.flatnonzero((image > 0.05).any(axis=axis)) for axis in (1, 0))
    return max(np.ptp(rows), np.ptp(columns)) + 1


def test_the_result_looks_like_what_the_preparation_gives(sample):
    new = augment(*sample, rng())
    assert new.shape == sample[0].shape
    assert new.dtype == np.float32
    assert new.min() >= 0
    assert new.max() == 1
    assert new.max(axis=(1, 2)).min() > 0.9
    sides = np.array([longer_side(image) for image in new])
    assert np.mean(np.abs(sides - 20) <= 1) > 0.95
    assert np.mean(sides == 20) > 0.8
    off = np.abs(weighted_middle(new) - 14)
    assert np.quantile(off, 0.5) < 0.3
    assert np.quantile(off, 0.95) < 1
    mass = np.mean(sample[0]) / 255
    assert 0.85 * mass < new.mean() < 1.15 * mass


def test_the_same_seed_gives_the_same_and_another_gives_others(sample):
    images, labels = sample
    one, again, other = (augment(images, labels, rng(seed)) for seed in (1, 1, 2))
    assert one.tobytes() == again.tobytes()
    same = (one == other).all(axis=(1, 2))
    assert same.mean() < 0.1  # a few stay plain in both


def test_some_digits_stay_as_they_are(sample):
    plain = (augment(*sample, rng()) == scale_to_unit(sample[0])).all(axis=(1, 2))
    assert 0.08 < plain.mean() < 0.25


def test_bytes_and_floats_are_the_same_foreground(sample):
    images, labels = sample[0][:50], sample[1][:50]
    assert np.array_equal(augment(images, labels, rng()), augment(images / 255, labels, rng()))


def test_the_caller_s_images_stay_as_they_were(sample):
    images = scale_to_unit(sample[0][:100])
    before = images.copy()
    augment(images, sample[1][:100], rng())
    for name in CHANGES:
        getattr(augmentation, name)(images, rng())
    assert np.array_equal(images, before)


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_keeps_to_the_range_and_changes_something(sample, name):
    images = scale_to_unit(sample[0])
    new = getattr(augmentation, name)(images, rng())
    assert new.shape == images.shape
    assert np.isfinite(new).all()
    assert new.min() >= 0
    assert new.max() <= 1
    assert (new != images).any(axis=(1, 2)).mean() > (0.05 if name == "add_flag" else 0.9)


def test_a_flag_hangs_to_the_left_from_the_top():
    flag = added(augmentation.add_flag, canvas(BAR))
    assert (flag.sum(axis=(1, 2)) > 2).all()
    assert (flag[:, :, 17:].sum(axis=(1, 2)) < flag[:, :, :14].sum(axis=(1, 2))).all()
    assert (flag[:, 18:] == 0).all()


def test_a_one_that_has_a_flag_and_a_foot_gets_no_other_flag():
    complete = canvas(BAR, (22, 24, 7, 22), (4, 9, 9, 13))
    assert np.array_equal(augmentation.add_flag(complete, rng()), complete)


def test_a_foot_is_level_and_goes_to_both_sides():
    with_foot = added(augmentation.add_foot, canvas(BAR))
    assert (with_foot[:, :19] == 0).all()
    assert (with_foot[:, :, :13].sum(axis=(1, 2)) > 0.5).all()
    assert (with_foot[:, :, 16:].sum(axis=(1, 2)) > 0.5).all()


def test_a_crossbar_cuts_the_stem_of_a_seven_in_its_middle_part():
    bar = added(augmentation.add_crossbar, canvas(*SEVEN))
    assert (bar[:, :7] == 0).all()
    assert (bar[:, 20:] == 0).all()
    assert (bar[:, :, 20:].sum(axis=(1, 2)) > 0.5).all()
    assert (bar[:, :, :17].sum(axis=(1, 2)) > 0.5).all()


def test_a_serif_hangs_from_the_left_end_of_a_seven():
    tick = added(augmentation.add_serif, canvas(*SEVEN))
    assert (tick[:, :, 12:] == 0).all()
    assert (tick[:, 7:].sum(axis=(1, 2)) > 0.5).all()


def test_a_slash_crosses_a_nought_from_upper_right_to_lower_left_or_nearly_level():
    slash = added(augmentation.add_slash, canvas(*RING))[:, 7:21, 10:17]
    assert (slash[:, 5:9, 2:5].sum(axis=(1, 2)) > 3).all()
    rising = slash[:, :5, 4:].sum(axis=(1, 2)) + slash[:, 9:, :3].sum(axis=(1, 2))
    falling = slash[:, :5, :3].sum(axis=(1, 2)) + slash[:, 9:, 4:].sum(axis=(1, 2))
    level = rising + falling < 1  # nothing above or below the middle, where no ring is either
    assert 0.1 < level.mean() < 0.6
    assert (rising > falling)[~level].all()


def test_a_hook_is_attached_where_a_stroke_ends():
    hook = added(augmentation.add_hook, canvas(BAR))
    assert (hook.sum(axis=(1, 2)) > 0.2).mean() > 0.9
    assert (hook[:, 11:17] == 0).all()
    above, below = hook[:, :4].sum(axis=(1, 2)), hook[:, 24:].sum(axis=(1, 2))
    assert (above > 0.5).any()
    assert (below > 0.5).any()
    assert 0.6 < (above + below > 3).mean() < 1  # most go on, some turn back


def test_a_gap_takes_foreground_away_at_one_place_only():
    bar = canvas(BAR)
    new = augmentation.erase_gap(bar, rng())
    assert (new <= bar).all()
    lost = (new < bar).any(axis=2).sum(axis=1)  # rows
    assert lost.min() >= 2
    assert lost.max() <= 7


def test_a_gap_never_takes_all_that_there_is():
    assert augmentation.erase_gap(canvas((0, 1, 0, 1)), rng()).any(axis=(1, 2)).all()


def test_lines_get_both_wider_and_narrower():
    width = augmentation.line_width(augmentation.vary_line_width(canvas(BAR, count=200), rng()))
    assert width.min() < 2.4
    assert width.max() > 3.7
    assert width.max() < 4.7


@pytest.mark.parametrize("pixels", [1, 2, 3, 5])
@pytest.mark.parametrize("transposed", [False, True])
def test_the_width_of_a_long_line_is_measured(pixels, transposed):
    line = canvas((0, 28, 10, 10 + pixels), count=1)
    line = line.transpose(0, 2, 1) if transposed else line
    assert 0.92 * pixels < augmentation.line_width(line)[0] <= pixels


def test_a_line_may_have_no_length_or_lie_outside():
    blank = canvas(count=2)
    start, end = np.array([[5, 5], [-40, 3]]), np.array([[5, 5], [-50, 3]])
    new = augmentation.draw_line(blank, start, end, np.array([3, 3]))
    assert new[0].sum() > 4
    assert new[1].sum() == 0


def test_only_ones_get_flags_and_only_noughts_slashes(sample, monkeypatch):
    images, labels = sample
    seen = {}

    def remember(name):
        def change(images, rng):
            seen.setdefault(name, []).append(len(images))
            return images

        return change

    for name in ADDITIONS:
        monkeypatch.setattr(augmentation, name, remember(name))
    augment(images[labels == 1], labels[labels == 1], rng())
    assert set(seen) == {"add_flag", "add_foot"}
    seen.clear()
    augment(images[labels == 7], labels[labels == 7], rng())
    assert set(seen) == {"add_crossbar", "add_serif", "add_hook"}
    seen.clear()
    augment(images[labels == 0], labels[labels == 0], rng())
    assert set(seen) == {"add_slash", "add_hook"}


def test_no_images_are_no_problem():
    assert augment(np.zeros((0, 28, 28), np.uint8), np.zeros(0, int), rng()).shape == (0, 28, 28)


@pytest.mark.parametrize(
    ("images", "labels", "strength", "words"),
    [
        (np.ones((2, 28, 28, 1)), np.zeros(2), 1, r"\(2, 28, 28, 1\)"),
        (np.ones((2, 28, 28)), np.zeros(3), 1, r"\(3,\)"),
        (np.ones((2, 28, 28)), np.zeros(2), 1.5, r"1\.5"),
        (np.ones((2, 28, 28)), np.zeros(2), float("nan"), "nan"),
        (np.zeros((2, 28, 28)), np.zeros(2), 1, "image 0"),
        (np.full((2, 28, 28), 255.0), np.zeros(2), 1, "from 0 to 1"),
        (np.full((2, 28, 28), -0.5), np.zeros(2), 1, "from 0 to 1"),
        (np.full((2, 28, 28), np.nan), np.zeros(2), 1, "from 0 to 1"),
    ],
)
def test_what_does_not_fit_is_refused(images, labels, strength, words):
    with pytest.raises(ValueError, match=words):
        augment(images, labels, rng(), strength)
