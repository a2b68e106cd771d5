"""What the pane asks of the worker: which net reads, what it has learnt, and back. No screen needed."""

from array import array

import numpy as np
import pytest

from gui.drawing.drawing import Stroke
from gui.jobs import Jobs
from gui.learning import own_digits, trainer
from gui.learning.training import Run, Snapshot
from tests.support.nets import same
from tests.support.painted_digits import strokes
from tinycnn.datasets import Digits, sample
from tinycnn.models import load_model
from tinycnn.pretrained.digit_input import USUAL
from tinycnn.pretrained.nets import lenet5


def drawn(digit):
    return tuple(
        Stroke(array("d", [value for point in one for value in point]), 0.07)
        for one in strokes(digit)
    )


@pytest.fixture(scope="module")
def jobs():
    jobs = Jobs()
    jobs.load_bundled()
    return jobs


@pytest.fixture
def learning(jobs):
    yield jobs.learning
    jobs.learning.restore()


def test_the_net_that_reads_is_the_one_that_has_learnt(jobs, learning):
    items, loaded = drawn(3), jobs.model
    change, name = learning.step(items, 8, 1.0, 10)
    assert name.startswith("the bundled model after 10 steps (")
    assert jobs.predict(1, items).shares == pytest.approx(change.after.shares)
    assert change.after.loss < change.before.loss
    change, name = learning.step(items, 8, 1.0, 1)
    assert name.startswith("the bundled model after 11 steps (")
    assert jobs.model is not loaded


def test_as_it_was_is_the_loaded_model_to_the_last_byte(jobs, learning, tmp_path):
    loaded = jobs.model
    loaded.save(tmp_path / "before.h5")
    learning.step(drawn(3), 8, 1.0, 10)
    learning.undo(drawn(3), 8)
    learning.adopt(lenet5(), "another")
    assert learning.restore().startswith("the bundled model (")
    assert jobs.model is loaded
    loaded.save(tmp_path / "after.h5")
    assert (tmp_path / "before.h5").read_bytes() == (tmp_path / "after.h5").read_bytes()
    assert learning.restore() is None


def test_undoing_every_step_leads_back_to_the_loaded_weights(jobs, learning):
    weights = jobs.model.get_weights()
    learning.step(drawn(3), 8, 1.0, 3)
    names = [learning.undo(drawn(3), 8)[1] for _ in range(3)]
    assert [name.partition(" (")[0] for name in names] == [
        "the bundled model after 2 steps", "the bundled model after 1 step", "the bundled model"
    ]  # fmt: skip
    assert same(jobs.model.get_weights(), weights)
    assert learning.undo(drawn(3), 8) is None
    assert learning.undo((), None) is None


def test_whatever_changes_the_weights_is_counted(jobs, learning):
    net = lenet5()
    for change in (
        lambda: learning.step(drawn(3), 8, 1.0, 1),
        lambda: learning.undo(drawn(3), 8),
        lambda: learning.adopt(net, "another"),
        lambda: learning.update(net, Snapshot(1, net.get_weights())),
    ):
        before = jobs.learnt
        change()
        assert jobs.learnt > before
    learning.update(lenet5(), Snapshot(1, net.get_weights()))  # which does not read
    assert jobs.learnt == before + 1


def test_nothing_drawn_is_a_sentence(learning):
    with pytest.raises(ValueError, match="Draw a digit first"):
        learning.step((), 3, 1.0, 1)


def test_a_look_tells_the_rate_of_the_nets_own_optimizer(jobs, learning):
    assert Jobs().learning.look((), None) is None
    change, rate = learning.look(drawn(3), 3)
    assert (change.before, change.count, rate) == (change.after, 0, 1.0)
    learning.step(drawn(3), 8, 0.25, 2)
    change, rate = learning.look((), None)
    assert (change.count, rate, change.after.loss) == (2, 0.25, None)


def test_no_model_yet_is_a_sentence():
    with pytest.raises(ValueError, match="still being loaded"):
        Jobs().learning.step(drawn(3), 3, 1.0, 1)


def test_another_model_that_is_loaded_meanwhile_is_what_learns_next(jobs, learning):
    learning.step(drawn(3), 8, 1.0, 1)
    jobs.load_bundled()
    loaded = jobs.model
    assert learning.undo(drawn(3), 8) is None
    _, name = learning.step(drawn(3), 8, 1.0, 1)
    assert name.startswith("the bundled model after 1 step (")
    learning.restore()
    assert jobs.model is loaded


def test_steps_that_are_too_large_can_be_undone(jobs, learning):
    weights = jobs.model.get_weights()
    change, _ = learning.step(drawn(3), 8, 1e30, 2)
    assert (change.before.loss is None, change.after.shares) == (False, [])
    for _ in range(2):
        learning.undo(drawn(3), 8)
    assert same(jobs.model.get_weights(), weights)


def test_a_snapshot_changes_the_reader_alone(jobs, learning):
    net, reader = lenet5(), lenet5()
    learning.adopt(reader, "the net in training")
    snapshot = Snapshot(7, net.get_weights())
    step, kernels, reads = learning.update(reader, snapshot)
    assert (step, np.shape(kernels), reads) == (7, (6, 5, 5), True)
    assert same(reader.get_weights(), net.get_weights())
    learning.restore()
    weights = jobs.model.get_weights()
    assert learning.update(reader, snapshot)[2] is False
    assert same(jobs.model.get_weights(), weights)


def test_a_taught_net_is_named_by_what_it_was(jobs, learning):
    for _ in range(2):  # a second lesson is not another name
        assert learning.adopt_taught(lenet5()).startswith("the bundled model with your digits (")


def test_the_net_that_reads_is_saved_and_read_again(jobs, learning, tmp_path):
    learning.step(drawn(3), 8, 1.0, 1)
    path = learning.save(str(tmp_path / "stepped.h5"))
    assert same(load_model(path).get_weights(), jobs.model.get_weights())
    assert load_model(path).optimizer.iterations == 1


@pytest.fixture
def kept(monkeypatch, tmp_path):
    """Some digits that are read wrongly: all of them are called a 3."""
    monkeypatch.setenv(own_digits.HOME, str(tmp_path / "digits"))
    jobs = Jobs()
    for digit in (1, 4, 7):
        jobs.learning.keep(drawn(digit), 3, digit)
    return jobs


def test_a_lesson_teaches_the_persons_digits_and_keeps_the_others(
    jobs, learning, kept, monkeypatch
):
    monkeypatch.setattr(trainer, "REHEARSED", 600)
    model, wanted = learning.lend()
    before = model.get_weights()
    run = Run()
    lesson = trainer.Trainer().teach(run, model, wanted)
    assert kept.learning.count() == lesson.count == 3
    assert lesson.own[0] == 0
    assert lesson.own[1] == 1
    assert lesson.sample[0] > 0.98
    assert lesson.sample[1] > 0.97
    assert run.state == "ended"
    assert same(model.get_weights(), before)
    assert not same(lesson.model.get_weights(), before)


def test_a_lesson_without_digits_is_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv(own_digits.HOME, str(tmp_path))
    with pytest.raises(ValueError, match="kept no digit yet"):
        trainer.Trainer().teach(Run(), lenet5(), USUAL)


def test_a_lesson_that_is_stopped_changes_nothing(kept, learning):
    run = Run()
    run.stop()
    lesson = trainer.Trainer().teach(run, *learning.lend())
    assert (lesson.model, run.state) == (None, "stopped")


def test_a_persons_digits_are_a_quarter_of_what_is_learnt_from():
    (x, y), _ = sample.load_data()
    few = trainer.prepared(Digits(x[:3000], y[:3000], x[:1], y[:1], "few"), USUAL)
    own = np.ones((10, 28, 28, 1), np.float32), np.eye(10)
    x_mixed, y_mixed = trainer.mixture(few[:2], own)
    assert len(x_mixed) == len(y_mixed) == trainer.REHEARSED + 67 * 10
    assert (x_mixed[: trainer.REHEARSED] == few[0][: trainer.REHEARSED]).all()
    assert (x_mixed[trainer.REHEARSED :] == 1).all()
