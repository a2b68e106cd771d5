"""Numbers as colours."""

import numpy as np
import pytest
from PIL import Image

from tinycnn.utils.heat_map import ABOVE, BELOW, colours, heat_map, largest
from tinycnn.utils.plots import save_picture


def test_zero_is_white_and_both_ends_are_their_colours():
    shown = colours(np.array([[-4.0, 0.0, np.nan, 4.0, 2.0, 9.0]]), most=4.0)[0]
    assert shown[[0, 3, 5]].tolist() == [list(BELOW), list(ABOVE), list(ABOVE)]
    assert (shown[[1, 2]] == 255).all()
    np.testing.assert_allclose(shown[4], (np.array(ABOVE) + 255) / 2, atol=1)
    assert (colours(np.zeros((2, 3), np.float32)) == 255).all()


def test_the_farther_from_zero_the_stronger():
    shades = colours(np.linspace(-1, 1, 101)).astype(int)
    away = np.abs(255 - shades).sum(axis=1)
    assert (np.diff(away[:51]) < 0).all()
    assert (np.diff(away[50:]) > 0).all()


def test_a_map_has_every_number_where_it_lies_and_a_legend(tmp_path):
    values = np.random.default_rng(0).normal(size=(5, 40))
    save_picture(heat_map(values, "for it", "against it", zoom=9), tmp_path / "map.png")
    pixels = np.asarray(Image.open(tmp_path / "map.png"))
    np.testing.assert_array_equal(pixels[4 : 5 * 9 : 9, 4 : 40 * 9 : 9], colours(values))
    legend = pixels[5 * 9 + 15]
    assert legend[0].tolist() == list(BELOW)
    assert legend[-1].tolist() == list(ABOVE)
    words = pixels[5 * 9 + 24 :]
    assert (words < 100).any()


def test_a_narrow_map_is_as_wide_as_its_words():
    narrow = heat_map(np.eye(2), "many words about what is above 0", "and below it", zoom=1)
    assert narrow.width > 200


@pytest.mark.parametrize(
    ("values", "zoom"), [(np.zeros(3), 4), (np.zeros((0, 2)), 4), (np.eye(2), 0)]
)
def test_what_is_no_map_is_refused(values, zoom):
    with pytest.raises(ValueError, match="numbers are"):
        heat_map(values, zoom=zoom)


def test_the_largest_is_the_farthest_from_zero():
    assert largest(np.array([])) == 0
    assert largest(np.array([2, -5], np.int8)) == 5
