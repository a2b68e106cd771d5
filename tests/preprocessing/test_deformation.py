"""Turned, slanted and bent copies: both ways, fitted and centred."""

import numpy as np
import pytest

from tests.support.boxes import canvas, rng
from tinycnn.preprocessing import augmentation, deformation
from tinycnn.preprocessing.augmentation import scale_to_unit

BAR = (4, 24, 13, 16)


def test_strength_0_only_fits_and_centres(sample):
    images = scale_to_unit(sample[0])
    assert np.abs(augmentation.deform(images, rng(), 0.0) - images).mean() < 0.01
    rough = augmentation.deform(images, rng(), 1.0)
    assert np.abs(rough - images).mean() > 0.05


def test_deforming_turns_both_ways_and_slants():
    new = augmentation.deform(canvas(BAR, count=400), rng())
    rows, columns = np.arange(28)[:, None] - 14, np.arange(28) - 14
    lean = (new * rows * columns).sum(axis=(1, 2)) / (new * rows**2).sum(axis=(1, 2))
    assert lean.min() < -0.2
    assert lean.max() > 0.2
    assert abs(lean.mean()) < 0.05


@pytest.mark.parametrize("value", [1, 12, 255])
@pytest.mark.parametrize("box", [(3, 4, 9, 10), BAR])
def test_a_faint_or_tiny_digit_fills_the_box_like_any_other(value, box):
    new = augmentation.deform(canvas(box) * np.float32(value / 255), rng())
    assert new.max() == 1
    assert np.isfinite(new).all()
    across, down = (np.ptp(np.nonzero(new.max(axis=(0, axis)))) for axis in (1, 2))
    assert max(across, down) >= 18


def test_pixels_between_others_are_their_mean_in_float32():
    images = np.random.default_rng(0).random((3, 28, 28), np.float32)
    place = np.random.default_rng(1).uniform(-20, 20, (2, 3, 28, 28)).astype(np.float32)
    out = deformation._sampled(images, *place)
    assert out.dtype == np.float32
    assert augmentation.deform(images, rng()).dtype == np.float32
    padded = np.pad(images.astype(float), [(0, 0), (8, 8), (8, 8)])  # 0 outside
    for index in np.ndindex(out.shape):
        x, y = (float(p[index]) + 14 + 8 for p in place)
        column, row = int(x), int(y)
        around = padded[index[0], row : row + 2, column : column + 2]
        weights = np.outer([row + 1 - y, y - row], [column + 1 - x, x - column])
        # Points outside are taken to the edge of the zeros around the image, but for a thousandth.
        limit = 1e-5 if min(x, y) > 7 and max(x, y) < 8 + 28 else 1e-3
        assert abs(out[index] - (around * weights).sum()) < limit


def test_shifting_goes_every_way_equally_often_and_loses_what_leaves():
    images = np.random.default_rng(0).random((500, 28, 28), np.float32)
    before, new = images.copy(), deformation.shift(images, rng(), 2)
    np.testing.assert_array_equal(images, before)
    padded, seen = np.pad(images, [(0, 0), (2, 2), (2, 2)]), []
    for image, wide in zip(new, padded, strict=True):
        ways = [
            (down, right)
            for down in range(-2, 3)
            for right in range(-2, 3)
            if np.array_equal(image, wide[2 - down : 30 - down, 2 - right : 30 - right])
        ]
        assert len(ways) == 1
        seen += ways
    assert len(set(seen)) == 25
    assert np.abs(np.mean(seen, axis=0)).max() < 0.3
    np.testing.assert_array_equal(deformation.shift(images, rng(), 0), images)
