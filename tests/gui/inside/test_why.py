"""Which pixels a guess hangs on lies over the paper exactly where it was drawn."""

import io
import sys
from array import array

import numpy as np
import pytest
from PIL import Image

from gui.drawing.drawing import Picture, Stroke
from gui.inside import why
from gui.inside.colours import palette
from gui.inside.why_jobs import Why
from gui.inside.why_messages import OCCLUSION, Question, WhyWish
from gui.recognition.recogniser import Recogniser, prepare
from gui.widgets.theme_colours import LIGHT
from tests.support import patience
from tests.support.painted_digits import strokes
from tests.support.xvfb import ROOT
from tinycnn.preprocessing.strokes import rasterise

SIDE = 400
COLOURS = palette(LIGHT)


def items_of(digit, size=0.5, shift=(0.3, 0.2), width=0.07):
    lines = [np.array(line) * size + shift for line in strokes(digit)]
    return tuple(Stroke(array("d", line.ravel().tolist()), width) for line in lines)


def picture_of(digit):
    ink = rasterise(
        [np.array(line) * 0.6 + 0.2 for line in strokes(digit)], [0.05] * len(strokes(digit)), 300
    )
    return Picture(
        np.pad(1 - ink / 255, ((0, 0), (40, 60)), constant_values=1).astype(np.float32), "a"
    )


def number_of(*rows):
    """A picture of rows of two digits."""
    lines = [
        np.array(line) * 0.4 + (0.05 + 0.5 * column, 0.05 + 0.5 * row)
        for row, text in enumerate(rows)
        for column, digit in enumerate(text)
        for line in strokes(int(digit))
    ]
    ink = rasterise(lines, [0.02] * len(lines), 300)
    return (Picture((1 - ink / 255).astype(np.float32), "number"),)


def on_paper(overlay, side=SIDE):
    """Return the overlay as it lies on the paper: (side, side, 4)."""
    paper = np.zeros((side, side, 4), np.uint8)
    image = np.asarray(Image.open(io.BytesIO(overlay.data)))
    height, width, _ = image.shape
    paper[overlay.top : overlay.top + height, overlay.left : overlay.left + width] = image
    return paper


@pytest.fixture(scope="module")
def recogniser():
    recogniser = Recogniser()
    recogniser.load_bundled()
    return recogniser


@pytest.mark.parametrize("digit", [1, 4, 5])
def test_the_pixels_that_the_net_saw_cover_what_was_drawn(digit):
    """What is laid over the paper for the ink itself lies on the strokes, pixel for pixel."""
    items = items_of(digit)
    image, placement = why.place(items)
    np.testing.assert_array_equal(image, prepare(items))
    covered = on_paper(why.overlay(image / 255.0, placement, SIDE, COLOURS))[..., 3] > 0
    pixel = SIDE / placement.scale[0] * 1.0  # a pixel of the field, on the paper
    pen = 2.5 * pixel / SIDE  # as thick as the net sees the lines
    lines = [np.array(item.points).reshape(-1, 2) for item in items]
    ink = rasterise(lines, [pen] * len(lines), SIDE) > 0
    assert (ink & ~covered).sum() < 0.01 * ink.sum()
    wider = rasterise(lines, [pen + 3.2 * pixel / SIDE] * len(lines), SIDE) > 0
    assert not (covered & ~wider).any()


def test_what_is_shown_of_a_drawing_lies_where_it_was_read(recogniser):
    several = (*items_of(1, shift=(-0.3, 0.0)), *items_of(7, shift=(0.3, 0.0)))
    image, placement = why.place(several, recogniser.last_digit(several))
    alone, there = why.place(items_of(7, shift=(0.3, 0.0)))
    np.testing.assert_array_equal(image, alone)
    assert placement == there


@pytest.mark.parametrize("items", [items_of(4), (picture_of(4),)], ids=["strokes", "picture"])
def test_each_pixel_of_the_field_lies_where_its_ink_was(items):
    _, placement = why.place(items)
    values = np.zeros((28, 28))
    row, column = 13, 12
    values[row, column] = -2.0
    paper = on_paper(why.overlay(values, placement, SIDE, COLOURS))
    rows, columns = np.nonzero(paper[..., 3])
    corners = placement.invert([(column, row), (column + 1, row + 1)]) * SIDE
    seen = np.array([(columns.min(), rows.min()), (columns.max() + 1, rows.max() + 1)])
    np.testing.assert_allclose(seen, corners, atol=0.51)
    assert paper[rows[0], columns[0], :3].tolist() == list(COLOURS.negative)


def test_a_picture_lies_on_the_paper_as_the_window_fits_it_in():
    from gui.recognition.recogniser import fitted

    picture = picture_of(5)
    image, placement = why.place((picture,))
    np.testing.assert_array_equal(image, prepare((picture,)))
    shown = 255 - fitted(picture.grey, SIDE)
    middles = []
    for mass in (shown.astype(float), image.astype(float)):
        across, down = (np.arange(size) + 0.5 for size in mass.shape[::-1])
        middles.append(np.array([mass.sum(axis=0) @ across, mass.sum(axis=1) @ down]) / mass.sum())
    np.testing.assert_allclose(placement.apply(middles[0] / SIDE), middles[1], atol=0.25)


def test_the_farther_from_zero_the_more_opaque_and_a_veil_hides_everywhere():
    values = np.zeros((28, 28))
    values[5, 5:8] = 1.0, 0.5, -1.0
    clear = why.translucent(values, COLOURS, 0.0)
    assert clear[0, 0, 3] == 0
    assert 0 < clear[5, 6, 3] < clear[5, 5, 3] == clear[5, 7, 3]
    assert clear[5, 5, :3].tolist() == list(COLOURS.positive)
    assert clear[5, 7, :3].tolist() == list(COLOURS.negative)
    veiled = why.translucent(values, COLOURS, why.VEIL)
    assert veiled[0, 0].tolist() == [*COLOURS.zero, round(255 * why.VEIL)]


def test_nothing_is_laid_over_where_all_is_zero_or_beyond_the_paper():
    _, placement = why.place(items_of(1))
    assert why.overlay(np.zeros((28, 28)), placement, SIDE, COLOURS).data == b""
    values = np.zeros((28, 28))
    values[0, 0] = 1.0
    _, placement = why.place(
        items_of(1, shift=(-0.2, 0.0))
    )  # the field's corner lies off the paper
    assert why.overlay(values, placement, SIDE, COLOURS).data == b""


def wish(items, question, version=1):
    return WhyWish(version, items, question, SIDE, (60, 8), COLOURS)


def values_of(recogniser, items, question):
    x = (why.place(items)[0][None, :, :, None] / 255).astype(np.float32)
    return x, why.attribution(recogniser.model, x, (7, 9), question)


def test_what_spoke_is_pixel_times_gradient_or_what_a_cover_takes_away(recogniser):
    items, model = items_of(7), recogniser.model
    x, values = values_of(recogniser, items, Question())
    np.testing.assert_array_equal(values, model.input_times_gradient(x, 7)[0, :, :, 0])
    _, values = values_of(recogniser, items, Question(towards_second=True))
    np.testing.assert_array_equal(values, model.changes_towards(x, 9, 7)[0, :, :, 0])
    falls = [model.occlusion(x, label, why.SQUARE, why.STRIDES)[0] for label in (7, 9)]
    for towards, expected in ((False, falls[0]), (True, falls[1] - falls[0])):
        _, values = values_of(recogniser, items, Question(towards, OCCLUSION))
        assert values[1, 1] == pytest.approx(expected[0, 0], abs=1e-5)
        assert values[14, 15] == pytest.approx(expected[6:8, 6:8].mean(), abs=1e-4)


def test_an_occlusion_takes_many_looks_and_ends(recogniser):
    jobs, asked = Why(recogniser), wish(items_of(7), Question(method=OCCLUSION))
    looks = 0
    while (because := jobs.look(asked)).overlay is None:
        looks += 1
        assert because.guesses is not None
    assert looks == 14  # a row of squares each
    x, values = values_of(recogniser, asked.items, asked.question)
    _, placement = why.place(asked.items)
    first = because.guesses[0]
    values = why.attribution(recogniser.model, x, (first, because.guesses[1]), asked.question)
    assert because.overlay == why.overlay(values, placement, SIDE, COLOURS)
    jobs.look(asked)
    other = wish(items_of(1), asked.question)  # a new drawing begins anew
    for _ in range(14):
        assert jobs.look(other).overlay is None
    assert jobs.look(other).overlay is not None


def test_one_look_is_enough_for_a_gradient(recogniser):
    because = Why(recogniser).look(wish(items_of(7), Question()))
    assert because.guesses[0] == 7
    assert because.overlay.data.startswith(b"\x89PNG")
    assert because.legend.startswith(b"P6 60 8 ")


def test_of_a_picture_of_several_digits_the_last_is_asked_about_as_it_is_read(recogniser):
    number = number_of("26", "47")
    prediction = recogniser.predict(1, number)
    assert [len(row) for row in prediction.number] == [2, 2]
    because = Why(recogniser).look(wish(number, Question()))
    assert because.guesses[0] == np.argmax(prediction.shares) == 7
    rows, columns = np.nonzero(on_paper(because.overlay)[..., 3])
    assert min(rows.min(), columns.min()) > SIDE * 0.4  # it covers the lower right quarter alone
    assert max(rows.max(), columns.max()) > SIDE * 0.9


def test_without_a_model_there_is_no_because():
    because = Why(Recogniser()).look(wish(items_of(7), Question()))
    assert (because.guesses, because.overlay) == (None, None)


def test_opening_the_panes_imports_nothing_heavy():
    names = "gui.inside.why_pane, gui.inside.kernels_pane"
    code = f"import sys, {names}; print(*{{'numpy', 'numba', 'PIL'}} & set(sys.modules))"
    done = patience.run([sys.executable, "-c", code], cwd=ROOT)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr
