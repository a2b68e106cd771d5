"""Foreground must be told from background in any light that a room or a scanner gives."""

import contextlib

import numpy as np
import pytest
from PIL import Image

from tinycnn import datasets
from tinycnn.preprocessing.segmentation import (
    crop_to_foreground,
    find_foreground,
    foreground_strength,
)

SHAPE = (240, 320)
Y, X = np.mgrid[:240, :320] / 240


@pytest.fixture
def ring():
    """A 0 somewhere off the middle, bool (240, 320)."""
    away = np.hypot((Y - 0.45) / 1.3, X - 0.8)
    return (away > 0.2) & (away < 0.26)


def photo(light, foreground, *, noise=0.01, strength=0.7):
    values = light * (1 - strength * foreground)
    return values + np.random.default_rng(0).normal(0, noise, SHAPE)


def lights():
    frame = np.full(SHAPE, 0.9)
    frame[:12] = frame[-12:] = frame[:, :12] = frame[:, -12:] = 0.15
    strip = np.full(SHAPE, 0.9)
    strip[:, :20] = 0.1
    return {
        "even": np.full(SHAPE, 0.8),
        "slope": 0.9 - 0.4 * X,
        "dark corners": 0.95 - 0.5 * np.hypot(X - 0.67, Y - 0.5) ** 3,
        "hard shadow": np.where(X + 0.3 * Y < 0.75, 0.9, 0.5),
        "hard shadow beside the digit": np.where(X < 0.4, 0.9, 0.55),
        "dark frame": frame,
        "dark strip": strip,
    }


@pytest.mark.parametrize("name", lights())
@pytest.mark.parametrize("is_dark", [True, False])
def test_light_is_no_foreground(ring, name, is_dark):
    light = photo(lights()[name], ring)
    mask = find_foreground(light if is_dark else 1 - light) > 0.5
    assert (mask & ring).sum() > 0.97 * ring.sum()
    assert (mask & ~ring).sum() < 0.08 * ring.sum()


@pytest.mark.parametrize("width", [0.008, 0.02, 0.1])
def test_thin_and_thick_pens(width):
    away = np.hypot((Y - 0.45) / 1.3, X - 0.8)
    ring = np.abs(away - 0.23) < width / 2
    mask = find_foreground(photo(0.9 - 0.3 * X, ring)) > 0.5
    assert (mask & ring).sum() > 0.9 * ring.sum()
    assert (mask & (np.abs(away - 0.23) > width / 2 + 0.01)).sum() == 0


@pytest.mark.parametrize("name", lights())
def test_a_thin_pen_in_any_light(name):
    away = np.hypot((Y - 0.45) / 1.3, X - 0.8)
    ring = np.abs(away - 0.15) < 0.008
    mask = find_foreground(photo(lights()[name], ring)) > 0.5
    assert (mask & ring).sum() > 0.9 * ring.sum()
    assert (mask & ~ring).sum() < 0.5 * ring.sum()


@pytest.mark.parametrize("side", range(4))
@pytest.mark.parametrize("tone", [0.0, 1.0])
@pytest.mark.parametrize("is_dark", [True, False])
def test_a_strip_at_an_edge_does_not_decide_dark_or_light(ring, side, tone, is_dark):
    light = photo(np.full(SHAPE, 0.7), ring, strength=0.15, noise=0.004)  # pencil
    light = light if is_dark else 1 - light
    np.rot90(light, side)[: len(np.rot90(light, side)) // 80] = tone
    mask = find_foreground(light) > 0.5
    assert (mask & ring).sum() > 0.97 * ring.sum()
    assert (mask & ~ring).sum() < 0.08 * ring.sum()


def test_a_table_with_a_pattern_at_the_edge_is_no_foreground(ring):
    light = photo(np.full(SHAPE, 0.85), ring)
    light[:, :60] = np.where(Y % 0.25 < 0.1, 0.2, 0.7)[:, :60]  # a striped cloth
    mask = find_foreground(light) > 0.5
    assert (mask & ring).sum() > 0.97 * ring.sum()
    assert (mask & ~ring).sum() < 0.08 * ring.sum()


@pytest.mark.parametrize("squared", [False, True])
def test_printed_lines_are_no_foreground(ring, squared):
    lines = (np.arange(240)[:, None] % 24 < 2) | (squared & (np.arange(320) % 24 < 2))
    mask = find_foreground(photo(0.9 - 0.2 * lines, ring)) > 0.5
    assert (mask & ring).sum() > 0.95 * ring.sum()
    assert (mask & ~ring).sum() < 0.08 * ring.sum()


def test_a_photo_of_12_megapixels_has_a_foreground_of_its_shape():
    y, x = np.ogrid[:3000, :4000]
    ring = np.abs(np.hypot(y - 1500, x - 2000) - 700) < 100
    noise = np.random.default_rng(0).normal(0, 0.02, (300, 4000)).astype(np.float32)
    foreground = find_foreground(0.8 - 0.5 * ring + np.tile(noise, (10, 1)))
    assert foreground.shape == (3000, 4000)
    assert ((foreground > 0.5) == ring).mean() > 0.99


def test_the_foreground_has_the_shape_of_the_picture_and_ends_at_1(ring):
    for light in lights().values():
        foreground = find_foreground(photo(light, ring))
        assert (foreground.shape, foreground.dtype) == (SHAPE, np.float32)
        assert (foreground.min(), foreground.max()) == (0, 1)


@pytest.mark.parametrize("name", ["even", "slope", "dark corners", "hard shadow"])
def test_light_alone_has_no_foreground(name):
    with pytest.raises(ValueError, match="no ink"):
        find_foreground(photo(lights()[name], np.zeros(SHAPE)))


@pytest.mark.parametrize("shape", [(1, 9), (9, 1), (2, 2), (3, 200), (200, 3)])
def test_pictures_of_few_pixels(shape):
    grey = np.random.default_rng(1).random(shape)
    with contextlib.suppress(ValueError):  # noise, after all
        assert find_foreground(grey).shape == shape


def test_crop_to_foreground():
    foreground = np.zeros((9, 9))
    foreground[2, 3] = 1
    foreground[5, 7] = 0.06
    foreground[8, 8] = 0.04  # too faint to count
    assert crop_to_foreground(foreground).shape == (4, 5)
    with pytest.raises(ValueError, match="no ink"):
        crop_to_foreground(np.zeros((3, 3)))


def test_ten_rows_of_ten_digits_are_no_noise():
    page = np.full((860, 860), 255, np.uint8)
    for place, digit in enumerate(datasets.load("sample").x_test[:100]):
        top, left = 34 + 80 * (place // 10), 34 + 80 * (place % 10)
        enlarged = Image.fromarray(255 - digit).resize((72, 72))
        page[top : top + 72, left : left + 72] = np.asarray(enlarged)
    assert foreground_strength(page / 255, several=True).is_drawing
