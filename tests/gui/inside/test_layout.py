"""Columns of tiles: all fit where they can, and every number is found again where it lies."""

import itertools

import pytest

from gui.inside.layout import (
    BARS,
    FOLDED,
    MAPS,
    STRIP,
    Column,
    LayerInfo,
    Lengths,
    arrange,
    total,
)

LENGTHS = Lengths(
    tile=56, unit=9, bar=16, gap=3, between=11, folded=18, bars=130, name=17, number=49, head=46, foot=27
)  # fmt: skip
NET = (
    LayerInfo("input_layer", "", (28, 28, 1)),
    LayerInfo("conv2d", "relu", (26, 25, 16)),
    LayerInfo("max_pooling2d", "", (12, 12, 64)),
    LayerInfo("dropout", "", (12, 12, 64), "off when predicting"),
    LayerInfo("flatten", "", (9216,), "the same numbers in one row"),
    LayerInfo("dense", "relu", (128,)),
    LayerInfo("dense_1", "softmax", (10,)),
)
TITLES = (66, 40, 88, 0, 0, 40, 50)
AREAS = [(300, 120), (560, 200), (930, 460), (1900, 1000), (4000, 2000)]


@pytest.fixture(params=AREAS, ids=lambda area: f"{area[0]}x{area[1]}")
def area(request):
    return request.param


@pytest.fixture
def columns(area):
    return arrange(NET, TITLES, area, LENGTHS)


def test_columns_stand_beside_each_other_in_the_order_of_the_net(columns):
    assert [column.layer for column in columns] == [-1, 0, 1, 2, 3, 4, 5]
    assert [column.kind for column in columns] == [MAPS, MAPS, MAPS, FOLDED, FOLDED, STRIP, BARS]
    for one, other in itertools.pairwise(columns):
        assert one.left + one.width + LENGTHS.between == other.left
    for column, title in zip(columns, TITLES, strict=True):
        assert column.width >= title
        assert column.inset + column.size[0] <= column.width or column.kind == FOLDED


def test_tiles_keep_within_the_height_if_one_row_does(columns, area):
    for column in columns:
        if column.kind != FOLDED and column.rows > 1:
            assert column.top + column.size[1] + LENGTHS.foot <= area[1]


def test_width_that_is_left_goes_to_hidden_tiles(columns, area):
    spare = area[0] - total(columns, LENGTHS.between)
    for column in columns:
        if column.kind == MAPS and column.hidden:
            assert column.tile[0] + column.gap > spare


def test_a_small_net_on_a_large_screen_gets_large_tiles_and_hides_none():
    large = arrange(NET[:2], TITLES[:2], (1900, 1000), LENGTHS)
    assert not any(column.hidden for column in large)
    assert large[0].zoom > arrange(NET[:2], TITLES[:2], (150, 200), LENGTHS)[0].zoom


def test_every_number_that_is_seen_is_found_again(columns):
    for column in columns:
        if column.kind == FOLDED:
            continue
        whole = column.scrolled(column.hidden)
        for state in (column, whole):
            for place in state.seen:
                last = [size - 1 for size in column.shape[:-1]]
                for position in {(*last, place), (*[0] * len(last), place)}:
                    left, top, right, bottom = state.box(position)
                    for x, y in ((left, top), (right - 1, bottom - 1), (left + 0.5, top + 0.5)):
                        assert state.position_at(x, y) == position


def test_between_tiles_and_beside_columns_there_is_no_number(columns):
    column = columns[1]
    left, top, right, bottom = column.tile_box(0)
    assert column.position_at(left - 1, top) is None
    assert column.position_at(right, top) is None
    assert column.position_at(left, bottom) is None
    assert column.position_at(left, top - 1) is None


def test_scrolling_ends_at_the_first_and_the_last_row():
    (column,) = arrange(NET[2:3], TITLES[2:3], (100, 200), LENGTHS)
    assert column.hidden > 3
    assert column.scrolled(-5).first == 0
    assert column.scrolled(1000).first == column.hidden
    assert column.scrolled(1000).seen.stop == 64
    assert column.box((0, 0, 63)) is None
    shown = column.showing((0, 0, 63))
    assert shown.box((0, 0, 63)) is not None
    assert shown.showing((0, 0, 0)).first == 0
    assert shown.showing((0, 0, 62)) == shown


def test_a_window_is_outlined_as_large_as_it_is():
    column = Column(0, MAPS, (6, 6, 2), 10, 20, 50, 0, (24, 24), 4, 2, 2, 1)
    assert column.box((1, 2, 1), 3, 2) == (10 + 26 + 8, 20 + 4, 10 + 26 + 16, 20 + 16)


def test_anywhere_in_a_folded_layer_is_one_of_its_numbers(columns):
    column = columns[3]
    assert column.position_at(column.left + 2, 30) == (6, 6, 32)
    assert column.position_at(column.left - 2, 30) is None
