"""What is no digit: letters, symbols and shapes, seeded, with the interface of digits."""

import numpy as np
import pytest

from tinycnn.preprocessing.drawn import NO_DIGIT, drawn_other, drawn_others, other_styles
from tinycnn.preprocessing.drawn.others import SHAPES, part_of_digit, spiral, two_digits

LIKE_DIGITS = set("OolISsZzBgqbi")


def test_letters_are_there_but_for_those_that_look_like_digits():
    letters = {style.split()[0] for style in other_styles() if len(style.split()[0]) == 1}
    assert set("ACDEFGHJKLMNPQRTUVWXYadefhkmnprtuwy") <= letters
    assert letters.isdisjoint(LIKE_DIGITS)
    assert {"plus", "minus", "check mark", "heart", "star", "question mark"} < {*other_styles()}
    assert {"scribble", "zigzag", "spiral", "two digits", "part of digit"} < {*SHAPES}


@pytest.mark.parametrize("style", other_styles())
def test_every_style_gives_ink(style):
    label, name, strokes = drawn_other(np.random.default_rng(0), style)
    assert (label, name) == (NO_DIGIT, style)
    assert all(stroke.ndim == 2 and stroke.shape[1] == 2 for stroke in strokes)
    images, labels, styles = drawn_others(
        np.random.default_rng(0), 5, without={*other_styles()} - {style}
    )
    assert images.dtype == np.uint8
    assert (images.max(axis=(1, 2)) > 200).all()
    assert labels.tolist() == [NO_DIGIT] * 5
    assert {*styles} == {style}


def test_the_same_state_gives_the_same_drawings():
    first, second = (drawn_others(np.random.default_rng(5), 60) for _ in range(2))
    assert all(map(np.array_equal, first, second))
    assert not np.array_equal(first[0], drawn_others(np.random.default_rng(6), 60)[0])
    assert len({image.tobytes() for image in first[0]}) == 60


def test_all_kinds_come():
    styles = drawn_others(np.random.default_rng(0), 1500)[2]
    assert {*SHAPES} <= {*styles}
    assert len({*styles}) > 0.9 * len(other_styles())


@pytest.mark.parametrize("seed", range(20))
def test_a_part_is_never_straight_and_two_digits_are_wide(seed):
    rng = np.random.default_rng(seed)
    (part,) = part_of_digit(rng)
    assert np.ptp(part, axis=0).min() > 0.4 * np.ptp(part, axis=0).max()
    assert len(two_digits(rng)) >= 2
    (line,) = spiral(rng)
    angles = np.unwrap(np.arctan2(*(line - 0.5)[1:].T))
    assert abs(angles[-1] - angles[0]) > 3.5 * np.pi


def test_thick_pens_draw_them_too():
    thin, thick = (drawn_others(np.random.default_rng(0), 20, pen=(p, p))[0] for p in (0.1, 0.3))
    assert thick.mean() > 1.5 * thin.mean()


@pytest.mark.parametrize(
    ("without", "words"), [(other_styles(), "left"), ({"Omega"}, "Omega"), ("plus", "collection")]
)
def test_what_cannot_be_drawn_is_said(without, words):
    with pytest.raises(ValueError, match=words):
        drawn_others(np.random.default_rng(0), 3, without=without)
    with pytest.raises(ValueError, match="Omega"):
        drawn_other(np.random.default_rng(0), "Omega")
