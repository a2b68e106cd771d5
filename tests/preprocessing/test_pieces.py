"""Which components are pieces of digits, and which belong together."""

import numpy as np
import pytest

from tinycnn.preprocessing.components import find_components
from tinycnn.preprocessing.pieces import merged, pen_width, whole_pieces


def pieces_of(*boxes):
    mask = np.zeros((400, 400), bool)
    for top, left, bottom, right in boxes:
        mask[top:bottom, left:right] = True
    pieces, height = whole_pieces(*find_components(mask))
    return sorted(piece.box for piece in pieces), height


ONE, OTHER = (100, 100, 160, 106), (100, 140, 160, 146)


def test_bars_are_pieces_and_their_height_is_known():
    assert pieces_of(ONE, OTHER) == ([ONE, OTHER], 60)


@pytest.mark.parametrize(
    "what",
    [
        (200, 200, 206, 206),  # dust
        (0, 0, 400, 30),  # the edge of a table
        (250, 100, 320, 170),  # a stain
    ],
    ids=str,
)
def test_what_is_no_digit_is_left_out(what):
    assert pieces_of(ONE, OTHER, what)[0] == [ONE, OTHER]


def test_a_bar_above_belongs_to_the_digit_below():
    bar = (85, 95, 91, 130)
    assert pieces_of(ONE, bar, OTHER)[0] == [(85, 95, 160, 130), OTHER]


def test_digits_one_below_the_other_are_two():
    assert pieces_of(ONE, (180, 100, 240, 106))[0] == [ONE, (180, 100, 240, 106)]


def test_dust_alone_is_an_error():
    with pytest.raises(ValueError, match="nothing but dust"):
        pieces_of((200, 200, 202, 202))


def test_spots_alone_are_an_error():
    with pytest.raises(ValueError, match="spots, and no lines"):
        pieces_of((100, 100, 140, 140), (180, 100, 220, 140))


def test_texture_is_an_error():
    noise = np.random.default_rng(0).random((200, 200)) < 0.5
    with pytest.raises(ValueError, match="texture all over it"):
        whole_pieces(*find_components(noise))


@pytest.mark.parametrize("width", [1, 34])
def test_marks_of_few_pixels_are_an_error(width):
    mask = np.zeros((40, 160), bool)
    mask[10:14, 10 : 10 + width] = mask[20:24, 60 : 60 + width] = True
    with pytest.raises(ValueError, match="marks are only 4 pixels high"):
        whole_pieces(*find_components(mask))


@pytest.mark.parametrize(
    "box", [(150, 0, 156, 400), (0, 0, 400, 20), (150, 370, 180, 400), (20, 390, 380, 400)]
)
def test_a_line_a_table_or_a_finger_alone_is_no_digit(box):
    with pytest.raises(ValueError, match="no ink in the picture that forms a digit"):
        pieces_of(box)


@pytest.mark.parametrize("start", [200, 380])  # to the other side, and across a corner
def test_a_line_that_is_printed_at_18_degrees_is_no_digit(start):
    y, x = np.mgrid[:400, :400]
    with pytest.raises(ValueError, match="nothing but dust"):
        whole_pieces(*find_components(np.abs(y - start - x * np.tan(np.radians(18))) < 3))


def test_what_touches_the_edge_is_taken_if_nothing_else_is_there():
    assert pieces_of((0, 100, 60, 106))[0] == [(0, 100, 60, 106)]


def test_merged_pieces_keep_their_pixels():
    mask = np.zeros((60, 60), bool)
    mask[5:20, 5:8] = mask[30:33, 10:40] = True
    pieces = whole_pieces(*find_components(mask))[0]
    both = merged(pieces)
    top, left, bottom, right = both.box
    np.testing.assert_array_equal(both.mask, mask[top:bottom, left:right])


@pytest.mark.parametrize("width", [3, 8, 20])
def test_pen_width(width):
    assert pen_width(np.ones((400, width), bool)) == pytest.approx(width, rel=0.1)


def test_pen_width_of_a_texture_with_more_edges_than_float16_can_count():
    assert 1 < pen_width(np.random.default_rng(0).random((600, 600)) < 0.5) < 2
