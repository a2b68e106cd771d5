"""Of the ways to take the pieces of a row together, the surest is taken."""

import numpy as np
import pytest

from tinycnn.preprocessing import several
from tinycnn.preprocessing.several import Candidate
from tinycnn.pretrained import reading


def row_of(*candidates):
    """Candidates (first, last, cost); the image of each holds its number."""
    return [
        Candidate(first, last, np.full((28, 28), number, np.uint8), (0, first, 9, last), cost)
        for number, (first, last, cost) in enumerate(candidates)
    ]


def read(monkeypatch, rows, table):
    """Read rows with {number of a candidate: (digit, probability)}."""

    def classify(images):
        shares = np.zeros((len(images), 10))
        for share, image in zip(shares, images, strict=True):
            digit, probability = table[int(image[0, 0])]
            share[:] = (1 - probability) / 9
            share[digit] = probability
        return shares

    monkeypatch.setattr(reading, "find_candidates", lambda picture: rows)
    return [[one.digit for one in row] for row in reading.read_rows(None, classify)]


TOUCHING = [(0, 1, 0.5), (1, 2, 0.5), (0, 2, 0.0)]  # two parts of one component, and all of it


@pytest.mark.parametrize(
    ("parts", "whole", "expected"),
    [(0.99, 0.3, [4, 2]), (0.6, 0.9, [8]), (0.99, 0.99, [8])],
)
def test_the_surer_of_two_readings_is_kept(monkeypatch, parts, whole, expected):
    table = {0: (4, parts), 1: (2, parts), 2: (8, whole)}
    assert read(monkeypatch, [row_of(*TOUCHING)], table) == [expected]


def test_rows_are_read_one_by_one(monkeypatch):
    first, second = row_of((0, 1, 0.0), (1, 2, 0.0)), row_of((0, 1, 0.0))
    table = {0: (7, 0.9), 1: (3, 0.9)}
    assert read(monkeypatch, [first, second], table) == [[7, 3], [7]]


def test_a_digit_says_where_it_is_and_what_was_read():
    page = np.zeros((100, 160), np.uint8)
    page[20:80, 40:47] = page[20:80, 100:107] = 255
    [row] = reading.read_rows(page, lambda images: np.tile(np.eye(10)[1], (len(images), 1)))
    assert [(one.digit, one.probability, one.box) for one in row] == [
        (1, 1.0, (20, 40, 80, 47)),
        (1, 1.0, (20, 100, 80, 107)),
    ]
    np.testing.assert_array_equal(row[0].image, several.find_candidates(page)[0][0].image)


def test_a_digit_that_is_alone_is_prepared_as_to_mnist_does(monkeypatch):
    page = np.full((100, 160), 255, np.uint8)
    page[20:80, 40:47] = 0
    monkeypatch.setattr(
        reading, "place_picture", lambda picture: (np.full((28, 28), picture[0, 0]), None)
    )

    def classify(images):
        return np.stack([np.eye(10)[4] * (1.0 if image.min() else 0.9) for image in images])

    [[one]] = reading.read_picture(page, classify)
    assert (one.digit, one.probability, one.box) == (4, 1.0, (20, 40, 80, 47))
    assert one.image.min() == 255
    page[20:80, 100:107] = 0
    [two] = reading.read_picture(page, classify)
    assert [one.image.min() for one in two] == [0, 0]


@pytest.mark.parametrize(("side", "count"), [(32, 1), (64, 2)])
def test_a_picture_as_small_as_those_of_data_sets_is_one_digit(side, count):
    page = np.zeros((side, side), np.uint8)
    page[side // 4 : -side // 4, side // 4 : side // 4 + 2] = 255
    page[side // 4 : -side // 4, -side // 4 : -side // 4 + 2] = 255
    [row] = reading.read_picture(page, lambda images: np.tile(np.eye(10)[1], (len(images), 1)))
    assert len(row) == count
