"""Rows are told apart on turned pages, too."""

import numpy as np
import pytest

from tinycnn.preprocessing.lines_of_writing import page_angle, rows_of
from tinycnn.preprocessing.pieces import Piece

HEIGHT = 40


def piece(down, across, height=HEIGHT, width=20):
    top, left = round(down - height / 2), round(across - width / 2)
    return Piece((top, left, top + height, left + width), np.ones((height, width), bool))


def turned(places, degrees):
    angle = np.radians(degrees)
    return [
        (500 + y * np.cos(angle) + x * np.sin(angle), 500 + x * np.cos(angle) - y * np.sin(angle))
        for y, x in places
    ]


@pytest.mark.parametrize("degrees", [-20, -7, 0, 3, 20])
def test_rows_of_a_turned_page(degrees):
    rng = np.random.default_rng(0)
    grid = [[(60 * row, 40 * k) for k in range(length)] for row, length in enumerate((3, 8, 5))]
    pieces = [[piece(*place) for place in turned(row, degrees)] for row in grid]
    mixed = [one for row in pieces for one in row]
    mixed = [mixed[k] for k in rng.permutation(len(mixed))]
    angle = page_angle(mixed, HEIGHT)
    assert np.degrees(angle) == pytest.approx(degrees, abs=1.5)
    found = rows_of(mixed, angle, HEIGHT)
    assert [[one.box for one in row] for row in found] == [[p.box for p in row] for row in pieces]


def test_a_column_is_a_row_for_each():
    pieces = [piece(60 * k, 100 + k % 2) for k in range(5)]
    assert page_angle(pieces, HEIGHT) == 0
    assert rows_of(pieces, 0.0, HEIGHT) == [[one] for one in pieces]


def test_a_low_part_joins_its_row_and_dust_makes_none():
    row = [piece(100, 40 * k) for k in range(1, 4)]
    bar, dust = piece(85, 160, height=8), piece(300, 100, height=8)
    assert rows_of([dust, bar, *row], 0.0, HEIGHT) == [[*row, bar]]
