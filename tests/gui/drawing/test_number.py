"""Which strokes are one digit: those of every style are, those of neighbours are not."""

from array import array

import numpy as np
import pytest

from gui.drawing import number as grouping
from gui.drawing.drawing import Picture, Stroke
from gui.drawing.number import (
    MOST,
    MOST_PIECES,
    candidates,
    digits_of,
    frames_along_slant,
    newest_digit,
    surest,
)
from gui.drawing.rows import rows_of
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


def in_rows(digits):
    return [[digits[n] for n in row] for row in rows_of(digits)]


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
    assert in_rows(digits_of(tuple(flat))) == rows
    column = [[items(moved(strokes(7), 0.2, 0.3, down))] for down in (0.05, 0.35, 0.65)]
    assert in_rows([digit for [digit] in column[::-1]]) == column


def test_a_bar_beside_its_5_is_not_parted_from_it_by_a_digit_of_another_row():
    bowl = [(0.22, 0.1), (0.2, 0.22), (0.32, 0.2), (0.42, 0.28), (0.32, 0.39), (0.22, 0.36)]
    five = items([bowl, [(0.32, 0.08), (0.5, 0.08)]])
    one, bar = bars(0.32, top=0.6, bottom=0.9), items([[(0.27, 0.58), (0.45, 0.58)]])
    for below in (one, one + bar):  # the bar lies above the 1
        found = candidates(five + below)
        assert five in [one.items for one in found]
        doubts = [0.0 if len(one.items) == 2 else 3.0 for one in found]
        read = [found[number].items for number in surest(found, doubts)]
        assert in_rows(read) == [[five], [below]]


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


def bars(*places, top=0.2, bottom=0.8):
    return items([[(x, top), (x, bottom)] for x in places])


def test_what_lies_far_apart_or_above_each_other_is_not_in_doubt():
    for strokes_of in (bars(0.1, 0.5, 0.9), number("45")[0], bars(0.3)):
        assert len(candidates(strokes_of)) == len(digits_of(strokes_of))


def test_a_ring_and_its_long_slash_are_surely_one():
    ring = [(0.5, 0.2), (0.4, 0.5), (0.5, 0.8), (0.6, 0.5), (0.5, 0.2)]
    slashed = items([ring, [(0.05, 0.55), (0.95, 0.45)]])
    assert [one.items for one in candidates(slashed)] == [slashed]


def test_neighbours_are_tried_as_one_and_as_two():
    strokes_of = bars(0.9, 0.2, 0.3)
    found = candidates(strokes_of)
    assert [(one.first, one.last) for one in found] == [(0, 1), (0, 2), (1, 2), (2, 3)]
    assert found[1].items == strokes_of[1:]
    alone = [0.0, 0.0, 0.0, 0.0]
    assert surest(found, alone) == [0, 2, 3]
    assert surest(found, [2.0, 0.0, 2.0, 0.0]) == [1, 3]


def test_more_pieces_than_a_digit_has_are_never_one():
    found = candidates(bars(*np.arange(6) * 0.08))
    assert max(one.last - one.first for one in found) == MOST_PIECES


def test_a_gap_speaks_for_two_and_an_overlap_for_one():
    def odds(gap):
        first, one, second = candidates(bars(0.2, 0.2 + gap))
        return first.cost + second.cost - one.cost

    assert odds(0.15) < odds(0.1) < 0
    hook = items([[(0.2, 0.2), (0.2, 0.6), (0.5, 0.6)], [(0.48, 0.2), (0.48, 0.8)]])
    first, one, second = candidates(hook)
    assert first.cost + second.cost > one.cost


def test_a_low_piece_or_a_wide_pair_is_hardly_a_digit():
    dash, stem = items([[(0.2, 0.5), (0.35, 0.5)], [(0.4, 0.2), (0.4, 0.8)]])
    costs = [one.cost for one in candidates((dash, stem))]
    assert costs[0] > 1
    assert costs[0] > costs[2]
    wide = items([[(0.1, 0.2), (0.45, 0.8)], [(0.5, 0.8), (0.85, 0.2)]])
    assert candidates(wide)[1].cost > 1


def test_digits_of_a_slanting_number_are_apart_though_their_frames_overlap():
    leaning = items([[(x + 0.25, 0.2), (x, 0.8)] for x in (0.1, 0.33, 0.56)])
    assert leaning[0].frame[2] > leaning[1].frame[0]
    assert digits_of(leaning) == [(one,) for one in leaning]
    frames = np.array(frames_along_slant(leaning))
    assert (frames[1:, 0] - frames[:-1, 2] > 0.15).all()


def test_the_slant_of_dots_bars_and_one_stroke_is_moderate():
    flat = items([[(0.1, 0.5), (0.9, 0.52)], [(0.1, 0.7), (0.9, 0.69)]])
    np.testing.assert_allclose(frames_along_slant(flat), [one.frame for one in flat], atol=0.01)
    dots = items([[(0.1, 0.5)], [(0.9, 0.7)]])
    np.testing.assert_allclose(frames_along_slant(dots), [one.frame for one in dots])
