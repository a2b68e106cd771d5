"""Every pane works with models that want their digits in another shape or range than the project's own."""

import itertools
from array import array

import numpy as np
import pytest

from gui.drawing.drawing import Stroke
from gui.inside import export, kernels, passes
from gui.inside.colours import palette
from gui.inside.kernel_messages import KernelWish
from gui.inside.layout import FOLDED, Lengths, arrange
from gui.inside.messages import Wish
from gui.inside.why_messages import GRADIENT, OCCLUSION, Question, WhyWish
from gui.jobs import Jobs
from gui.learning import own_digits, trainer
from gui.learning.training import Run
from gui.widgets.theme_colours import LIGHT
from tests.support.mean_digits import mean_digits
from tests.support.painted_digits import strokes
from tinycnn.pretrained.digit_input import USUAL, DigitInput

COLOURS = palette(LIGHT)
VERSIONS = itertools.count()
LENGTHS = Lengths(56, 9, 16, 3, 11, 20, 130, 20, 50, 40, 20)
INPUTS = [
    DigitInput((28, 28, 1), 0, 255),
    DigitInput((28, 28), -1, 1),
    DigitInput((784,), 1, 0),
    DigitInput((32, 32, 1)),
]


def items(digit):
    lines = (np.array(line) * 0.5 + 0.25 for line in strokes(digit))
    return tuple(Stroke(array("d", line.ravel().tolist()), 0.07) for line in lines)


@pytest.fixture(params=INPUTS, ids=str, scope="module")
def jobs(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "means.h5"
    mean_digits(request.param).save(path)
    jobs = Jobs()
    said = jobs.load(str(path))
    assert jobs.input == request.param
    usual = (request.param.background, request.param.foreground) == (0, 1)
    assert said.endswith(" weights)" if usual else f" weights, pixels from {request.param.range})")
    return jobs


@pytest.fixture(scope="module")
def same():
    """The same model, but that it wants its digits as the project's own nets do."""
    jobs = Jobs()
    jobs.model, jobs.name, jobs.input = mean_digits(), "means", USUAL
    return jobs


@pytest.mark.parametrize("digit", [0, 3, 7])
@pytest.mark.parametrize("layers", [False, True])
def test_a_drawing_is_read_alike(jobs, same, digit, layers):
    shares = [each.predict(next(VERSIONS), items(digit), layers).shares for each in (jobs, same)]
    np.testing.assert_allclose(*shares, atol=1e-4)


@pytest.mark.parametrize("label", [None, 3])
def test_the_inside_shows_every_layer_and_explains_every_number(jobs, label):
    infos = passes.layer_infos(jobs.model)
    assert len(infos[0].shape) == 3
    columns = arrange(infos, [10] * len(infos), (900, 500), LENGTHS)
    columns = [
        column for column in columns if column.kind != FOLDED
    ]  # which the pane never asks for
    frame = jobs.inside.frame(Wish(next(VERSIONS), items(3), label, columns, COLOURS, 5))
    assert set(frame.columns) == {column.layer for column in columns}
    for layer, info in enumerate(infos, start=-1):
        for position in ((0,) * len(info.shape), tuple(size // 2 for size in info.shape)):
            told = jobs.inside.explain(layer, position)
            assert (told.layer, told.position) == (layer, position)
            for mark in told.marks:
                assert len(mark.position) == len(infos[mark.layer + 1].shape)
        outside = *info.shape[:-1], info.shape[-1]
        assert jobs.inside.explain(layer, outside) is None


def test_a_pixel_is_marked_where_it_is_shown(jobs):
    jobs.inside.frame(Wish(next(VERSIONS), items(3), None, (), COLOURS, 5))
    told = jobs.inside.explain(len(jobs.model.layers) - 1, (3,))
    last = passes.forward(jobs.model, jobs.read(next(VERSIONS), items(3)).x)
    shown = last.shown[0]
    kernel = jobs.model.layers[-1].params["kernel"][:, 3].reshape(shown.shape)
    products = kernel * shown
    marks = [mark for mark in told.marks if mark.layer == -1]
    assert len(marks) >= 8
    for mark in marks:
        assert np.sign(products[mark.position]) == mark.sign
    assert max(abs(products[mark.position]) for mark in marks) == np.abs(products).max()


@pytest.mark.parametrize("towards_second", [False, True])
@pytest.mark.parametrize("method", [GRADIENT, OCCLUSION])
def test_the_reasons_lie_over_the_paper_alike(jobs, same, method, towards_second):
    wish = WhyWish(
        next(VERSIONS), items(3), Question(towards_second, method), 300, (60, 8), COLOURS
    )
    answers = []
    for each in (jobs, same):
        answer = each.why.look(wish)
        while answer.overlay is None:
            answer = each.why.look(wish)
        answers.append(answer)
    assert answers[0].guesses == answers[1].guesses
    overlays = [answer.overlay for answer in answers]
    if jobs.input.margin == 0 or method == GRADIENT:  # squares begin in the margin
        assert (overlays[0].left, overlays[0].top) == (overlays[1].left, overlays[1].top)
    assert overlays[0].data


def test_kernels_are_tiles_of_the_digit_and_digits_excite_them(jobs):
    frame = jobs.kernels.show(KernelWish(None, "strongest", (900, 600), 3, 0, (60, 8), COLOURS))
    side = 28 + 2 * jobs.input.margin
    assert frame.info.shape[:2] == (side, side)
    place = len(jobs.model.layers) - 1
    found = jobs.kernels.search(place, 3, (2, 3, COLOURS, COLOURS))
    while found.done < 40:
        found = jobs.kernels.search(place, 3, (2, 3, COLOURS, COLOURS))
    assert found.labels[0] == 3
    assert found.picture
    assert kernels.kernel_infos(jobs.model)[0].layer == place


def test_a_step_learns_from_the_drawing_and_is_undone(jobs):
    before = jobs.predict(next(VERSIONS), items(5)).shares[8]
    change, name = jobs.learning.step(items(5), 8, 0.5, 1)
    assert change.after.loss < change.before.loss
    assert jobs.predict(next(VERSIONS), items(5)).shares[8] > before
    assert name.partition(" (")[0].endswith("after 1 step")
    assert jobs.learning.look((), None)[0].before.shares
    jobs.learning.restore()
    assert jobs.predict(next(VERSIONS), items(5)).shares[8] == before


def test_own_digits_are_taught(jobs, tmp_path, monkeypatch):
    monkeypatch.setenv(own_digits.HOME, str(tmp_path))
    jobs.learning.keep(items(5), 8, 5)
    assert own_digits.count() == 1
    monkeypatch.setattr(trainer, "LESSON_EPOCHS", 1)
    monkeypatch.setattr(trainer, "REHEARSED", 200)
    lesson = trainer.Trainer().teach(Run(), *jobs.learning.lend())
    assert lesson.sample[0] > 0.75  # it was tested on digits as it wants them
    jobs.learning.adopt_taught(lesson.model)
    assert jobs.predict(next(VERSIONS), items(3)).shares
    net = mean_digits()
    assert "pixels" not in jobs.learning.adopt(net, "new")
    assert jobs.input == USUAL
    jobs.learning.restore()
    assert jobs.input.shape == jobs.model.input_shape[1:]


def test_a_view_is_drawn_and_saved(jobs, tmp_path):
    picture = export.view(jobs.model, "means", items(3), 3, jobs.input)
    assert picture.width == export.WIDTH
    assert jobs.save_view(str(tmp_path / "view.png"), items(3), None)


def test_a_given_range_is_taken(tmp_path):
    path = tmp_path / "means.h5"
    mean_digits().save(path)
    assert Jobs((0, 255)).load(str(path)).endswith("pixels from 0 to 255)")
