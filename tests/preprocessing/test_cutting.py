"""Digits that touch are cut where the line is thin; what is narrow stays whole."""

import numpy as np
import pytest

from benchmarks.pages.page import draw_strokes
from tinycnn.preprocessing.cutting import cut_in_two
from tinycnn.preprocessing.pieces import Piece, merged

ANGLES = np.linspace(0, 2 * np.pi, 40)


def ring(x):
    return np.stack([x + 14 * np.cos(ANGLES), 30 + 24 * np.sin(ANGLES)], axis=1)


def piece_of(*strokes):
    mask = draw_strokes((60, 120), strokes, 5) > 0.5
    (top, left), (bottom, right) = np.argwhere(mask).min(axis=0), np.argwhere(mask).max(axis=0) + 1
    box = int(top), int(left), int(bottom), int(right)
    return Piece(box, mask[top:bottom, left:right])


def test_two_rings_are_cut_where_they_touch():
    piece = piece_of(ring(30), ring(61))
    parts = cut_in_two(piece, 53.0)
    assert parts[0][1] == 0
    assert all(cost > 0 for _, cost in parts[1:])
    middle = min((part.box[1] for part, _ in parts[1:]), key=lambda left: abs(left - 45))
    assert abs(middle - 45) <= 3


@pytest.mark.parametrize("count", [2, 3])
def test_no_pixel_is_lost_or_doubled(count):
    piece = piece_of(*(ring(20 + 30 * k) for k in range(count)))
    parts = [part for part, _ in cut_in_two(piece, 53.0)]
    assert len(parts) >= count
    assert sum(part.mask.sum() for part in parts) == piece.mask.sum()
    whole = merged(parts)
    assert whole.box == piece.box
    np.testing.assert_array_equal(whole.mask, piece.mask)


def test_what_is_narrow_is_not_cut():
    piece = piece_of(ring(30))
    assert cut_in_two(piece, 53.0) == [(piece, 0.0)]
