"""The keys lead from number to number, never out of a layer."""

import itertools

import pytest

from gui.inside import walking
from gui.inside.layout import BARS, MAPS, STRIP, Column

TILES = Column(0, MAPS, (5, 4, 7), 0, 0, 99, 0, (12, 15), 3, 2, 3, 2)
ROW = Column(0, STRIP, (11,), 0, 0, 99, 0, (9, 9), 9, 1, 4, 5)
CLASSES = Column(0, BARS, (10,), 0, 0, 99, 0, (100, 8), 8, 2, 1, 10)


@pytest.mark.parametrize(
    ("column", "position", "key", "expected"),
    [
        (TILES, (2, 2, 3), "Left", (2, 1, 3)),
        (TILES, (2, 2, 3), "Down", (3, 2, 3)),
        (TILES, (2, 3, 3), "Right", (2, 3, 3)),
        (TILES, (0, 2, 3), "Up", (0, 2, 3)),
        (TILES, (2, 2, 3), "Next", (2, 2, 4)),
        (TILES, (2, 2, 6), "Next", (2, 2, 6)),
        (TILES, (2, 2, 0), "Prior", (2, 2, 0)),
        (ROW, (5,), "Right", (6,)),
        (ROW, (5,), "Down", (9,)),
        (ROW, (9,), "Down", (10,)),
        (ROW, (5,), "Prior", (4,)),
        (CLASSES, (5,), "Down", (6,)),
        (CLASSES, (0,), "Up", (0,)),
    ],
)
def test_a_key_goes_one_step(column, position, key, expected):
    assert walking.within(column, position, key) == expected


def test_another_layer_is_entered_where_this_one_was_left():
    shapes = [(28, 28, 1), (26, 25, 16), (12, 12, 64), (9216,), (128,), (10,)]
    for one, other in itertools.permutations(shapes, 2):
        corners = [(0,) * len(one), tuple(size - 1 for size in one)]
        for position in corners:
            entered = walking.across(position, one, other)
            assert len(entered) == len(other)
            assert all(0 <= place < size for place, size in zip(entered, other, strict=True))
    assert walking.across((13, 13, 0), (28, 28, 1), (14, 14, 6)) == (6, 6, 0)
    assert walking.across((27, 0, 5), (28, 28, 9), (14, 14, 3)) == (13, 0, 2)
