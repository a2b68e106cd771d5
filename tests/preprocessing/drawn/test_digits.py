"""Drawn digits: seeded, every style with ink, styles that are left out."""

import numpy as np
import pytest

from tinycnn.preprocessing.drawn import digit_styles, drawn_digit, drawn_digits


def same(drawing, other):
    return drawing[:2] == other[:2] and all(map(np.array_equal, drawing[2], other[2]))


def only(style):
    return {*digit_styles()} - {style}


def test_there_are_styles_of_every_digit():
    styles = digit_styles()
    assert len(styles) == len(set(styles)) >= 50
    assert {style[0] for style in styles} == set("0123456789")
    assert {"0 level bar", "1 tail up", "5 detached bar", "9 leaning back, crossed"} < {*styles}


def test_the_same_state_gives_the_same_drawings_and_another_state_others():
    one, again, another = (drawn_digit(np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert same(one, again)
    assert not same(one, another)
    first, second = (drawn_digits(np.random.default_rng(0), 40) for _ in range(2))
    assert all(map(np.array_equal, first, second))
    assert len({image.tobytes() for image in first[0]}) == 40


def test_nothing_global_is_drawn_from_or_changed():
    np.random.seed(1)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first = drawn_digits(np.random.default_rng(0), 5)
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    np.random.seed(2)  # noqa: NPY002
    assert all(map(np.array_equal, first, drawn_digits(np.random.default_rng(0), 5)))


def test_a_drawing_has_the_form_of_the_window_s_strokes():
    rng = np.random.default_rng(0)
    for _ in range(50):
        digit, style, strokes = drawn_digit(rng)
        assert style in digit_styles()
        assert digit == int(style[0])
        assert all(stroke.ndim == 2 and stroke.shape[1] == 2 for stroke in strokes)
        assert all(np.array_equal(stroke, np.rint(stroke)) for stroke in strokes)


def test_images_have_their_forms_and_all_digits_come_as_often():
    images, digits, styles = drawn_digits(np.random.default_rng(0), 1000)
    assert images.shape == (1000, 28, 28)
    assert images.dtype == np.uint8
    assert digits.dtype == np.int64
    assert digits.tolist() == [int(style[0]) for style in styles]
    assert np.bincount(digits).min() > 60
    assert np.bincount(digits).max() < 140


def test_no_drawings_at_all():
    images, digits, styles = drawn_digits(np.random.default_rng(0), 0)
    assert (images.shape, digits.shape, styles.shape) == ((0, 28, 28), (0,), (0,))


@pytest.mark.parametrize("style", digit_styles())
def test_every_style_gives_ink_in_the_box(style):
    images, digits, styles = drawn_digits(np.random.default_rng(0), 12, without=only(style))
    assert {*styles} == {style}
    assert {*digits.tolist()} == {int(style[0])}
    assert (images.max(axis=(1, 2)) > 200).all()
    rows, columns = images.any(axis=2).sum(axis=1), images.any(axis=1).sum(axis=1)
    assert (np.maximum(rows, columns) >= 19).all()
    share = images.mean(axis=(1, 2)) / 255
    assert (share > 0.02).all()
    assert (share < 0.35).all()


def test_a_third_of_the_slashes_of_zero_are_level_and_some_go_far_beyond_the_ring():
    _, _, styles = drawn_digits(np.random.default_rng(0), 2000, digit=0)
    slashed = [style for style in styles if "slash" in style or "bar" in style]
    assert 0.25 < np.mean(["level" in style for style in slashed]) < 0.45
    rng, reaches = np.random.default_rng(1), []
    for _ in range(200):
        strokes = drawn_digit(rng, style="0 level bar")[2]
        widths = sorted(np.ptp(stroke[:, 0]) for stroke in strokes)
        reaches.append(widths[-1] / max(widths[0], 1))
    assert np.max(reaches) > 2.3


def test_a_digit_or_a_style_can_be_asked_for():
    rng = np.random.default_rng(0)
    assert {drawn_digit(rng, 4)[0] for _ in range(20)} == {4}
    assert drawn_digit(rng, style="7 crossed")[:2] == (7, "7 crossed")
    assert drawn_digit(rng, 7, "7 crossed")[:2] == (7, "7 crossed")


def test_styles_can_be_left_out_and_the_caller_s_set_stays():
    without = {style for style in digit_styles() if style[0] != "3"} | {"3 round"}
    before = set(without)
    _, digits, styles = drawn_digits(np.random.default_rng(0), 200, without=without)
    assert {*digits.tolist()} == {3}
    assert without == before
    assert before.isdisjoint(styles)


def test_sizes_places_leaning_and_points_vary():
    rng = np.random.default_rng(2)
    bars = [drawn_digit(rng, style="1 bar")[2][0] for _ in range(200)]
    heights = np.array([np.ptp(bar[:, 1]) for bar in bars])
    ways = np.array([bar[-1] - bar[0] for bar in bars])
    lean = np.degrees(np.arctan(-ways[:, 0] / ways[:, 1]))
    assert heights.max() > 4 * heights.min()
    assert lean.min() < -10
    assert lean.max() > 20
    assert (ways[:, 1] < 0).any(), "some are drawn upwards"
    assert min(map(len, bars)) < 12
    assert max(map(len, bars)) > 40


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"digit": 10}, "0 to 9"),
        ({"without": digit_styles()}, "left"),
        ({"without": {"7 unheard of"}}, "7 unheard of"),
        ({"without": "7 crossed"}, "collection"),
        ({"pen": (0.0, 0.0)}, "above 0"),
    ],
)
def test_what_cannot_be_drawn_is_said(options, words):
    with pytest.raises(ValueError, match=words):
        drawn_digits(np.random.default_rng(0), 3, **options)


def test_an_unknown_style_is_said_with_those_there_are():
    with pytest.raises(ValueError, match=r"'7 crosed'.*7 crossed"):
        drawn_digit(np.random.default_rng(0), style="7 crosed")
    with pytest.raises(ValueError, match="7 crossed"):
        drawn_digit(np.random.default_rng(0), 3, "7 crossed")
