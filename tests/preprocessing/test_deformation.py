"""Turned, slanted and bent copies: both ways, fitted and centred."""

import numpy as np

from tests.support.boxes import canvas, rng
from tinycnn.preprocessing import augmentation
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
