"""Loops shared among helpers: every index once, failures told, nobody waits for ever."""

import sys
import threading
import time

import numpy as np
import pytest

from tinycnn import ops, reference

if ops.implementation() is reference:
    pytest.skip("without Numba: one thread", allow_module_level=True)

from tinycnn.kernels import threads
from tinycnn.kernels.threads import Helper, Signal, Workers


@pytest.fixture(params=[0, 1, threads.LOOKS])
def looks(request, monkeypatch):
    """Signals are found at the first look, or only by waking up."""
    monkeypatch.setattr(threads, "LOOKS", request.param)


def shared(count):
    workers = Workers()
    workers.set_count(count)
    return workers


@pytest.mark.parametrize("count", [1, 2, 3, 5])
@pytest.mark.parametrize("length", [0, 1, 2, 3, 7, 50])
def test_every_index_is_worked_on_once(length, count, looks):
    workers, seen = shared(count), np.zeros(length, int)

    def kernel(start, stop, numbers):
        numbers[start:stop] += 1

    for _ in range(20):
        workers.run(kernel, length, 1, seen)
    np.testing.assert_array_equal(seen, 20)
    assert len(workers.helpers) == max(0, min(count, length) - 1)


@pytest.mark.parametrize("parts", [1, 2, 3, 7])
@pytest.mark.parametrize("length", [7, 8, 31, 32, 128, 1000])
def test_spans_cover_everything_once_and_the_small_ones_come_last(length, parts):
    found = threads.spans(length, parts, 2)
    assert [i for start, stop in found for i in range(start, stop)] == list(range(length))
    sizes = [stop - start for start, stop in found]
    assert len(found) == (3 * parts if parts > 1 and length >= 8 * parts else parts)
    assert min(sizes[:parts]) >= max(sizes[parts:], default=0)


def test_who_is_done_first_takes_what_is_left():
    workers, taken, go = shared(2), {True: [], False: []}, threading.Event()

    def kernel(start, stop):
        here = threading.current_thread() is threading.main_thread()
        taken[here].append((start, stop))
        if not here:
            go.wait(10)
        elif stop == 64:
            go.set()

    workers.run(kernel, 64, 1)
    assert taken[False] == [(24, 48)]
    assert taken[True] == [(0, 24), (48, 52), (52, 56), (56, 60), (60, 64)]


def test_after_a_failure_the_spans_that_are_left_are_dropped():
    workers, seen = shared(2), []

    def failing(start, stop):
        seen.append(start)
        raise ValueError(f"span {start}")

    with pytest.raises(ValueError, match="span"):
        workers.run(failing, 64, 1)
    assert set(seen) <= {0, 24}
    workers.run(lambda start, stop: seen.extend(range(start, stop)), 64, 1)
    assert sorted(seen[-64:]) == list(range(64))


def test_few_indices_are_not_shared():
    workers = shared(4)
    spans = []
    workers.run(lambda start, stop: spans.append((start, stop)), 10, 6)
    assert spans == [(0, 10)]
    assert not workers.helpers


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_failure_in_any_span_is_raised_and_the_next_loop_works(part, looks):
    workers = shared(3)

    def failing(start, stop):
        if start == part:
            raise ValueError(f"span {part}")

    for _ in range(3):
        with pytest.raises(ValueError, match=f"span {part}"):
            workers.run(failing, 3, 1)
    found = []
    workers.run(lambda start, stop: found.append(start), 3, 1)
    assert sorted(found) == [0, 1, 2]


def test_a_slow_span_is_waited_for(looks):
    workers, done = shared(2), []

    def kernel(start, stop):
        if start:
            time.sleep(0.05)
        done.append(start)

    workers.run(kernel, 2, 1)
    assert done == [0, 1]


def test_a_helper_that_sleeps_wakes_up(looks):
    workers, seen = shared(2), []
    for _ in range(3):
        time.sleep(0.02)
        workers.run(lambda start, stop: seen.append(start), 2, 1)
    assert sorted(seen) == [0, 0, 0, 1, 1, 1]


def test_two_callers_at_once_both_get_all(looks):
    workers, problems = shared(2), []

    def kernel(start, stop, numbers):
        for _ in range(start, stop):
            numbers[start:stop] += 1
            time.sleep(0)

    def caller():
        for _ in range(50):
            numbers = np.zeros(4, int)
            workers.run(kernel, 4, 1, numbers)
            if not (numbers == numbers[0]).all() or numbers[0] not in (2, 4):
                problems.append(numbers)

    callers = [threading.Thread(target=caller) for _ in range(4)]
    for one in callers:
        one.start()
    for one in callers:
        one.join(60)
    assert not any(one.is_alive() for one in callers)
    assert not problems


def test_arrays_are_let_go_when_a_loop_has_ended():
    workers, numbers = shared(2), np.zeros(8)
    before = sys.getrefcount(numbers)
    workers.run(lambda start, stop, given: None, 8, 1, numbers)
    time.sleep(0.05)  # the helper takes its leave
    assert sys.getrefcount(numbers) == before


def test_no_more_threads_to_be_had(monkeypatch):
    def refuse():
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threads, "Helper", refuse)
    spans = []
    shared(4).run(lambda start, stop: spans.append((start, stop)), 8, 1)
    assert spans == [(0, 8)]


def test_a_signal_counts():
    signal = Signal()
    signal.lift()
    signal.lift()
    signal.wait(2, 0)
    waiting = threading.Thread(target=signal.wait, args=(3, 0))
    waiting.start()
    time.sleep(0.05)
    assert waiting.is_alive()
    signal.lift()
    waiting.join(10)
    assert not waiting.is_alive()


def test_interrupts_while_waiting_are_raised_when_the_helper_is_done(monkeypatch):
    helper, seen, real, interrupts = Helper(), [], Signal.wait, [KeyboardInterrupt] * 3

    def interrupted(signal, wanted, moment):
        if signal is helper.done and interrupts:
            raise interrupts.pop()
        real(signal, wanted, moment)

    monkeypatch.setattr(Signal, "wait", interrupted)
    helper.give(lambda: time.sleep(0.05) or seen.append(1))
    with pytest.raises(KeyboardInterrupt):
        helper.finish()
    assert (seen, interrupts) == ([1], [])
    helper.give(seen.append, 2)
    helper.finish()
    assert seen == [1, 2]


def test_an_interrupt_of_a_loop_comes_when_nobody_writes_any_more(monkeypatch):
    workers, numbers, real, interrupts = shared(2), np.zeros(2), Signal.wait, [KeyboardInterrupt]

    def interrupted(signal, wanted, moment):
        if interrupts and signal is workers.helpers[0].done:
            raise interrupts.pop()
        real(signal, wanted, moment)

    def kernel(start, stop):
        time.sleep(0.05 * start)
        numbers[start:stop] += 1

    workers.run(kernel, 2, 1)
    monkeypatch.setattr(Signal, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        workers.run(kernel, 2, 1)
    assert numbers.tolist() == [2, 2]
    assert not interrupts
    workers.run(kernel, 2, 1)
    assert numbers.tolist() == [3, 3]


def test_after_an_error_no_span_runs_on_and_no_thread_stays():
    before, workers, done = threading.active_count(), shared(4), []

    def kernel(start, stop):
        if start:
            time.sleep(0.02 * start)
            done.append(start)
        raise ValueError(f"span {start}")

    for _ in range(3):
        with pytest.raises(ValueError, match="span"):
            workers.run(kernel, 4, 1)
    assert sorted(done) == sorted([1, 2, 3] * 3)
    deadline = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() <= before


def test_a_helper_that_leaves_drops_what_was_half_given():
    helper, seen = Helper(), []
    helper.tasks.append((seen.append, (1,)))  # an interrupt came before it was counted
    helper.leave()
    time.sleep(0.05)
    assert seen == []
