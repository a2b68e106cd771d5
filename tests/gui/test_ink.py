"""The ink against its slow definition, however it came there: at once, in parts, wiped and drawn anew."""

import math
import random
from array import array

import numpy as np
import pytest

from gui.drawing.drawing import Stroke
from gui.drawing.ink import Ink, overlap
from gui.drawing.tools import Eraser

FAR = math.inf  # seconds
SIDE = 90


def scribble(chance, count):
    """Return so many random strokes, dots among them."""
    strokes = []
    for _ in range(count):
        points = [chance.uniform(-0.02, 1.02) for _ in range(2 * chance.randint(1, 6))]
        strokes.append(Stroke(array("d", points), chance.uniform(0.01, 0.2)))
    return strokes


def distance(x, y, points):
    """Return how far a point is from a polyline."""
    pairs = list(zip(points[::2], points[1::2], strict=True))
    least = math.inf
    for (x0, y0), (x1, y1) in zip(pairs, pairs[1:] or pairs, strict=False):
        across, down = x1 - x0, y1 - y0
        length = across**2 + down**2
        share = ((x - x0) * across + (y - y0) * down) / length if length else 0
        share = min(1, max(0, share))
        least = min(least, math.hypot(x - x0 - share * across, y - y0 - share * down))
    return least


def defined(strokes, side):
    """Return the coverage, pixel by pixel from the distances of their middles."""
    cover = np.zeros((side, side))
    for row in range(side):
        for column in range(side):
            place = (column + 0.5) / side, (row + 0.5) / side
            for stroke in strokes:
                far = side * distance(*place, stroke.points)
                share = min(1, max(0, side * stroke.width / 2 + 0.5 - far))
                cover[row, column] = max(cover[row, column], 255 * share)
    return cover


def drawn(strokes, side):
    ink = Ink(side)
    ink.add(strokes)
    ink.work(FAR)
    return ink.coverage.astype(int)


@pytest.mark.parametrize("side", [1, 17, 40])
def test_ink_is_what_is_defined(side):
    strokes = scribble(random.Random(side), 5)
    assert np.abs(drawn(strokes, side) - defined(strokes, side)).max() <= 1


def test_edges_are_smooth():
    cover = drawn([Stroke(array("d", [0.1, 0.2, 0.47, 0.71, 0.9, 0.3]), 0.1)], SIDE)
    assert np.unique(cover).size > 50


def test_in_the_smallest_parts_and_in_any_order_it_is_the_same():
    strokes = scribble(random.Random(1), 8)
    ink = Ink(SIDE)
    ink.add(strokes[::-1])
    while ink.waits:
        assert len(ink.work(0)) <= 1
    ink.add(strokes)
    ink.work(FAR)
    assert np.array_equal(ink.coverage, drawn(strokes, SIDE))


def test_what_changed_lies_in_the_boxes():
    ink = Ink(SIDE)
    for stroke in scribble(random.Random(2), 20):
        before = ink.coverage.copy()
        for left, top, right, bottom in ink.draw(stroke):
            before[top:bottom, left:right] = ink.coverage[top:bottom, left:right]
        assert np.array_equal(before, ink.coverage)


def test_what_is_forgotten_is_not_drawn_any_more():
    one, other = scribble(random.Random(3), 2)
    ink = Ink(SIDE)
    ink.add([one, other])
    assert ink.forget([one])
    assert not ink.forget([one])
    ink.work(FAR)
    assert np.array_equal(ink.coverage, drawn([other], SIDE))


@pytest.mark.parametrize("seed", range(20))
def test_after_erasing_only_its_frame_is_drawn_anew_and_all_is_right(seed):
    chance = random.Random(seed)
    items = tuple(scribble(chance, 6))
    ink = Ink(SIDE)
    ink.add(items)
    ink.work(FAR)
    place = chance.random(), chance.random()
    eraser, before = Eraser(items, place), {*items}
    for _ in range(5):
        eraser.move(place)  # the first time where it is already, as the window does
        gone, before = before - {*eraser.items}, {*eraser.items}
        place = chance.random(), chance.random()
        box = ink.reach(eraser.frame, max((stroke.width for stroke in gone), default=0))
        ink.wipe(box)
        ink.add(eraser.items, box)
        ink.work(FAR)
    assert np.abs(ink.coverage - drawn(eraser.items, SIDE)).max() <= 1


def test_boxes_overlap_or_not():
    assert overlap((0, 0, 9, 9), (2, 3, 4, 5)) == (2, 3, 4, 5)
    assert overlap((0, 0, 2, 2), (0, 2, 2, 4)) is None
