"""Lines must measure what they are, and come out as wide as asked, whole."""

import numpy as np
import pytest

from tinycnn.preprocessing.mnist_format import BOX, fit_box
from tinycnn.preprocessing.stroke_width import measure_width, thicken
from tinycnn.preprocessing.strokes import rasterise


def letter(width, *, side=400):
    """An open hook and a bar through it, as thick as that many pixels of the box: (400, 400)."""
    turn = np.linspace(0, 1.5 * np.pi, 60)
    hook = np.column_stack([np.cos(turn), np.sin(turn)]) * 0.5 + 0.5
    bar = np.array([[0.5, 0.0], [0.5, 1.0]])
    inner = (BOX - width) / BOX
    strokes = [0.1 + 0.8 * (width / BOX / 2 + inner * line) for line in (hook, bar)]
    return rasterise(strokes, [0.8 * width / BOX] * 2, side) / 255


def connected_components(foreground):
    """Count the parts of a bool (h, w) that do not touch."""
    left, count = {tuple(pixel) for pixel in np.argwhere(foreground)}, 0
    while left:
        count += 1
        waiting = [left.pop()]
        while waiting:
            y, x = waiting.pop()
            near = {(y + i, x + j) for i in (-1, 0, 1) for j in (-1, 0, 1)} & left
            left -= near
            waiting += near
    return count


@pytest.mark.parametrize("width", [0.3, 0.6, 1, 1.5, 2, 3, 4, 5, 6])
def test_a_pen_measures_what_it_is(width):
    assert measure_width(letter(width)) == pytest.approx(width, abs=0.15)


@pytest.mark.parametrize("width", [1.5, 2, 3, 4])
def test_pixels_of_the_box_are_enough_to_measure_it(width):
    assert measure_width(fit_box(letter(width))) == pytest.approx(width, abs=0.35)


def test_size_place_and_strength_do_not_matter():
    expected = measure_width(letter(2.0))
    small = letter(2.0, side=150) * 0.3
    assert measure_width(np.pad(small, [(0, 70), (33, 0)])) == pytest.approx(expected, abs=0.13)
    assert measure_width(np.rot90(letter(2.0))) == pytest.approx(expected, abs=0.07)


@pytest.mark.parametrize("before", [0.2, 0.5, 1, 2, 4, 6])
@pytest.mark.parametrize("after", [1.0, 1.5, 2, 3.5, 5])
def test_lines_come_out_as_wide_as_asked_or_as_they_were(before, after):
    width = measure_width(thicken(letter(before), after))
    assert width == pytest.approx(max(before, after), abs=0.3)


def test_thickening_keeps_a_gap_open():
    foreground = letter(0.5)
    assert connected_components(thicken(foreground, 2.0) == 0) == connected_components(
        foreground == 0
    )


def test_the_callers_array_is_left_alone_and_a_blank_one_is_named():
    foreground = letter(6.0)
    before = foreground.copy()
    foreground.flags.writeable = False
    measure_width(foreground)
    thicken(foreground, 2.0)
    np.testing.assert_array_equal(foreground, before)
    for function in (measure_width, lambda nothing: thicken(nothing, 2.0)):
        with pytest.raises(ValueError, match="no ink"):
            function(np.zeros((9, 9)))


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (2, 3), (300, 300)])
def test_odd_shapes_survive(shape):
    foreground = np.ones(shape)
    assert 0 < measure_width(foreground) <= 20
    for width in (0.5, 2.0, 6.0):
        assert thicken(foreground, width).any()


def test_a_crumb_without_a_medial_axis_has_a_width():
    crumb = fit_box(np.array([[1, 0], [0, 1], [1, 0]]))
    assert 0 < measure_width(crumb) <= 20
    assert np.isfinite(thicken(crumb, 6.0)).all()
