"""What may be read in an opened picture: one digit, a page of them, or nothing."""

import numpy as np
import pytest

from gui.drawing.drawing import Picture
from gui.recognition.opened import checked, digits_in
from tinycnn.preprocessing import to_mnist
from tinycnn.utils.errors import PictureError


def classify(images):
    return np.tile(np.eye(10)[1], (len(images), 1))


def ones(*places):
    """A picture of bars, 60 high, whose upper left corners are (top, left)."""
    grey = np.ones((400, 400), np.float32)
    for top, left in places:
        grey[top : top + 60, left : left + 8] = 0
    return Picture(grey, "ones")


def test_a_digit_that_is_alone_is_prepared_as_ever():
    one = ones((100, 100))
    assert checked(one, "a.png") is one
    [[digit]] = digits_in(one, classify)
    np.testing.assert_array_equal(digit.image, to_mnist(one.grey))


def test_a_page_that_cannot_be_one_digit_is_no_error():
    page = ones(*((90 * row + 20, 80 * k + 20 + 15 * row) for row in range(4) for k in range(4)))
    with pytest.raises(ValueError, match="scattered"):
        to_mnist(page.grey)
    assert checked(page, "page.png") is page
    assert [len(row) for row in digits_in(page, classify)] == [4, 4, 4, 4]


def test_nothing_is_an_error():
    nothing = Picture(np.ones((60, 60), np.float32), "blank")
    with pytest.raises(PictureError, match=r"blank\.png: no ink.*Draw digits"):
        checked(nothing, "blank.png")
    with pytest.raises(ValueError, match="no ink"):
        digits_in(nothing, classify)
