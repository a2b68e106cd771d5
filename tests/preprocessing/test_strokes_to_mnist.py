"""Strokes of a drawing as MNIST would have them, and as the bundled net reads them."""

import numpy as np
import pytest

from tinycnn.preprocessing import (
    strokes_to_mnist,
    to_mnist,
)
from tinycnn.preprocessing.stroke_width import measure_width
from tinycnn.preprocessing.strokes import along, rasterise


def arc(start, end, centre_x, centre_y, across, down):
    """Points of an arc; angles in turns, from 3 o'clock clockwise: float (100, 2)."""
    turn = 2 * np.pi * np.linspace(start, end, 100)
    return np.column_stack([centre_x + across * np.cos(turn), centre_y + down * np.sin(turn)])


def even(*vertices):
    """Points along straight lines, as a mouse reports them: float (n, 2)."""
    return along(np.array(vertices, float), 0.01)


TURN = 2 * np.pi * np.linspace(0, 1, 200)
WRITTEN = {
    0: [arc(-0.25, -1.25, 0.5, 0.5, 0.3, 0.45)],
    1: [even((0.35, 0.25), (0.55, 0.05), (0.5, 0.95))],
    2: [
        np.vstack(
            [arc(-0.5, 0.12, 0.5, 0.3, 0.3, 0.25), even((0.7, 0.48), (0.2, 0.95), (0.85, 0.92))]
        )
    ],
    3: [
        np.vstack(
            [arc(-0.5, 0.25, 0.45, 0.27, 0.28, 0.22), arc(-0.25, 0.45, 0.45, 0.72, 0.33, 0.23)]
        )
    ],
    4: [even((0.4, 0.05), (0.2, 0.6), (0.85, 0.55)), even((0.65, 0.3), (0.6, 0.98))],
    5: [
        np.vstack([even((0.3, 0.05), (0.27, 0.42)), arc(-0.35, 0.4, 0.48, 0.67, 0.3, 0.28)]),
        even((0.3, 0.05), (0.8, 0.07)),
    ],
    6: [
        np.vstack([arc(-0.35, -0.5, 0.65, 0.55, 0.4, 0.55), arc(-0.5, -1.5, 0.5, 0.7, 0.25, 0.25)])
    ],
    7: [even((0.2, 0.1), (0.8, 0.08), (0.4, 0.97))],
    8: [np.column_stack([0.5 + 0.28 * np.sin(2 * TURN), 0.5 - 0.45 * np.cos(TURN)])],
    9: [np.vstack([arc(0, -1, 0.5, 0.3, 0.25, 0.25), even((0.75, 0.3), (0.7, 0.95))])],
}


def apart(image, expected):
    """Mean difference of two images over the pixels of the foreground of either, in grey levels."""
    foreground = (image > 0) | (expected > 0)
    return np.abs(image.astype(int) - expected)[foreground].mean()


def test_written_digits_are_recognised(recognise):
    images = [strokes_to_mnist(strokes) for strokes in WRITTEN.values()]
    assert recognise(images).tolist() == list(WRITTEN)


@pytest.mark.parametrize("digit", WRITTEN)
@pytest.mark.parametrize(
    ("window", "share"),
    [(150, 0.95), (280, 0.6), (280, 0.95), (600, 0.3), (1000, 0.5), (2000, 0.2)],
)
def test_window_size_and_place_do_not_matter(digit, window, share):
    rng = np.random.default_rng(digit)
    expected = strokes_to_mnist(WRITTEN[digit])
    for _ in range(5):
        place = rng.uniform(0, 1 - share, 2)
        pixels = [np.rint((share * stroke + place) * window) for stroke in WRITTEN[digit]]
        assert apart(strokes_to_mnist(pixels), expected) <= 12


@pytest.mark.parametrize("digit", WRITTEN)
def test_units_order_and_number_of_points_do_not_matter(digit):
    expected = strokes_to_mnist(WRITTEN[digit])
    for scale in (1e-6, 1e9, 1e300):
        assert (
            apart(strokes_to_mnist([stroke * scale for stroke in WRITTEN[digit]]), expected) <= 0.1
        )
    assert apart(strokes_to_mnist([s[::-1] for s in reversed(WRITTEN[digit])]), expected) <= 2
    dense = [along(stroke, 0.001) for stroke in WRITTEN[digit]]
    assert apart(strokes_to_mnist(dense), expected) <= 8
    sparse = [np.vstack([stroke[::3], stroke[-1:]]) for stroke in WRITTEN[digit]]
    assert apart(strokes_to_mnist(sparse), expected) <= 12


def test_strokes_fill_the_box_and_are_centred():
    for strokes in WRITTEN.values():
        image = strokes_to_mnist(strokes)
        assert (image.shape, image.dtype) == ((28, 28), np.uint8)
        centre_of_mass = np.argwhere(image > -1).T @ image.ravel() / image.sum(dtype=float)
        np.testing.assert_allclose(centre_of_mass, 14.0, atol=0.05)
        # 20 pixels, the outermost of which it may share with a neighbour.
        assert np.ptp(np.argwhere(image), axis=0).max() + 1 in (20, 21)


def test_nothing_of_a_stroke_is_cut_off():
    for ends in ([(3.0, 3.0), (3.0, 9.0)], [(3.0, 3.0), (9.0, 3.0)], [(3.0, 3.0), (9.0, 9.0)]):
        image = strokes_to_mnist([np.array(ends)]).astype(int)
        assert np.abs(image[1:, 1:] - image[:0:-1, :0:-1]).max() <= 16


def test_strokes_have_the_width_of_the_median_digit():
    widths = [measure_width(strokes_to_mnist(strokes)) for strokes in WRITTEN.values()]
    assert np.median(widths) == pytest.approx(2.2, abs=0.2)


def test_a_stroke_and_its_picture_come_out_alike(recognise):
    for digit, strokes in WRITTEN.items():
        canvas = 255 - rasterise([0.1 + 0.6 * s for s in strokes], [0.07] * len(strokes), 280)
        assert recognise([to_mnist(canvas)]) == digit


def test_a_tap_is_a_dot():
    dot = strokes_to_mnist([np.array([[70.0, 30.0]])])
    assert dot.sum() / 255 == pytest.approx(np.pi * 1.25**2, rel=0.05)
    assert np.abs(np.argwhere(dot) - 14).max() == 1
    trembling = np.array([[70.0, 30.0], [71.0, 30.0], [71.0, 31.0]])
    for taps in ([np.repeat([[5.0, 5.0]], 9, axis=0)], [np.array([[1e300, 1e300]])]):
        np.testing.assert_array_equal(strokes_to_mnist(taps), dot)
    assert apart(strokes_to_mnist([trembling], smallest=100), dot) < 25
    assert strokes_to_mnist([trembling]).sum(dtype=int) > 3 * dot.sum(dtype=int)


def test_smallest_does_not_touch_what_is_larger():
    for strokes in WRITTEN.values():
        np.testing.assert_array_equal(strokes_to_mnist(strokes, 0.5), strokes_to_mnist(strokes))


def test_a_long_scribble_is_a_filled_box():
    scribble = np.random.default_rng(0).uniform(0, 400, (10_000, 2))
    image = strokes_to_mnist([scribble])
    assert (image[8:21, 8:21] > 250).all()


@pytest.mark.parametrize("nothing", [[], [[]], [np.zeros((0, 2)), np.zeros((0, 2))]])
def test_no_points_have_no_foreground(nothing):
    with pytest.raises(ValueError, match="no ink in the drawing"):
        strokes_to_mnist(nothing)


@pytest.mark.parametrize(
    "wrong", [[[1, 2, 3]], [[[1, np.nan]]], [np.zeros((2, 3))], [[[np.inf, 0]]]]
)
def test_strokes_that_are_none_are_refused(wrong):
    with pytest.raises(ValueError, match="a stroke"):
        strokes_to_mnist(wrong)


def test_the_strokes_of_the_caller_are_left_alone():
    stroke = np.array([[0.0, 0.0], [10.0, 20.0]])
    stroke.flags.writeable = False
    image = strokes_to_mnist([stroke])
    assert stroke.tolist() == [[0, 0], [10, 20]]
    image[:] = 0


@pytest.mark.parametrize("digit", [1, 2, 3, 5, 7])
@pytest.mark.parametrize(
    ("pen", "low", "high"), [(0.01, 1.2, 1.6), (0.1, 1.8, 2.6), (0.3, 4.2, 6.5)]
)
def test_lines_end_up_as_thick_as_they_are_in_mnist(digit, pen, low, high):
    strokes = [0.2 + 0.6 * stroke for stroke in WRITTEN[digit]]
    picture = rasterise(strokes, [0.6 * pen] * len(strokes), 400)
    assert low < measure_width(to_mnist(picture)) < high
