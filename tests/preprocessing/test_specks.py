"""What is whole is preferred to what comes in from the edge; dust and texture are no digit."""

import numpy as np
import pytest

from tinycnn.preprocessing.specks import is_scattered, without_specks


def page(*boxes):
    foreground = np.zeros((256, 256), np.float32)
    for top, left, bottom, right in boxes:
        foreground[top:bottom, left:right] = 1
    return foreground


DIGIT, TABLE, DUST = (60, 100, 200, 120), (0, 0, 256, 30), (230, 230, 233, 233)


def test_a_table_at_the_edge_is_left_out():
    clean = without_specks(page(DIGIT, TABLE, DUST))
    np.testing.assert_array_equal(clean, page(DIGIT))


def test_a_digit_that_fills_the_picture_stays_beside_dust():
    digit = (0, 100, 256, 160)
    np.testing.assert_array_equal(without_specks(page(digit, DUST)), page(digit))


def test_a_bar_at_the_edge_belongs_to_a_digit_that_is_at_the_edge_too():
    both = page((0, 60, 20, 200), (60, 60, 256, 80))
    np.testing.assert_array_equal(without_specks(both), both)


def test_marks_all_over_are_scattered():
    marks = page(*((40 * k, 40 * j, 40 * k + 9, 40 * j + 9) for k in range(6) for j in range(6)))
    assert is_scattered(marks)
    assert not is_scattered(page(DIGIT))
    with pytest.raises(ValueError, match="scattered"):
        without_specks(marks)
