"""A drawn number is read in the surest way, with one prediction, and with none where nothing is in doubt."""

from array import array

import numpy as np
import pytest

from gui.drawing.drawing import Stroke
from gui.drawing.number import candidates, digits_of
from gui.recognition.recogniser import Recogniser
from gui.recognition.writing import newest, placed, points, read_number
from tests.support.drawn_digits import templates
from tests.support.painted_digits import moved, strokes
from tinycnn.preprocessing import strokes_to_mnist


def items(lines):
    return tuple(Stroke(array("d", np.ravel(line).astype(float).tolist()), 0.05) for line in lines)


HALVES = items(  # of a 0, or of two brackets
    [
        [(0.3, 0.2), (0.22, 0.3), (0.2, 0.5), (0.22, 0.7), (0.3, 0.8)],
        [(0.38, 0.2), (0.46, 0.3), (0.48, 0.5), (0.46, 0.7), (0.38, 0.8)],
    ]
)


class Judge:
    """Gives one image a share, all others another; remembers how often it was asked, and how much."""

    def __init__(self, liked=None, share=0.99, other=0.3):
        self.liked, self.share, self.other, self.asked = liked, share, other, []

    def __call__(self, images):
        self.asked.append(len(images))
        shares = [
            self.share if np.array_equal(image, self.liked) else self.other for image in images
        ]
        return np.stack([np.full(10, (1 - one) / 9) + np.eye(10)[7] * one for one in shares])


def test_doubtful_strokes_are_tried_both_ways_at_once_and_the_surer_is_kept():
    judge = Judge(placed(HALVES)[0])
    assert [one.items for one in read_number(HALVES, judge)] == [HALVES]
    assert judge.asked == [3]
    judge = Judge(placed(HALVES)[0], 0.1, 0.99)
    assert [one.items for one in read_number(HALVES, judge)] == [HALVES[:1], HALVES[1:]]


def test_where_nothing_is_in_doubt_nothing_is_asked():
    judge = Judge()
    four = items(strokes(4))
    lines = [moved(strokes(digit), 0.22, 0.3 * k, 0.3) for k, digit in enumerate((2, 0, 4))]
    number = items([line for some in lines for line in some])
    for drawing in (four, HALVES[:1], number):
        assert [one.items for one in read_number(drawing, judge)] == digits_of(drawing)
    assert judge.asked == []


def test_a_probability_of_0_is_a_doubt_like_another():
    sure = Judge(placed(HALVES)[0], 1.0, 0.0)
    assert len(read_number(HALVES, sure)) == 1
    with np.errstate(all="raise"):
        assert read_number(HALVES, lambda images: np.zeros((len(images), 10)))


def test_the_newest_is_the_digit_of_the_last_stroke():
    judge = Judge(placed(HALVES)[0], 0.1, 0.99)
    written = read_number(HALVES, judge)
    assert newest(written, HALVES) is written[1]
    turned = HALVES[::-1]
    assert newest(read_number(turned, judge), turned).items == HALVES[:1]


def test_strokes_are_placed_as_mnist_would_have_them():
    image, placement = placed(HALVES)
    np.testing.assert_array_equal(image, strokes_to_mnist([points(one) for one in HALVES], 0.05))
    corners = placement.apply(np.concatenate([points(one) for one in HALVES]))
    assert corners.min() >= 4
    assert corners.max() <= 24


@pytest.fixture(scope="module")
def recogniser():
    recogniser = Recogniser()
    recogniser.load_bundled()
    return recogniser


@pytest.mark.parametrize(("digit", "style", "lines"), templates())
def test_the_bundled_model_takes_no_digit_apart(digit, style, lines, recogniser):
    assert len(read_number(items(lines), recogniser._classify)) == 1


def slanting(text):
    """Items of each digit of a number that leans by 30 degrees, so that frames overlap."""
    lines = [moved(strokes(int(digit)), 0.2, 0.19 * k, 0.4) for k, digit in enumerate(text)]
    lean = np.array([[1, 0], [-0.58, 1]])
    return [items([np.asarray(line) @ lean + [0.35, 0] for line in some]) for some in lines]


@pytest.mark.parametrize("text", ["2026", "145", "8073"])
def test_a_slanting_number_is_read_digit_by_digit(text, recogniser):
    digits = slanting(text)
    flat = tuple(item for digit in digits for item in digit)
    assert [one.items for one in read_number(flat, recogniser._classify)] == digits


def test_halves_of_a_0_are_a_0_and_two_bars_are_none(recogniser):
    assert len(candidates(HALVES)) == 3
    assert len(read_number(HALVES, recogniser._classify)) == 1
    bars = items([[(x, 0.2), (x, 0.8)] for x in (0.2, 0.3)])
    assert len(candidates(bars)) == 3
    assert len(read_number(bars, recogniser._classify)) == 2
