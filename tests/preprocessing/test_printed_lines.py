"""Printed lines go, ink stays: on ruled and squared paper, turned, and where ink lies along a line."""

import numpy as np
import pytest

from benchmarks.pages.page import draw_strokes
from tinycnn.preprocessing.printed_lines import without_printed_lines

SHAPE = (400, 500)
Y, X = np.mgrid[:400, :500]
RING = np.abs(np.hypot(Y - 200, X - 250) - 70) < 5


def ruled(slope, spacing=45, squared=False, strength=0.25):
    across, along = Y - X * slope, X + Y * slope
    lines = across % spacing < 3
    return strength * (lines | (squared & (along % spacing < 3))).astype(np.float32)


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("slope", [0.0, 0.02, -0.2, 0.35])
def test_a_ring_is_all_that_is_left(slope, squared):
    page = np.maximum(ruled(slope, squared=squared), 0.8 * RING)
    clean = without_printed_lines(page, 0.05)
    assert (clean > 0.3)[RING].mean() > 0.97
    assert ((clean > 0) & ~RING).sum() < 0.02 * ((page > 0) & ~RING).sum()


def test_faint_ink_is_not_torn():
    page = np.maximum(ruled(0.0), 0.27 * RING)
    clean = without_printed_lines(page, 0.05)
    assert (clean > 0.1)[RING].mean() > 0.85


def test_a_bar_along_a_line_stays():
    page = ruled(0.0)
    page[180:188, 100:300] = 0.8  # over a line
    clean = without_printed_lines(page, 0.05)
    assert (clean[180:188, 100:300] > 0.5).all()


@pytest.mark.parametrize("bars", [1, 2])
def test_the_bars_of_a_digit_are_no_printed_lines(bars):
    page = np.zeros(SHAPE, np.float32)
    page[100 : 100 * bars + 1 : 100] = 0.8
    page[100:106] = 0.8  # from edge to edge, as of a 7 that was cut out tightly
    np.testing.assert_array_equal(without_printed_lines(page, 0.05), page)


def test_the_bar_of_a_7_that_was_cut_out_tightly_stays():
    page = np.zeros(SHAPE, np.float32)
    page[:6] = page[:, -6:] = 0.8
    np.testing.assert_array_equal(without_printed_lines(page, 0.05), page)


@pytest.mark.parametrize("thick", [3, 14])
@pytest.mark.parametrize("lines", [1, 2])
def test_few_lines_go_if_they_are_fainter_than_the_ink(lines, thick):
    page = 0.8 * RING.astype(np.float32)
    for top in (60, 220)[:lines]:
        page[top : top + thick] = np.maximum(page[top : top + thick], 0.25)
    clean = without_printed_lines(page, 0.05)
    assert (clean > 0.3)[RING].mean() > 0.97
    assert ((clean > 0) & ~RING).sum() < 0.03 * ((page > 0) & ~RING).sum()


def test_the_given_array_is_not_changed():
    page = ruled(0.0)
    before = page.copy()
    without_printed_lines(page, 0.05)
    np.testing.assert_array_equal(page, before)


def test_rows_of_writing_are_no_printed_lines():
    bars = [
        np.array([[x, y], [x + 18, y]], float) for y in (80, 160, 240) for x in range(20, 460, 40)
    ]
    page = draw_strokes(SHAPE, bars, 5)  # minus signs, side by side
    np.testing.assert_array_equal(without_printed_lines(page, 0.05), page)


@pytest.mark.parametrize("crossing", [0.25, 0.45])
def test_nothing_is_left_where_printed_lines_cross(crossing):
    page = ruled(0.0, squared=True)
    assert page.max() > 0
    lines = (page > 0).sum(axis=1) > 0.9 * page.shape[1]
    columns = (page > 0).sum(axis=0) > 0.9 * page.shape[0]
    page[np.ix_(lines, columns)] = crossing
    assert not without_printed_lines(page, 0.05).any()
