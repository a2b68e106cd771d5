"""How well models read simulated drawings, as the window's second worker finds out. No screen needed."""

import numpy as np
import pytest

from gui.jobs import Jobs
from gui.recognition import quality
from gui.recognition.quality import COUNT, Measurer, Quality
from gui.recognition.recogniser import BUNDLED
from tests.support.constant_nets import constant_net, one_share
from tests.support.mean_digits import mean_digits
from tinycnn.pretrained import drawing_accuracy
from tinycnn.pretrained.digit_input import DigitInput
from tinycnn.pretrained.drawing_accuracy import DRAWINGS, PART

USUAL_NAME = "mnist.h5"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def measurer():
    """One that has drawn already, as it knows nothing of any model."""
    measurer = Measurer()
    assert COUNT == DRAWINGS
    assert list(measurer._draw()) == [None] * (COUNT // PART)
    return measurer


@pytest.fixture
def ask(measurer, folder, monkeypatch):
    """Ask about the model that jobs read with, to the end."""
    monkeypatch.setattr(measurer, "_own", "")
    monkeypatch.setattr(measurer, "_figures", {})

    def ask(jobs):
        lent = jobs.lend(measurer._known.serial + 1)
        while not (known := measurer.measure(lent)).done:
            assert known.serial == lent.serial
        return known

    return ask


def jobs_with(path):
    jobs = Jobs()
    jobs.load(path)
    return jobs


def share_of(measurer, digit):
    return float(np.mean(np.concatenate(measurer._digits) == digit))


def test_the_own_model_and_the_bundled_one_are_offered_for_each_other(ask, measurer):
    constant_net(one_share(3, 0.9)).save(USUAL_NAME)
    jobs = jobs_with(None)
    known = ask(jobs)
    assert (known.share, known.other) == (share_of(measurer, 3), BUNDLED)
    assert 0.05 < known.share < 0.2 < 0.9 < known.other_share
    jobs.load_bundled()
    back = ask(jobs)
    assert (back.share, back.other) == (known.other_share, USUAL_NAME)
    assert back.other_share == known.share


def test_the_file_that_read_last_is_offered_and_measured_anew_when_it_changes(ask, measurer):
    constant_net(one_share(3, 0.9)).save("far.h5")
    jobs = jobs_with("far.h5")
    ask(jobs)
    jobs.load_bundled()
    assert ask(jobs).other_share == share_of(measurer, 3)
    constant_net(one_share(4, 0.9)).save("far.h5")
    assert ask(jobs).other_share == share_of(measurer, 4)


def test_a_file_that_was_written_anew_is_offered_to_whom_its_old_model_reads(ask, measurer, folder):
    constant_net(one_share(3, 0.9)).save(USUAL_NAME)
    jobs = jobs_with(None)
    assert ask(jobs).other == BUNDLED
    constant_net(one_share(4, 0.9)).save(USUAL_NAME)
    known = ask(jobs)
    assert (known.other, known.other_share) == (USUAL_NAME, share_of(measurer, 4))
    assert known.share == share_of(measurer, 3)
    (folder / USUAL_NAME).write_text("torn")
    known = ask(jobs)
    assert (known.other, known.share) == (BUNDLED, share_of(measurer, 3))
    (folder / USUAL_NAME).unlink()
    assert ask(jobs).other == BUNDLED
    constant_net(one_share(4, 0.9)).save(USUAL_NAME)
    jobs.load(USUAL_NAME)
    assert (known := ask(jobs)).other == BUNDLED
    assert known.share == share_of(measurer, 4)


def test_what_the_window_calls_no_digit_is_not_read(ask):
    constant_net(one_share(3, 0.15)).save(USUAL_NAME)
    assert ask(jobs_with(None)).share == 0


def test_without_another_file_nothing_is_offered(ask):
    known = ask(jobs_with(None))
    assert (known.other, known.other_share) == (None, None)
    assert known.share > 0.9


def broken(path):
    path.write_text("no model")


def diverged(path):
    model = constant_net(one_share(3, 0.9))
    model.layers[1].params["kernel"][...] = 3e38  # its sums are infinite
    model.save(path)


def of_something_else(path):
    path.mkdir()


@pytest.mark.parametrize("write", [broken, diverged, of_something_else])
def test_what_cannot_read_is_not_offered(ask, folder, write):
    write(folder / USUAL_NAME)
    jobs = Jobs()
    jobs.load_bundled()
    known = ask(jobs)
    assert (known.other, known.done) == (None, True)
    assert known.share > 0.9


def test_a_model_that_wants_other_pixels_reads_as_well(ask):
    shares = []
    for number, taken in enumerate(
        [DigitInput(), DigitInput((784,), 1, 0), DigitInput((32, 32, 1))]
    ):
        mean_digits(taken).save(f"{number}.h5")
        shares.append(ask(jobs_with(f"{number}.h5")).share)
    assert shares[0] > 0.1
    assert shares == pytest.approx([shares[0]] * 3, abs=2 / COUNT)


def test_a_net_that_has_learnt_is_measured_and_gives_way_to_none(ask, measurer):
    jobs = jobs_with(None)
    before = ask(jobs).share
    jobs.learning.adopt(constant_net(one_share(3, 0.9)), "a net of your own")
    known = ask(jobs)
    assert (known.share, known.other) == (share_of(measurer, 3), None)
    jobs.learning.restore()
    assert ask(jobs).share == before


def test_of_a_net_that_diverged_there_is_no_figure(ask):
    jobs = jobs_with(None)
    net = constant_net(one_share(3, 0.9))
    net.layers[1].params["bias"][...] = np.nan
    jobs.learning.adopt(net, "a net of your own")
    known = ask(jobs)
    assert (known.share, known.sentence) == (None, "")


def test_the_drawings_are_made_once_and_are_always_the_same(monkeypatch):
    made = []
    usual = drawing_accuracy.drawn_digits
    monkeypatch.setattr(
        drawing_accuracy, "drawn_digits", lambda *a: made.append(usual(*a)) or made[-1]
    )
    monkeypatch.setattr(quality, "COUNT", 2 * PART)
    first, second = Measurer(), Measurer()
    for measurer in (first, first, second):
        list(measurer._draw())
    assert len(made) == 4
    for one, other in zip(made[:2], made[2:], strict=True):
        np.testing.assert_array_equal(one[0], other[0])
    assert not np.array_equal(made[0][0], made[1][0])


def test_another_question_takes_the_place_of_the_one_before(measurer, folder):
    jobs = Jobs()
    jobs.load_bundled()
    first = jobs.lend(measurer._known.serial + 1)
    assert measurer.measure(first) == Quality(first.serial)
    second = jobs.lend(first.serial + 1)
    assert measurer.measure(second).serial == second.serial
    assert Jobs().lend(1) is None
