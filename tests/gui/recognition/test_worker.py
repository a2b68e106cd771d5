"""The thread behind the window: order, newest drawing first, mistakes, and the end. No screen needed."""

import threading

import pytest

from gui.recognition.worker import Answer, Worker
from tests.support.patience import PATIENCE


class Target:
    """Does its jobs when it is let to, and remembers them."""

    def __init__(self):
        self.begun, self.go, self.seen = threading.Event(), threading.Event(), []

    def wait(self):
        self.begun.set()
        assert self.go.wait(PATIENCE)
        return "waited"

    def note(self, *values):
        self.seen.append(values)
        return values

    other = note

    def fail(self, error):
        raise error


@pytest.fixture
def target():
    return Target()


@pytest.fixture
def worker(target):
    worker = Worker(target, (OSError, MemoryError))
    worker.start()
    yield worker
    target.go.set()
    worker.stop()
    worker.join()


def answers(worker, count):
    """Wait for so many answers."""
    return [worker._answers.get(timeout=PATIENCE) for _ in range(count)]


def test_jobs_are_done_in_their_order_on_another_thread(worker):
    worker._target.thread = lambda: threading.current_thread()
    for number in range(20):
        worker.submit("note", number)
    worker.submit("thread")
    *noted, thread = answers(worker, 21)
    assert noted == [Answer("note", (number,)) for number in range(20)]
    assert thread.value is not threading.main_thread()


def test_of_the_drawings_that_wait_only_the_newest_is_predicted(worker, target):
    worker.submit("wait")
    assert target.begun.wait(PATIENCE)
    for number in range(100):
        worker.submit_newest("note", number)
        worker.submit_newest("other", -number)
    target.go.set()
    assert {a.value for a in answers(worker, 3)} == {"waited", (99,), (-99,)}
    worker.submit("note", "last")
    assert answers(worker, 1) == [Answer("note", ("last",))]
    assert len(target.seen) == 3


def test_jobs_that_were_asked_for_come_before_the_newest_drawing(worker, target):
    worker.submit("wait")
    assert target.begun.wait(PATIENCE)
    worker.submit_newest("note", "drawing")
    worker.submit("note", "job")
    target.go.set()
    assert [a.value for a in answers(worker, 3)] == ["waited", ("job",), ("drawing",)]


def test_an_expected_error_is_a_sentence(worker, capfd):
    worker.submit("fail", OSError("the disk is full"))
    worker.submit("fail", MemoryError())
    first, second = answers(worker, 2)
    assert first == Answer("fail", error="the disk is full")
    assert second.error == "the memory is too small for this"
    assert capfd.readouterr().err == ""


def test_a_mistake_of_ours_is_told_and_the_worker_goes_on(worker, capfd):
    worker.submit("fail", KeyError("x"))
    worker.submit("no_such_job")
    worker.submit("note", 1)
    first, second, third = answers(worker, 3)
    assert "not your fault: KeyError('x')" in first.error
    assert "no_such_job" in second.error
    assert third.value == (1,)
    assert "Traceback" in capfd.readouterr().err


def test_it_is_idle_when_all_is_done_and_fetched(worker, target):
    assert worker.idle
    worker.submit("wait")
    assert not worker.idle
    assert target.begun.wait(PATIENCE)
    assert not worker.idle
    worker.submit_newest("note", 1)
    target.go.set()
    while not target.seen or worker._busy:
        assert not worker.idle
    assert not worker.idle  # not fetched yet
    assert len(worker.answers()) == 2
    assert worker.idle


def test_at_the_stop_what_waits_is_forgotten(target):
    worker = Worker(target, ())
    worker.start()
    worker.submit("wait")
    assert target.begun.wait(PATIENCE)
    worker.submit("note", 1)
    worker.submit_newest("note", 2)
    worker.stop()
    target.go.set()
    worker.join()
    assert target.seen == []
    assert not worker._thread.is_alive()


def test_at_the_finish_what_waits_is_still_done(target):
    worker = Worker(target, ())
    worker.start()
    worker.submit("wait")
    assert target.begun.wait(PATIENCE)
    worker.submit("note", 1)
    worker.finish()
    worker.submit("note", 2)
    target.go.set()
    worker.join()
    assert target.seen == [(1,)]


def test_nobody_has_to_wait_for_a_job_that_never_ends(worker, target):
    worker.submit("wait")
    assert target.begun.wait(PATIENCE)
    worker.stop()
    worker.join(0.0)
    assert worker._thread.is_alive()


def test_jobs_may_come_before_the_start_and_after_the_stop(target):
    worker = Worker(target, ())
    worker.submit("note", 1)
    worker.start()
    assert answers(worker, 1) == [Answer("note", (1,))]
    worker.stop()
    worker.stop()
    worker.join()
    worker.submit("note", 2)
    assert worker.answers() == []


def test_a_worker_that_never_started_can_be_joined(target):
    worker = Worker(target, ())
    worker.stop()
    worker.join()
    assert worker.idle
    assert worker.answers() == []


def test_a_job_that_comes_often_does_not_keep_out_another(worker, target):
    """Both take the place of their older ones; whichever was asked for first has its turn first."""
    worker.submit("wait")
    assert target.begun.wait(PATIENCE)
    worker.submit_newest("other", "once")
    for number in range(5):
        worker.submit_newest("note", number)
    target.go.set()
    assert [answer.job for answer in answers(worker, 3)] == ["wait", "other", "note"]
    assert target.seen == [("once",), (4,)]
