"""The drawn digits are what they claim: every style, points as a mouse gives them, no two alike."""

import numpy as np
import pytest

from tests.support.drawn_digits import SPACING, TEMPLATES, drawn, sampled, smooth, templates
from tinycnn.preprocessing import strokes_to_mnist


def test_every_digit_has_the_styles_that_people_draw():
    styles = set(TEMPLATES)
    assert {digit for digit, _ in styles} == set(range(10))
    assert {(0, "slashed"), (1, "bar"), (1, "flag"), (1, "flag and foot")} < styles
    assert {(2, "loop"), (3, "flat"), (4, "open"), (4, "closed"), (5, "two strokes")} < styles
    assert {(7, "crossed"), (7, "serif"), (8, "two circles"), (9, "curled")} < styles


@pytest.mark.parametrize(("digit", "style", "strokes"), templates())
def test_a_template_lies_in_the_unit_square_with_a_mouse_s_points(digit, style, strokes):
    points = np.concatenate(strokes)
    assert points.min() > -0.03
    assert points.max() < 1.03
    assert np.ptp(points[:, 1]) > 0.95
    assert all(10 <= len(stroke) <= 80 for stroke in strokes)
    steps = np.concatenate([np.hypot(*np.diff(stroke, axis=0).T) for stroke in strokes])
    assert steps.max() < 1.6 * SPACING


def test_a_curve_goes_through_its_points():
    through = [(0, 0), (0.3, 0.5), (1, 0.2), (0.4, 1)]
    assert np.allclose(smooth(through)[::20], through)


def test_a_corner_stays_a_corner():
    stroke = sampled([[(0, 0), (0, 0.5)], [(0, 0.5), (0.5, 0.5)]])
    assert np.allclose(stroke.min(axis=1)[: len(stroke) // 2], 0)
    assert np.hypot(*(stroke - [0, 0.5]).T).min() < SPACING


def test_a_drawing_follows_from_the_seed_and_no_two_are_alike():
    digit, style, strokes = drawn(np.random.default_rng(3))
    again = drawn(np.random.default_rng(3))
    assert (digit, style) == again[:2]
    assert all(map(np.array_equal, strokes, again[2]))
    rng = np.random.default_rng(0)
    two = [drawn(rng, 8, "one stroke")[2][0] for _ in range(2)]
    assert not np.array_equal(strokes_to_mnist([two[0]]), strokes_to_mnist([two[1]]))


def test_a_drawing_may_be_asked_for_by_digit_and_style():
    rng = np.random.default_rng(1)
    assert {drawn(rng, 1)[0] for _ in range(20)} == {1}
    assert drawn(rng, 7, "crossed")[:2] == (7, "crossed")


def test_drawings_vary_in_size_place_and_slant():
    rng = np.random.default_rng(2)
    bars = [drawn(rng, 1, "bar")[2][0] for _ in range(60)]
    heights = np.array([np.ptp(bar[:, 1]) for bar in bars])
    ways = np.array([bar[-1] - bar[0] for bar in bars])
    lean = np.degrees(np.arctan2(-ways[:, 0], ways[:, 1]))
    assert heights.max() > 2 * heights.min()
    assert lean.min() < -10
    assert lean.max() > 20
    assert np.std([bar.mean(axis=0) for bar in bars], axis=0).min() > 40
    assert all(np.array_equal(bar, np.rint(bar)) for bar in bars)
