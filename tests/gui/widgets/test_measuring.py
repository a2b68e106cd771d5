"""When models are tried on simulated drawings: while nobody draws, and never of a model from before."""

import types

import pytest

from gui.recognition.quality import Lent, Quality

Measuring = pytest.importorskip("gui.widgets.measuring").Measuring


class Clock:
    """Tk's timers, which end when they are told to."""

    def __init__(self):
        self.due = {}

    def after(self, milliseconds, call):
        self.due[f"timer {len(self.due)}"] = call
        return list(self.due)[-1]

    def bind(self, event, call, add):
        self.event, self.come_back = event, lambda: call(None)

    def after_cancel(self, timer):
        self.due[timer] = None

    def ring(self):
        due, self.due = self.due, {}
        for call in filter(None, due.values()):
            call()


class Asked:
    """A worker that only writes down what it is asked for."""

    def __init__(self):
        self.jobs, self.idle = [], True

    def submit(self, job, *arguments):
        self.jobs.append((job, *arguments))


@pytest.fixture
def measuring():
    shown = []
    line = types.SimpleNamespace(show=shown.append)
    view = types.SimpleNamespace(status_bar=types.SimpleNamespace(line=line))
    window = types.SimpleNamespace(root=Clock(), worker=Asked(), view=view)
    measuring = Measuring(window)
    measuring.worker, measuring.window, measuring.shown = Asked(), window, shown
    return measuring


def lent(serial):
    return Lent(serial, None, "", None, None, False)


def test_it_goes_on_until_all_is_known_and_then_rests(measuring):
    measuring.begin()
    assert measuring.window.worker.jobs == []
    measuring.window.root.ring()
    assert measuring.window.worker.jobs == [("lend", 1)]
    measuring.lent(lent(1))
    for share in (None, 0.9):
        measuring.measured(Quality(1, share))
    assert [job for job, _ in measuring.worker.jobs] == ["measure"] * 3
    measuring.measured(Quality(1, 0.9, done=True))
    assert len(measuring.worker.jobs) == 3
    assert measuring.shown[-1] == Quality(1, 0.9, done=True)
    measuring.window.root.ring()
    assert len(measuring.worker.jobs) == 3


def test_a_hand_that_draws_and_a_drawing_that_waits_come_first(measuring):
    measuring.begin()
    measuring.disturb()
    measuring.window.root.ring()
    measuring.window.worker.idle = False
    measuring.window.root.ring()
    assert measuring.window.worker.jobs == []
    measuring.window.worker.idle = True
    measuring.window.root.ring()
    assert measuring.window.worker.jobs == [("lend", 1)]
    measuring.disturb()
    measuring.lent(lent(1))
    assert measuring.worker.jobs == []
    measuring.window.root.ring()
    assert [job for job, _ in measuring.worker.jobs] == ["measure"]


def test_another_model_or_other_weights_take_the_figure_away(measuring):
    measuring.begin()
    measuring.window.root.ring()
    measuring.lent(lent(1))
    measuring.measured(Quality(1, 0.9, done=True))
    measuring.begin()
    assert measuring.shown[-1] == Quality(2)
    measuring.lent(lent(1))
    measuring.measured(Quality(1, 0.8))
    assert measuring.shown[-1] == Quality(2)
    measuring.begin()  # weights that change again and again are measured when they rest
    measuring.window.root.ring()
    assert measuring.window.worker.jobs == [("lend", 1), ("lend", 3)]
    measuring.lent(None)
    assert len(measuring.worker.jobs) == 1


def test_who_comes_back_to_the_window_finds_a_model_that_was_trained_meanwhile(
    measuring, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    measuring.begin()
    measuring.measured(Quality(1, 0.9, done=True))
    measuring.window.root.come_back()
    assert measuring.quality.serial == 1  # nothing has changed
    (tmp_path / "mnist.h5").write_text("a model")
    measuring.window.root.come_back()
    assert measuring.quality == Quality(2)
    measuring.window.root.come_back()
    assert measuring.quality == Quality(2)
    assert measuring.window.root.event == "<FocusIn>"
