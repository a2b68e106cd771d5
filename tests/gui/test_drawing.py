"""What is on the canvas: steps and undo, what an eraser takes away, and the tools. No screen needed."""

import math
from array import array

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from gui.drawing.drawing import STEPS, Drawing, Picture, Stroke, together
from gui.drawing.eraser import erase
from gui.drawing.tools import ERASER, Eraser, Pen, clipped

share = st.floats(0, 1)
point = st.tuples(share, share)
lines = st.lists(point, min_size=1, max_size=12)


def stroke(*points, width=0.05):
    return Stroke(array("d", [value for point in points for value in point]), width)


def ends(strokes):
    return [tuple(round(v, 3) for v in (*s.points[:2], *s.points[-2:])) for s in strokes]


def picture(name="a.png"):
    return Picture(np.ones((2, 2), np.float32), name)


def distance(point, start, end):
    """Return how far a point is from a line, by trying many places of it."""
    shares = np.linspace(0, 1, 2001)[:, None]
    positions = np.array(start) + shares * (np.array(end) - np.array(start))
    return np.hypot(*(positions - point).T).min()


def test_undo_goes_back_to_the_empty_canvas_and_redo_to_the_last_stroke():
    drawing, strokes = Drawing(), [stroke((0, i / 9), (1, i / 9)) for i in range(9)]
    for one in strokes:
        drawing.add(one)
    for left in range(8, -1, -1):
        assert drawing.undo()
        assert drawing.items == tuple(strokes[:left])
    assert not drawing.undo()
    assert not drawing.can_undo
    for left in range(1, 10):
        assert drawing.redo()
        assert drawing.items == tuple(strokes[:left])
    assert not drawing.redo()
    assert not drawing.can_redo


def test_a_new_step_ends_what_could_be_taken_again():
    drawing = Drawing()
    drawing.add(stroke((0, 0)))
    drawing.undo()
    assert drawing.can_redo
    drawing.add(stroke((1, 1)))
    assert not drawing.can_redo
    assert len(drawing.items) == 1


def test_nothing_changed_is_no_step():
    drawing = Drawing()
    drawing.replace(())
    assert not drawing.can_undo
    drawing.add(stroke((0, 0)))
    drawing.undo()
    drawing.replace(drawing.items)
    assert drawing.can_redo


def test_old_steps_are_forgotten():
    drawing = Drawing()
    for _ in range(STEPS + 5):
        drawing.add(stroke((0, 0)))
    undone = 0
    while drawing.undo():
        undone += 1
    assert undone == STEPS
    assert len(drawing.items) == 5


def test_a_step_remembers_only_what_changed():
    drawing, strokes = Drawing(), tuple(stroke((0, i / 9)) for i in range(9))
    drawing.replace(strokes)
    drawing.replace((*strokes[:4], stroke((1, 1)), *strokes[5:]))
    change = drawing._done[-1]
    assert (change.start, change.old, len(change.new)) == (4, (strokes[4],), 1)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 5), max_size=7), max_size=12), st.data())
def test_any_steps_can_be_undone_and_redone(contents, data):
    pool = [stroke((i / 5, 0)) for i in range(6)]
    drawing, states = Drawing(), [()]
    for content in contents:
        items = tuple(pool[i] for i in content)
        drawing.replace(items)
        if items != states[-1]:
            states.append(items)
    index = len(states) - 1
    for back in data.draw(st.lists(st.booleans(), max_size=30)):
        moved = drawing.undo() if back else drawing.redo()
        assert moved == (index > 0 if back else index < len(states) - 1)
        index += (-1 if back else 1) if moved else 0
        assert drawing.items == states[index]
        assert (drawing.can_undo, drawing.can_redo) == (index > 0, index < len(states) - 1)


def test_a_picture_shares_the_canvas_with_nobody():
    line, photo, other = stroke((0, 0)), picture(), picture("b.png")
    assert together((), line) == (line,)
    assert together((line,), line) == (line, line)
    assert together((line, line), photo) == (photo,)
    assert together((photo,), line) == (line,)
    assert together((photo,), other) == (other,)


def test_a_stroke_knows_its_frame():
    assert stroke((0.4, 0.9), (0.1, 0.5), (0.3, 0.7)).frame == (0.1, 0.5, 0.4, 0.9)


# The eraser.


def test_erasing_parts_a_stroke_in_two():
    left = erase((stroke((0.1, 0.5), (0.9, 0.5), width=0.02),), (0.5, 0.4), (0.5, 0.6), 0.09)
    assert ends(left) == [(0.1, 0.5, 0.391, 0.5), (0.609, 0.5, 0.9, 0.5)]
    assert [one.width for one in left] == [0.02, 0.02]


def test_the_erasers_quick_way_is_a_line_and_no_row_of_dots():
    strokes = tuple(stroke((i / 10, 0.2), (i / 10, 0.8)) for i in range(1, 10))
    left = erase(strokes, (0, 0.5), (1, 0.5), 0.05)
    assert len(left) == 18


def test_what_is_not_touched_stays_the_very_same():
    near, distant = stroke((0.1, 0.1), (0.9, 0.12)), stroke((0.5, 0.5), (0.6, 0.6))
    photo = picture()
    assert erase((near, distant, photo), (0.5, 0.9), (0.6, 0.9), 0.05) == (near, distant, photo)
    assert erase((near, distant), (0.5, 0.14), (0.5, 0.14), 0.05)[-1] is distant


def test_a_stroke_beside_the_eraser_but_in_its_frame_keeps_its_points():
    round_about = stroke((0.1, 0.1), (0.9, 0.1), (0.9, 0.9))
    assert erase((round_about,), (0.3, 0.7), (0.3, 0.7), 0.05)[0] is round_about


def test_a_dot_is_erased_whole():
    assert erase((stroke((0.5, 0.5)),), (0.5, 0.5), (0.5, 0.5), 0.01) == ()


def test_a_thick_line_is_touched_earlier():
    line = [(0.1, 0.5), (0.9, 0.5)]
    assert len(erase((stroke(*line, width=0.1),), (0.5, 0.4), (0.5, 0.4), 0.06)) == 2
    assert len(erase((stroke(*line, width=0.01),), (0.5, 0.4), (0.5, 0.4), 0.06)) == 1


@pytest.mark.parametrize("end", [(0.0, 0.5), (1.0, 0.5)])
def test_an_end_can_be_erased(end):
    left = erase((stroke((0, 0.5), (1, 0.5), width=0.02),), end, end, 0.1)
    assert len(left) == 1
    assert math.dist(left[0].points[:2], left[0].points[-2:]) == pytest.approx(0.89, abs=0.03)


@settings(max_examples=80, deadline=None)
@given(st.lists(lines, min_size=1, max_size=3), point, point, st.floats(0.01, 0.3))
def test_erasing_leaves_exactly_what_the_eraser_did_not_touch(drawn, start, end, radius):
    strokes = tuple(stroke(*points, width=0.04) for points in drawn)
    left = erase(strokes, start, end, radius)
    for one in left:
        for place in zip(one.points[::2], one.points[1::2], strict=True):
            touched = distance(place, start, end) <= radius + 0.02 - 1e-9
            assert not touched or one in strokes  # untouched strokes have no points between yet
    kept = {p for one in left for p in zip(one.points[::2], one.points[1::2], strict=True)}
    for points in drawn:
        for place in points:
            if distance(place, start, end) > radius + 0.02 + 1e-3:
                assert place in kept


@settings(max_examples=40, deadline=None)
@given(lines, point, st.floats(0.01, 0.3))
def test_erasing_the_same_place_again_changes_nothing(points, place, radius):
    once = erase((stroke(*points),), place, place, radius)
    twice = erase(once, place, place, radius)
    assert ends(twice) == ends(once)


# The tools.


def test_the_pen_draws_lines_to_where_the_mouse_goes():
    pen = Pen((), (0.1, 0.2), 0.07)
    for place in [(0.1, 0.2), (0.3, 0.4), (0.3, 0.4), (0.5, 0.6)]:
        pen.move(place)
    (drawn,) = pen.items
    assert list(drawn.points) == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    assert drawn.width == 0.07


def test_what_the_pen_drew_is_not_changed_by_what_it_draws_then():
    pen = Pen((), (0.1, 0.2), 0.07)
    before = pen.items[0]
    pen.move((0.9, 0.9))
    assert list(before.points) == [0.1, 0.2]


def test_beyond_the_canvas_the_pen_draws_nothing():
    pen = Pen((), (0.5, 0.5), 0.07)
    pieces = [pen.move(place) for place in [(0.5, -0.5), (1.5, -0.5), (1.5, 0.25), (0.5, 0.25)]]
    assert pieces == [((0.5, 0.5), (0.5, 0)), None, None, ((1, 0.25), (0.5, 0.25))]
    assert [list(part.points) for part in pen.items] == [[0.5, 0.5, 0.5, 0], [1, 0.25, 0.5, 0.25]]


@given(
    st.tuples(st.floats(-3, 3), st.floats(-3, 3)),
    st.tuples(st.floats(-3, 3), st.floats(-3, 3)),
)
def test_a_clipped_line_is_the_part_of_it_on_the_canvas(start, end):
    piece = clipped(start, end)
    inside = [all(0 <= value <= 1 for value in point) for point in (start, end)]
    if piece is None:
        assert not all(inside)
        return
    for point, whole, within in zip(piece, (start, end), inside, strict=True):
        assert all(0 <= value <= 1 for value in point)
        assert distance(np.array(point), start, end) < 5e-3
        if within:
            assert point == whole


def test_the_pen_adds_to_strokes_and_takes_the_place_of_a_picture():
    line = stroke((0, 0))
    assert Pen((line,), (0.5, 0.5), 0.1).items[0] is line
    assert len(Pen((picture(),), (0.5, 0.5), 0.1).items) == 1


def test_the_eraser_takes_away_at_once_and_on_its_way():
    strokes = stroke((0.2, 0.5)), stroke((0.8, 0.5)), stroke((0.5, 0.9))
    eraser = Eraser(strokes, (0.2, 0.5))
    assert eraser.items == strokes[1:]
    eraser.move((0.9, 0.5 + ERASER / 2))
    assert eraser.items == strokes[2:]
    assert eraser.last == (0.9, 0.5 + ERASER / 2)
