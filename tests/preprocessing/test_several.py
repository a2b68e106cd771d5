"""All digits of a picture are found, and each is prepared as if it were alone."""

import numpy as np
import pytest
from PIL import Image

from tests.support.drawn_digits import templates
from tinycnn.preprocessing import to_mnist
from tinycnn.preprocessing.several import find_candidates


def placed(page, digit, top, left):
    page[top : top + digit.shape[0], left : left + digit.shape[1]] = digit


def ring_and_bar():
    page = np.zeros((200, 260), np.uint8)
    y, x = np.mgrid[:200, :260]
    ring = np.abs(np.hypot((y - 100) / 1.3, x - 80) - 40) < 6
    bar = (np.abs(x - 190) < 6) & (np.abs(y - 100) < 55)
    page[ring | bar] = 255
    return page, 255 * ring.astype(np.uint8), 255 * bar.astype(np.uint8)


@pytest.mark.parametrize("is_dark", [False, True])
def test_each_digit_is_prepared_as_if_it_were_alone(is_dark):
    page, *digits = ring_and_bar()
    rows = find_candidates(255 - page if is_dark else page)
    assert len(rows) == 1
    single = [one for one in rows[0] if one.last == one.first + 1 and one.cost == 0]
    assert len(single) == 2
    for one, digit in zip(single, digits, strict=True):
        np.testing.assert_array_equal(one.image, to_mnist(digit))
        rows_, columns = np.nonzero(digit)
        box = rows_.min(), columns.min(), rows_.max() + 1, columns.max() + 1
        assert one.box == box


def test_every_piece_is_a_candidate_by_itself():
    page, *_ = ring_and_bar()
    row = find_candidates(page)[0]
    count = max(one.last for one in row)
    assert {one.first for one in row if one.last == one.first + 1} == set(range(count))


def test_each_style_that_people_draw_can_be_read_as_one_digit():
    """Detached bars, fours and nines in two strokes: what is one digit is one of the candidates."""
    from benchmarks.pages.page import draw_strokes, scaled_to_height

    for digit, style, strokes in templates():
        both = [
            [stroke * 100 + place for stroke in scaled_to_height(strokes, 1.0)]
            for place in (np.array([90, 100]), np.array([260, 100]))
        ]
        page = 255 * draw_strokes((200, 350), [stroke for one in both for stroke in one], 8)
        boxes = [one.box for one in find_candidates(page.astype(np.uint8))[0]]
        for strokes_of_one in both:
            points = np.concatenate(strokes_of_one)
            left, right = points[:, 0].min(), points[:, 0].max()
            fits = [abs(box[1] - left) < 9 and abs(box[3] - right) < 9 for box in boxes]
            assert any(fits), (digit, style)


def page_of(*bars):
    page = np.full((200, 600), 255, np.uint8)
    for top, left, bottom, right in bars:
        page[top:bottom, left:right] = 0
    return page


def test_all_that_there_is_may_be_one_digit_however_wide_it_is():
    """A squat 5, wider than digits are; a bar far off its bowl."""
    joined = page_of((60, 40, 66, 120), (100, 40, 106, 120), (60, 40, 106, 46), (60, 114, 106, 120))
    apart = page_of((60, 40, 120, 46), (60, 100, 120, 106))
    for page in (joined, apart):
        [row] = find_candidates(page)
        count = max(one.last for one in row)
        [whole] = [one for one in row if (one.first, one.last) == (0, count)]
        np.testing.assert_array_equal(whole.image, to_mnist(page))
        assert count > 1
        assert whole.cost < 2


def test_of_many_pieces_not_all_are_one_digit():
    [row] = find_candidates(page_of(*((60, 60 * k, 120, 60 * k + 6) for k in range(1, 8))))
    assert all(one.last - one.first < 7 for one in row)


def test_a_blank_page_is_an_error():
    with pytest.raises(ValueError, match="no ink"):
        find_candidates(np.full((200, 200), 255, np.uint8))


@pytest.mark.parametrize("angle", [0, 12])
def test_a_candidates_pixels_are_found_again_in_the_picture(angle):
    """The ink's middle in the image is that of the box; a page that is turned is turned around it."""
    page = Image.fromarray(page_of(*((60, 70 * k, 120, 70 * k + 30) for k in range(1, 6))))
    page = np.asarray(page.rotate(angle, expand=True, fillcolor=255))
    [row] = find_candidates(page)
    for one in row:
        (top, left, bottom, right), (rows, columns) = one.box, np.nonzero(one.image > 128)
        seen = [(columns.min(), rows.min()), (columns.max() + 1, rows.max() + 1)]
        found = one.placement.invert(seen)
        middle = (left + right) / 2, (top + bottom) / 2
        np.testing.assert_allclose(found.mean(axis=0), middle, atol=3)
        if not angle:
            np.testing.assert_allclose(found, [(left, top), (right, bottom)], atol=3)
