"""Photos of one digit as phones make them, of every kind: read, and where nothing can be read, refused."""

import collections

import numpy as np
import pytest

from benchmarks.pages.__main__ import bundled
from benchmarks.pages.page import MOST_TURNED, USUAL, photographed
from benchmarks.pages.photo import HEIGHT, PHOTOS, SHAPES, draw_photo
from benchmarks.photos import COUNTED, outcome, photos, report_photos
from tinycnn import datasets
from tinycnn.preprocessing.segmentation import to_grey
from tinycnn.pretrained.reading import SURE, read_picture

FEW, MANY = 10, 30  # photos of each kind
BLANK = 8  # of each kind
DROWNED = {"noise": (0.9, 1.2), "absorbed": (0.1, 0.15)}  # the paper's noise is 7 times the ink


@pytest.fixture(scope="module")
def classify():
    return bundled()


@pytest.fixture(scope="module")
def digits():
    return datasets.load("sample")


@pytest.mark.parametrize("count", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", PHOTOS)
def test_the_digits_of_every_kind_of_photo_are_read(kind, count, classify, digits, tmp_path):
    path = tmp_path / "photo.jpg"
    counts = collections.Counter(
        outcome(photo, classify, path) for photo in photos(kind, count, 15, digits)
    )
    assert counts["right"] >= 0.9 * count, counts
    assert counts["misread"] <= max(0.05 * count, 1), counts


def sure_of(grey, classify):
    """The sure digits in a picture; none if it is refused."""
    try:
        rows = read_picture(grey, classify)
    except ValueError:
        return []
    return [one.digit for row in rows for one in row if one.probability >= SURE]


def blank(kind, seed):
    """A photo of that kind of paper, grey, with nothing on it."""
    rng = np.random.default_rng([16, seed])
    shape, how = SHAPES[seed % 2], USUAL | PHOTOS[kind]
    height = min(shape) * rng.uniform(*HEIGHT)
    turn = rng.uniform(-MOST_TURNED, MOST_TURNED) if how.get("turned") else 0.6
    measures = height, 0.08 * height, np.radians(turn)
    return to_grey(photographed(np.zeros(shape, np.float32), measures, rng, how))


@pytest.mark.parametrize("count", [BLANK, pytest.param(MANY, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", PHOTOS)
def test_where_nothing_is_written_nothing_is_read(kind, count, classify):
    found = {seed: sure_of(blank(kind, seed), classify) for seed in range(count)}
    wrong = {seed: digits for seed, digits in found.items() if digits}
    assert len(wrong) <= 0.04 * count, wrong


def test_what_drowns_in_noise_is_not_guessed(classify, digits, monkeypatch):
    monkeypatch.setitem(PHOTOS, "drowned", DROWNED)
    for photo in photos("drowned", FEW, 17, digits):
        assert sure_of(to_grey(photo.picture), classify) == []


@pytest.mark.parametrize("kind", ["ruled", "EXIF"])
def test_the_same_seed_gives_the_same_photo(kind, digits):
    one, other = (draw_photo(kind, np.random.default_rng(3), 4, digits.x_test[0]) for _ in range(2))
    np.testing.assert_array_equal(one.picture, other.picture)
    assert one.rows == other.rows
    assert (one.orientation == 1) == (kind != "EXIF")


def test_the_digit_is_where_the_photo_says(digits):
    for photo in photos("pen on white", 6, 18, digits):
        dark = photo.picture.min(axis=2) < 0.6 * np.median(photo.picture)
        [[(_, (top, left, bottom, right))]] = photo.rows
        inside = dark[top : bottom + 1, left : right + 1].sum()
        assert inside > 0.95 * dark.sum() > 0


def test_photos_are_reported_by_kind(monkeypatch, capsys, digits):
    for kind in [*PHOTOS][2:]:
        monkeypatch.delitem(PHOTOS, kind)
    report_photos(lambda images: np.full((len(images), 10), 0.1), digits, 1, 0)
    head, *lines = capsys.readouterr().out.split("\n")
    assert head.split()[-4:] == [*COUNTED]
    assert [line.split()[-2] for line in lines[:3]] == ["100.00"] * 3
    assert lines[2].startswith("all")
