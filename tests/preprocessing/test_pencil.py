"""Pencil on textured paper is read, or refused with the reason; never answered from noise."""

import numpy as np
import pytest

from benchmarks.pencil import SHAPE, background_noise, outcomes, pencil_photo
from tinycnn import datasets, pretrained
from tinycnn.preprocessing import to_mnist

COUNT = 5


@pytest.fixture(scope="module")
def model():
    return pretrained.load()


def read(model, **how):
    digits, rng = datasets.load("sample"), np.random.default_rng(0)
    x, y = digits.x_test[:COUNT], digits.y_test[:COUNT]
    return outcomes(model, x, y, lambda digit: pencil_photo(digit, rng, **how))


@pytest.mark.parametrize(
    ("contrast", "noise", "how"),
    [
        (0.8, 45, {"background": 1.0}),
        (0.08, 5, {"background": 1.0}),
        (0.3, 20, {"background": 1.0}),
        (0.15, 10, {"background": 1.0, "grain": 2}),
        (0.08, 5, {}),
        (0.15, 20, {}),
        (0.3, 20, {"grain": 2}),
        (0.3, 20, {"quality": 60}),
    ],
    ids=str,
)
def test_pencil_on_textured_paper_is_read(model, contrast, noise, how):
    right, refused, wrong = read(model, contrast=contrast, noise=noise, **how)
    assert right >= COUNT - 1, (right, refused, wrong)


@pytest.mark.parametrize(
    ("noise", "how"),
    [(45, {"background": 1.0}), (45, {}), (45, {"grain": 2}), (45, {"quality": 60})],
)
def test_pencil_that_drowns_in_noise_is_refused(model, noise, how):
    assert read(model, contrast=0.08, noise=noise, **how) == (0, COUNT, 0)


@pytest.mark.parametrize("light", [0.05, 0.5, 0.95, 1.0])
@pytest.mark.parametrize("grain", [0, 2, 8])
@pytest.mark.parametrize("noise", [5, 45])
def test_paper_alone_is_refused(light, grain, noise):
    values = light + background_noise(np.random.default_rng(1), noise, grain)
    picture = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
    with pytest.raises(ValueError, match="no ink in the picture"):
        to_mnist(picture)


def test_specks_alone_are_refused():
    specks = np.random.default_rng(2).random(SHAPE) < 0.01
    with pytest.raises(ValueError, match="scattered"):
        to_mnist(np.where(specks, 0, 255).astype(np.uint8))


def test_coarse_grain_is_averaged_away_before_a_digit_is_refused(model):
    right, refused, wrong = read(model, contrast=0.16, noise=20, grain=2)
    assert (right > 0, wrong) == (True, 0), (right, refused, wrong)
