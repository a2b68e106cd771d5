"""Loops shared among helpers: every index once, failures told, nobody waits for ever."""

import ctypes
import os
import pathlib
import sys
import threading
import time

import numpy as np
import pytest

from tinycnn import ops
from tinycnn.ops import reference

if ops.implementation() is reference:
    pytest.skip("without Numba: one thread", allow_module_level=True)

from tests.stress.delays import delay_every_line, until
from tinycnn.ops.kernels.parallel import thread_pool
from tinycnn.ops.kernels.parallel.thread_pool import Loop, ThreadPool

ROOT = pathlib.Path(__file__).parents[3]


@pytest.fixture
def pool_of():
    """Make pools whose threads end with the test."""
    pools = []

    def make(count, spins=thread_pool.SPINS):
        pool = ThreadPool()
        pool.set_count(count)
        pool.spins = spins
        pools.append(pool)
        return pool

    yield make
    for pool in pools:
        pool.set_count(1)


def covered(pool, length=64):
    """Return how often each index was worked on in one loop."""
    seen = np.zeros(length, int)

    def kernel(start, stop):
        seen[start:stop] += 1

    pool.run(kernel, length, 1)
    return seen.tolist()


@pytest.mark.parametrize("spins", [0, 1, thread_pool.SPINS])
@pytest.mark.parametrize("count", [1, 2, 3, 5])
@pytest.mark.parametrize("length", [0, 1, 2, 3, 7, 50])
def test_every_index_is_worked_on_once(length, count, spins, pool_of):
    pool = pool_of(count, spins)
    for _ in range(20):
        assert covered(pool, length) == [1] * length
    assert len(pool.helpers) == max(0, min(count, length) - 1)


@pytest.mark.parametrize("count", [16, 64])
def test_threads_that_begin_at_once_do_not_take_each_others_spans(count):
    before, interval = thread_pool.workers.get_count(), sys.getswitchinterval()
    x = np.random.default_rng(0).standard_normal(6 * 300_000, np.float32)
    wanted = np.maximum(x, 0)
    ops.set_num_threads(count)
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(100):
            np.testing.assert_array_equal(ops.relu_forward(x), wanted)
    finally:
        sys.setswitchinterval(interval)
        ops.set_num_threads(before)


@pytest.mark.parametrize("parts", [1, 2, 3, 7])
@pytest.mark.parametrize("length", [7, 8, 31, 32, 128, 1000])
def test_spans_cover_everything_once_and_the_small_ones_come_last(length, parts):
    spans_given = thread_pool.spans(length, parts, 2)
    assert [i for start, stop in spans_given for i in range(start, stop)] == list(range(length))
    sizes = [stop - start for start, stop in spans_given]
    assert len(spans_given) == (3 * parts if parts > 1 and length >= 8 * parts else parts)
    assert min(sizes[:parts]) >= max(sizes[parts:], default=0)


def test_who_is_done_first_takes_what_is_left(pool_of):
    pool, spans_of = pool_of(2), {True: [], False: []}
    both, last = threading.Barrier(2), threading.Event()

    def kernel(start, stop):
        here = threading.current_thread() is threading.main_thread()
        spans_of[here].append((start, stop))
        if stop <= 48:
            both.wait()  # each has one of the large spans
        if not here:
            last.wait()
        elif stop == 64:
            last.set()

    pool.run(kernel, 64, 1)
    assert sorted(spans_of[True] + spans_of[False])[:2] == [(0, 24), (24, 48)]
    assert len(spans_of[False]) == 1
    assert spans_of[True][1:] == [(48, 52), (52, 56), (56, 60), (60, 64)]


@pytest.mark.parametrize("spins", [0, thread_pool.SPINS])
def test_all_threads_work_at_once_even_those_that_slept(pool_of, spins):
    pool, together = pool_of(5, spins), threading.Barrier(5)
    for _ in range(3):
        pool.run(lambda start, stop: together.wait(), 5, 1)  # one alone would wait for ever
        until(lambda: all(helper.sleeping for helper in pool.helpers))


def test_a_loop_does_not_wait_for_helpers_that_have_not_begun(pool_of, monkeypatch):
    pool, seen, late = pool_of(3), [], threading.Event()
    monkeypatch.setattr(thread_pool.WorkerThread, "help", lambda self, loop, number: late.wait())
    pool.run(lambda start, stop: seen.extend(range(start, stop)), 64, 1)
    late.set()
    assert sorted(seen) == list(range(64))


def test_after_a_failure_the_spans_that_are_left_are_dropped(pool_of):
    pool, seen = pool_of(2), []

    def failing(start, stop):
        seen.append(start)
        raise ValueError(f"span {start}")

    with pytest.raises(ValueError, match="span"):
        pool.run(failing, 64, 1)
    assert set(seen) <= {0, 24}
    assert covered(pool) == [1] * 64


def test_few_indices_are_not_shared(pool_of):
    pool, spans = pool_of(4), []
    pool.run(lambda start, stop: spans.append((start, stop)), 10, 6)
    assert spans == [(0, 10)]
    assert not pool.helpers


@pytest.mark.parametrize("spins", [0, thread_pool.SPINS])
@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_failure_in_any_span_is_raised_and_the_next_loop_works(part, spins, pool_of):
    pool = pool_of(3, spins)

    def failing(start, stop):
        if start == part:
            raise ValueError(f"span {part}")

    for _ in range(3):
        with pytest.raises(ValueError, match=f"span {part}"):
            pool.run(failing, 3, 1)
    assert covered(pool, 3) == [1, 1, 1]


def test_an_index_error_of_a_kernel_is_not_taken_for_the_end(pool_of):
    def failing(start, stop):
        raise IndexError("out of bounds")

    with pytest.raises(IndexError, match="out of bounds"):
        pool_of(3).run(failing, 64, 1)


@pytest.mark.parametrize("spins", [0, thread_pool.SPINS])
def test_a_slow_span_is_waited_for(spins, pool_of, monkeypatch):
    pool, done, both = pool_of(2, spins), [], threading.Barrier(2)
    waiting, real = threading.Event(), thread_pool.Loop.wait

    def wait(loop):
        waiting.set()
        real(loop)

    def kernel(start, stop):
        both.wait()
        if threading.current_thread() is not threading.main_thread():
            waiting.wait()
        done.append(start)

    monkeypatch.setattr(thread_pool.Loop, "wait", wait)
    pool.run(kernel, 2, 1)
    assert sorted(done) == [0, 1]


@pytest.mark.parametrize("spins", [0, thread_pool.SPINS])
def test_callers_at_once_all_get_all(spins, pool_of):
    pool, problems = pool_of(3, spins), []

    def kernel(start, stop, counts):
        for index in range(start, stop):
            counts[index] += 1
            time.sleep(0)

    def caller():
        for _ in range(50):
            counts = np.zeros(16, int)
            pool.run(kernel, 16, 1, counts)
            if counts.tolist() != [1] * 16:
                problems.append(counts)

    callers = [threading.Thread(target=caller) for _ in range(6)]
    for one in callers:
        one.start()
    for one in callers:
        one.join()
    assert not problems


def test_arrays_are_let_go_when_a_loop_has_ended(pool_of):
    pool, counts = pool_of(2), np.zeros(8)
    before = sys.getrefcount(counts)
    pool.run(lambda start, stop, given: None, 8, 1, counts)
    until(lambda: sys.getrefcount(counts) == before)  # the helper takes its leave


def test_no_more_threads_to_be_had(monkeypatch, pool_of):
    def fail(pool):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(thread_pool, "WorkerThread", fail)
    spans = []
    pool_of(4).run(lambda start, stop: spans.append((start, stop)), 8, 1)
    assert spans == [(0, 8)]


def test_fewer_threads_end_those_that_are_too_many(pool_of):
    pool = pool_of(9)
    covered(pool)
    alive = [helper.thread for helper in pool.helpers]
    pool.set_count(3)
    for thread in alive[2:]:
        thread.join()
    assert covered(pool) == [1] * 64
    assert [helper.thread for helper in pool.helpers] == alive[:2]
    assert all(thread.is_alive() for thread in alive[:2])


def test_more_threads_than_cpus_do_not_look_for_work(monkeypatch):
    monkeypatch.setattr(thread_pool, "count_cpus", lambda: 4)
    pool = ThreadPool()
    for count, spins in ((4, thread_pool.SPINS), (5, 0), (2, thread_pool.SPINS)):
        pool.set_count(count)
        assert pool.spins == spins


@pytest.mark.parametrize("interrupts", [1, 3])
def test_interrupts_while_waiting_are_raised_when_nobody_writes_any_more(
    monkeypatch, interrupts, pool_of
):
    pool, counts, real, left = pool_of(2), np.zeros(2), thread_pool.Loop.wait, [interrupts]
    both = threading.Barrier(2)
    waited = threading.Event()

    def interrupted(loop):
        if left[0]:
            left[0] -= 1
            raise KeyboardInterrupt
        waited.set()
        real(loop)

    def kernel(start, stop):
        both.wait()
        if threading.current_thread() is not threading.main_thread():
            waited.wait()
        counts[start:stop] += 1

    monkeypatch.setattr(thread_pool.Loop, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        pool.run(kernel, 2, 1)
    assert counts.tolist() == [1, 1]
    assert left == [0]
    pool.run(kernel, 2, 1)
    assert counts.tolist() == [2, 2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_child_forked_in_the_middle_of_a_loop_does_not_wait_for_threads_it_has_not(pool_of):
    pool, both, go = pool_of(2), threading.Barrier(2), threading.Event()
    children = []

    def kernel(start, stop):
        both.wait()
        if threading.current_thread() is threading.main_thread():
            children.append(os.fork())
            go.set()
        else:
            go.wait()

    try:
        pool.run(kernel, 2, 1)
    except RuntimeError as error:
        os._exit(0 if "forked" in str(error) else 3)  # the child
    if children == [0]:
        os._exit(4)
    assert os.waitpid(children[0], 0)[1] == 0
    assert covered(pool) == [1] * 64


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_helper_that_was_ended_from_outside_is_replaced(pool_of):
    pool = pool_of(2)
    covered(pool)
    first = pool.helpers[0].thread
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(first.ident), ctypes.py_object(SystemExit)
    )
    pool.helpers[0].wakeups.put(None)
    first.join()
    together = threading.Barrier(2)
    pool.run(lambda start, stop: together.wait(), 2, 1)  # one alone would wait for ever
    assert pool.helpers[0].thread is not first


def interrupt_at(number):
    """Raise KeyboardInterrupt in this thread before so many bytecodes of the pool were run."""
    passed = [0]

    def trace(frame, event, argument):
        if frame.f_code.co_filename != thread_pool.__file__:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            passed[0] += 1
            if passed[0] == number:
                raise KeyboardInterrupt
        return trace

    sys.settrace(trace)


class HeldHelpers:
    """A kernel in which helpers stay until the caller waits for them, and the caller until they are there."""

    def __init__(self, monkeypatch):
        self.at_work, self.waited_for, wait = set(), threading.Event(), thread_pool.Loop.wait

        def announced_wait(loop):
            self.waited_for.set()
            wait(loop)

        monkeypatch.setattr(thread_pool.Loop, "wait", announced_wait)

    def __call__(self, start, stop):
        if threading.current_thread() is threading.main_thread():
            until(lambda: len(self.at_work) == 2)
        else:
            self.at_work.add(start)
            self.waited_for.wait()
            time.sleep(1e-4)  # who does not wait for this one goes on meanwhile
            self.at_work.discard(start)


@pytest.mark.parametrize("spins", [0, thread_pool.SPINS])
def test_an_interrupt_at_any_bytecode_leaves_nobody_at_work_and_all_in_order(
    spins, pool_of, monkeypatch
):
    pool, kernel = pool_of(3, spins), HeldHelpers(monkeypatch)
    covered(pool)  # the helpers are there
    number, interrupted, before = 0, True, sys.gettrace()
    while interrupted:
        number, interrupted = number + 1, False
        kernel.waited_for.clear()
        interrupt_at(number)
        try:
            pool.run(kernel, 3, 1)
        except KeyboardInterrupt:
            interrupted = True
            assert not kernel.at_work, f"bytecode {number}"
        finally:
            sys.settrace(before)
            kernel.waited_for.set()
        assert covered(pool, 12) == [1] * 12, f"bytecode {number}"
        assert len(pool.helpers) == 2
    assert number > 300


@pytest.mark.parametrize(("count", "loops"), [(3, 60), (8, 60), (64, 20)])
def test_delays_at_every_line_change_nothing(count, loops, pool_of):
    pool = pool_of(count)
    with delay_every_line(thread_pool.__file__, seed=count):
        for _ in range(loops):
            assert covered(pool, 2 * count) == [1] * (2 * count)
            with pytest.raises(ZeroDivisionError):
                pool.run(lambda start, stop: 1 // 0, count, 1)


def test_a_helper_that_lowers_its_flag_itself_does_nothing_more():
    calls = []
    loop = Loop(lambda waiting: calls.append(waiting), [(), ()], (), 2, 0, lingers=True)
    loop.run_spans("waiting")
    assert calls == ["waiting"]
    loop.run_spans("other")
    assert calls == ["waiting", "other"]
