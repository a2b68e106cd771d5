"""Strokes must be drawn where they are, as thick as they are, and nonsense be named."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinycnn.preprocessing.strokes import along, check_stroke, draw, rasterise


def distance_to_segment(points, a, b):
    """Distances of points (..., 2) to the line from a to b."""
    way = b - a
    share = np.clip(((points - a) @ way) / max(way @ way, 1e-300), 0, 1)
    return np.linalg.norm(points - a - share[..., None] * way, axis=-1)


def coverage(a, b, width, side, fine=16):
    """How much of each pixel is nearer than half a width to a segment, by counting: 0 to 255."""
    middle = (np.arange(side * fine) + 0.5) / (side * fine)
    x, y = np.meshgrid(middle, middle)
    covered = distance_to_segment(np.stack([x, y], axis=-1), a, b) <= width / 2
    return 255 * covered.reshape(side, fine, side, fine).mean(axis=(1, 3))


@settings(max_examples=40, deadline=None)
@given(
    ends=st.lists(st.floats(-0.3, 1.3), min_size=4, max_size=4),
    width=st.floats(0.05, 0.4),
)
def test_a_line_covers_what_is_near_it(ends, width):
    a, b = np.array(ends[:2]), np.array(ends[2:])
    image = rasterise([np.array([a, b])], [width], 40)
    difference = np.abs(image - coverage(a, b, width, 40))
    # A shift of the whole edge by 1/8 pixel would be 32 levels.
    assert difference.max() <= 75
    assert difference.mean() <= 2.5
    assert abs(np.mean(image - coverage(a, b, width, 40))) <= 1.5


def test_a_point_is_a_round_dot():
    image = rasterise([np.array([[0.25, 0.75]])], [0.2], 100)
    assert image.dtype == np.uint8
    assert image.shape == (100, 100)
    y, x = np.argwhere(image > 127).mean(axis=0) + 0.5
    assert (round(x), round(y)) == (25, 75)
    assert image.sum() / 255 == pytest.approx(np.pi * 10**2, rel=0.02)
    np.testing.assert_array_equal(image[65:85, 15:35], image[65:85, 15:35].T)


def test_x_is_to_the_right_and_y_down():
    image = rasterise([[(0.1, 0.1), (0.9, 0.1)]], [0.1], 50)
    assert image[5, 25] == 255
    assert image[25, 5] == 0


def test_every_stroke_has_its_width():
    strokes = [np.array([[0.0, 0.25], [1.0, 0.25]]), np.array([[0.0, 0.75], [1.0, 0.75]])]
    image = rasterise(strokes, [0.1, 0.3], 100)
    thick = image[:, 50].astype(float) / 255
    assert thick[:50].sum() == pytest.approx(10, abs=0.3)
    assert thick[50:].sum() == pytest.approx(30, abs=0.3)


def test_strokes_do_not_touch_each_other_but_points_of_one_are_joined():
    ends = np.array([[0.1, 0.5]]), np.array([[0.9, 0.5]])
    assert rasterise(ends, [0.1, 0.1], 50)[25, 25] == 0
    assert rasterise([np.concatenate(ends)], [0.1], 50)[25, 25] == 255


def test_what_is_outside_is_cut_off():
    outside = np.array([[-5.0, 2.0], [7.0, 2.0]])
    assert not rasterise([outside], [0.1], 30).any()
    across = np.array([[-1.0, 0.5], [2.0, 0.5]])
    assert (rasterise([across], [0.2], 30)[15] == 255).all()


@pytest.mark.parametrize("side", [1, 2, 28, 333, 5000])
def test_any_side(side):
    image = rasterise([np.array([[0.5, 0.5]])], [0.5], side)
    assert image.shape == (side, side)
    assert image.mean() / 255 == pytest.approx(np.pi / 16, abs=0.03)


def test_no_strokes_are_an_empty_picture():
    for strokes in ([], [np.zeros((0, 2))], [[]]):
        assert not rasterise(strokes, [0.1] * len(strokes), 10).any()


def test_the_strokes_of_the_caller_are_left_alone():
    stroke, widths = np.array([[0.1, 0.2], [0.8, 0.9]]), np.array([0.1])
    before = stroke.copy()
    stroke.flags.writeable = widths.flags.writeable = False
    image = rasterise([stroke], widths, 20)
    np.testing.assert_array_equal(stroke, before)
    image[:] = 0  # the result is the caller's to change
    check_stroke(stroke)[:] = 0


@pytest.mark.parametrize(
    ("strokes", "widths", "side", "message"),
    [
        ([np.zeros((3, 3))], [0.1], 10, r"\(n, 2\), received \(3, 3\)"),
        ([np.zeros(4)], [0.1], 10, r"\(n, 2\)"),
        ([[(0, np.nan)]], [0.1], 10, "not finite"),
        ([[(np.inf, 0)]], [0.1], 10, "not finite"),
        ([[(0, 0)]], [], 10, "1 strokes"),
        ([[(0, 0)]], [0.1, 0.1], 10, "1 strokes"),
        ([[(0, 0)]], 0.1, 10, "1 strokes"),
        ([[(0, 0)]], [0.0], 10, "above 0"),
        ([[(0, 0)]], [-1.0], 10, "above 0"),
        ([[(0, 0)]], [np.nan], 10, "above 0"),
        ([[(0, 0)]], [0.1], 0, "1 pixel"),
    ],
)
def test_nonsense_is_named(strokes, widths, side, message):
    with pytest.raises(ValueError, match=message):
        rasterise(strokes, widths, side)


def test_steps_along_a_line_are_even_and_keep_both_ends():
    vertices = np.array([[0.0, 0.0], [3.0, 0.0], [3.0, 0.0], [3.0, 4.0]])
    points = along(vertices, 1.0)
    np.testing.assert_allclose(points[[0, -1]], vertices[[0, -1]])
    np.testing.assert_allclose(np.linalg.norm(np.diff(points, axis=0), axis=1), 1.0)
    np.testing.assert_array_equal(along(np.array([[2.0, 5.0]]), 1.0), [[2, 5]])


def test_a_disc_is_symmetric_about_its_point():
    for across in (2, 7, 8, 36):
        image = draw([np.array([[20.0, 20.0]])], [across], 40) if across % 2 == 0 else None
        if image is None:
            image = draw([np.array([[20.5, 20.5]])], [across], 41)
        np.testing.assert_array_equal(image, image[::-1, ::-1])
        assert image.any(axis=0).sum() == across
