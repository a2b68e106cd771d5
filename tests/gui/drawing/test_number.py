"""Which strokes are one digit: those of every style are, those of neighbours are not."""

from array import array

import numpy as np
import pytest

from gui.drawing import number as grouping
from gui.drawing.drawing import Picture, Stroke
from gui.drawing.number import MOST, digits_of, newest_digit, rows_of
from tests.support.drawn_digits import drawn, templates
from tests.support.painted_digits import moved, strokes


def items(lines):
    return tuple(Stroke(array("d", np.ravel(line).astype(float).tolist()), 0.05) for line in lines)


@pytest.mark.parametrize(("digit", "style", "lines"), templates())
def test_the_strokes_of_a_digit_belong_together(digit, style, lines):
    one = items(lines)
    assert digits_of(one) == [one]


def test_hurried_digits_stay_whole():
    rng = np.random.default_rng(4)
    whole = [len(digits_of(items(drawn(rng)[2]))) == 1 for _ in range(300)]
    assert np.mean(whole) > 0.985


def number(text):
    """Items of each digit of a number, drawn side by side."""
    return [
        items(moved(strokes(int(digit)), 0.22, 0.02 + 0.22 * place, 0.3))
        for place, digit in enumerate(text)
    ]


@pytest.mark.parametrize("text", ["2026", "4514", "117", "80"])
def test_a_number_is_told_apart_in_whatever_order_it_was_drawn(text):
    digits = number(text)
    flat = [item for digit in digits for item in digit]
    assert digits_of(tuple(flat)) == digits
    assert [set(digit) for digit in digits_of(tuple(flat[::-1]))] == [set(d) for d in digits]


def test_the_newest_digit_is_that_of_the_last_stroke():
    first, second = number("45")
    assert newest_digit((*first, *second)) == second
    assert newest_digit((*second, *first)) == first
    # the bar of the 5 comes last of all
    assert newest_digit((second[0], *first, second[1])) == second


def test_digits_one_below_the_other_are_two():
    above, below = (items(moved(strokes(7), 0.3, 0.3, down)) for down in (0.05, 0.5))
    assert len(digits_of((*above, *below))) == 2


@pytest.mark.parametrize("slope", [-0.08, 0, 0.08])
def test_rows_are_told_apart_in_whatever_order_and_however_they_slope(slope):
    rows = [
        [
            items(moved(strokes(digit), 0.2, 0.1 + 0.2 * k, down + slope * k))
            for k, digit in enumerate(row)
        ]
        for down, row in ((0.3, (2, 0, 2, 6)), (0.6, (1, 4)))
    ]
    flat = [item for row in rows[::-1] for digit in row for item in digit]
    assert rows_of(digits_of(tuple(flat))) == rows
    column = [[items(moved(strokes(7), 0.2, 0.3, down))] for down in (0.05, 0.35, 0.65)]
    assert rows_of([digit for [digit] in column[::-1]]) == column


def test_a_mark_beside_a_row_is_in_the_row():
    one, dot, small = (
        items([line])
        for line in ([(0.2, 0.2), (0.2, 0.8)], [(0.4, 0.81)], [(0.6, 0.2), (0.6, 0.4)])
    )
    assert rows_of([one, dot]) == [[one, dot]]
    assert rows_of([one, small]) == [[one, small]]


def test_a_picture_is_one_digit_and_nothing_is_none():
    picture = Picture(np.zeros((9, 9), np.float32), "nine")
    assert digits_of((picture,)) == [(picture,)]
    assert newest_digit((picture,)) == (picture,)
    assert digits_of(()) == []


def test_a_page_of_marks_is_no_number_and_soon_given_up(monkeypatch):
    compared, are_one = [], grouping._are_one
    monkeypatch.setattr(grouping, "_are_one", lambda *a: compared.append(1) or are_one(*a))
    marks = items([[(k % 50 / 50, k // 50 / 50)] for k in range(2000)])
    assert digits_of(marks) == [marks]
    assert newest_digit(marks) == marks
    assert len(compared) < 2 * MOST**2
    bars = items([[(k / MOST, 0.4), (k / MOST, 0.5)] for k in range(MOST)])
    assert len(digits_of(bars)) == MOST
