"""The picture of a layer: every pixel has the colour of the number that lies under it."""

import io

import numpy as np
import pytest
from PIL import Image

from gui.inside.colours import brief, extent, largest, palette, power_of, times_ten
from gui.inside.layout import BARS, MAPS, STRIP, Column
from gui.inside.mosaic import legend_strip, picture, ppm
from gui.widgets.theme import DARK, LIGHT

COLUMNS = [
    Column(0, MAPS, (5, 4, 7), 0, 0, 99, 0, (12, 15), 3, 2, 3, 2),
    Column(0, MAPS, (5, 4, 7), 0, 0, 99, 0, (12, 15), 3, 2, 3, 2, first=1),
    Column(0, STRIP, (11,), 0, 0, 99, 0, (9, 9), 9, 1, 4, 5),
]


def values_of(column, low):
    return np.random.default_rng(1).uniform(low, 2, column.shape)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("low", [0, -3])
@pytest.mark.parametrize("column", COLUMNS, ids=["maps", "scrolled", "strip"])
def test_each_pixel_shows_its_number(column, low, theme):
    values, colours = values_of(column, low), palette(theme)
    most = extent(values)[1]
    image = picture(values, most, column, colours)
    width, height = column.size
    assert image.shape == (height, width, 3)
    for y in range(height):
        for x in range(width):
            position = column.position_at(x, y)
            if position is None:
                expected = colours.between
            else:
                expected = colours.shade(round(values[position] / most * 255) / 255)
            assert np.abs(image[y, x].astype(int) - expected).max() <= 1


def test_bars_are_as_long_as_their_numbers():
    column = Column(0, BARS, (3,), 0, 0, 99, 0, (100, 8), 8, 2, 1, 3)
    colours = palette(LIGHT)
    image = picture(np.array([0.5, 0.0, 1.0]), 1.0, column, colours)
    filled = (image == colours.positive).all(axis=2)
    assert [filled[row].sum() for row in (0, 10, 20)] == [50, 0, 100]
    signed = picture(np.array([0.5, -1.0, 0.0]), 1.0, column, colours)
    assert (signed[0, 50:75] == colours.positive).all()
    assert (signed[10, :50] == colours.negative).all()
    assert (signed[20] == colours.zero).all()


def test_zero_is_the_ground_and_nan_draws_no_attention():
    column = COLUMNS[0]
    for theme, ground in ((LIGHT, (255, 255, 255)), (DARK, (14, 16, 19))):
        for values in (np.zeros(column.shape), np.full(column.shape, np.nan)):
            image = picture(values, 1.0, column, palette(theme))
            assert tuple(image[0, 0]) == ground


def test_a_legend_goes_from_the_low_to_the_high_end():
    colours = palette(LIGHT)
    signed, plain = (legend_strip(s, (40, 3), colours) for s in (True, False))
    assert signed.shape == (3, 40, 3)
    assert tuple(signed[0, 0]) == colours.negative
    assert tuple(plain[0, 0]) == colours.zero
    assert tuple(plain[2, -1]) == tuple(signed[2, -1]) == colours.positive


def test_a_scale_is_symmetric_only_where_numbers_are_below_zero():
    assert extent(np.array([0.0, 0.0])) == (0.0, 0.0)
    assert extent(np.array([1.0, 3.0])) == (0.0, 3.0)
    assert extent(np.array([-4.0, 3.0])) == (-4.0, 4.0)


def test_a_ppm_file_is_read_back_by_others():
    image = np.random.default_rng(0).integers(0, 256, (3, 4, 3)).astype(np.uint8)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(ppm(image)))), image)


@pytest.mark.parametrize("value", [0.1234, -12.6, 99.7, 1e-9, -3e7, 100000, 0.0099])
def test_a_brief_number_is_short_and_nearly_right(value):
    assert float(brief(value)) == pytest.approx(value, rel=0.05)
    assert len(brief(value)) <= 8


def test_numbers_of_one_kind_share_a_scale_and_small_ones_a_power_of_ten():
    grids = [[[0.5, -2.0]], [[1.0, float("nan"), float("inf")]]]
    assert largest(grids) == 2
    assert largest([[[0.0]]]) == 1
    assert [power_of(most) for most in (12.5, 0.05, 0.0041, 5e-324)] == [0, 0, -3, -300]
    assert [times_ten(power) for power in (0, -12)] == ["", " · 10⁻¹²"]
    assert brief(-0.0) == "0"
