"""Recorded launches repeated natively: on any number of threads, late or slow ones among them."""

import itertools
import sys
import threading
from typing import NamedTuple

import numpy as np
import pytest

from tests.stress.delays import delay_every_line
from tinycnn.ops.kernels import relu_forward
from tinycnn.ops.kernels.codegen.jit import jit
from tinycnn.ops.kernels.parallel import program as program_module
from tinycnn.ops.kernels.parallel.program import Program
from tinycnn.ops.kernels.parallel.thread_pool import workers
from tinycnn.utils.recording import Recorder, recorded


@pytest.fixture(params=[1, 2, 3, 8])
def threads(request):
    before = workers.get_count()
    workers.set_count(request.param)
    yield request.param
    workers.set_count(before)


class Settings(NamedTuple):
    """Of every kind that kernels take: each has its own place when packed."""

    factor: float
    single: np.float32
    big: np.uint64
    flag: bool
    offsets: tuple
    weights: np.ndarray


@jit
def add_up(start, stop, x, nothing, settings, out):
    """Write what shows whether each argument arrived; that takes the longer the larger the index is."""
    for index in range(start, stop):
        total = settings.factor + settings.single + settings.offsets[1] * settings.weights[1, 0]
        if nothing is None and settings.flag and settings.big == np.uint64(2**63 + 5):
            for _ in range(index + 1):
                total += x[index, 1]
        out[index] = total


def settings():
    weights = np.array([[2.0, 3.0], [4.0, 5.0]]).T  # not contiguous, with negative strides below
    return Settings(0.5, np.float32(0.25), np.uint64(2**63 + 5), True, (1, -2), weights[::-1])


def expected(x):
    return np.array([0.75 - 2 * 2.0 + (k + 1) * x[k, 1] for k in range(len(x))])


def test_arguments_of_every_kind_arrive(threads):
    x, out = np.arange(34.0).reshape(17, 2), np.empty(17)
    with Recorder().active() as active:
        workers.run(add_up, 17, 1, x=x, nothing=None, settings=settings(), out=out)
    repeated = Program(active.entries)
    x *= 3
    out[:] = np.nan
    repeated.run()
    np.testing.assert_array_equal(out, expected(x))


def chain(x):
    """Return a program of twenty kernels and calls in turns, its input, and its output."""
    with Recorder().active() as active:
        y = x
        for step in range(10):
            y = relu_forward(y)
            y = recorded(np.add, y, step - 4.5)
    return Program(active.entries), y


def chained(x):
    for step in range(10):
        x = np.maximum(x, 0) + (step - 4.5)
    return x


def test_python_calls_run_between_the_kernels_in_their_order(threads):
    rng = np.random.default_rng(threads)
    x = rng.normal(size=(64, 300))
    repeated, y = chain(x)
    assert repeated.table[:, 0].tolist().count(0) == 9  # the last is behind all kernels
    assert len(repeated.last) == 1
    for _ in range(20):
        x[:] = rng.normal(size=x.shape)
        repeated.run()
        np.testing.assert_array_equal(y, chained(x))


def test_calls_that_need_nothing_of_the_kernels_come_first(threads):
    x, shift = np.ones((64, 30)), np.full((64, 30), 2.0)
    with Recorder().active() as active:
        y = relu_forward(x)
        twice = recorded(np.multiply, shift, 2)
        after = recorded(np.add, y, twice)
        z = relu_forward(after)
    repeated = Program(active.entries)
    assert [call.function for call in repeated.first] == [np.multiply]
    assert repeated.table[:, 0].tolist().count(0) == 1
    assert not repeated.last
    x[:], shift[:] = 5, 7
    repeated.run()
    assert (z == 19).all()


def test_calls_alone_are_repeated_too():
    x = np.ones(3)
    with Recorder().active() as active:
        y = recorded(np.add, recorded(np.add, x, 1), 1)
    repeated = Program(active.entries)
    assert len(repeated.table) == 0
    x[:] = 4
    repeated.run()
    assert y.tolist() == [6, 6, 6]


@pytest.mark.parametrize("count", [3, 16, 64])
def test_threads_that_pause_anywhere_change_nothing(count):
    before, rng = workers.get_count(), np.random.default_rng(count)
    x = rng.normal(size=(97, 40))
    repeated, y = chain(x)
    workers.set_count(count)
    try:
        with delay_every_line(program_module.__file__, count):
            for _ in range(10):
                x[:] = rng.normal(size=x.shape)
                repeated.run()
                np.testing.assert_array_equal(y, chained(x))
    finally:
        workers.set_count(before)


def test_two_threads_run_programs_of_their_own_at_once(threads):
    def work(seed):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(33, 50))
        repeated, y = chain(x)
        for _ in range(50):
            x[:] = rng.normal(size=x.shape)
            repeated.run()
            good.append(np.array_equal(y, chained(x)))

    good = []
    both = [threading.Thread(target=work, args=(seed,)) for seed in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert good == [True] * 100


def test_threads_agree_on_the_parts_of_a_launch_when_their_number_changes_meanwhile(monkeypatch):
    before, rng = workers.get_count(), np.random.default_rng(1)
    x = rng.normal(size=(640, 500))
    repeated, y = chain(x)
    workers.set_count(2)
    workers.spins = 10**6  # the helper stays
    changing = itertools.cycle([2, 7, 3])
    monkeypatch.setattr(workers, "get_count", lambda: next(changing))
    try:
        for _ in range(50):
            x[:] = rng.normal(size=x.shape)
            repeated.run()
            np.testing.assert_array_equal(y, chained(x))
    finally:
        monkeypatch.undo()
        workers.set_count(before)


def test_an_error_in_a_python_call_is_raised_and_the_next_run_is_whole(threads):
    def maybe(x):
        if x[0, 0] == 7:
            raise KeyboardInterrupt
        return x + 1

    x = np.zeros((16, 4))
    with Recorder().active() as active:
        y = relu_forward(recorded(maybe, relu_forward(x)))
    repeated = Program(active.entries)
    x[0, 0] = 7
    with pytest.raises(KeyboardInterrupt):
        repeated.run()
    x[:] = 2
    repeated.run()
    assert y.tolist() == [[3.0] * 4] * 16


@jit
def too_much(start, stop, size, out):
    """Ask for memory that is not there, if size is large."""
    for index in range(start, stop):
        out[index] = np.ones(size[index])[0]


def test_a_kernel_that_gets_no_memory_ends_the_run(threads):
    size, out = np.ones(8, np.int64), np.zeros(8)
    with Recorder().active() as active:
        workers.run(too_much, 8, 1, size=size, out=out)
    repeated = Program(active.entries)
    size[5] = sys.maxsize // 16
    with pytest.raises(MemoryError, match="kernel"):
        repeated.run()
    size[5] = 1
    repeated.run()
    assert out.tolist() == [1.0] * 8


def test_an_argument_that_no_kernel_takes_is_refused():
    @jit
    def of_text(start, stop, text):
        return None

    with Recorder().active() as active:
        workers.run(of_text, 3, 1, text="a")
    with pytest.raises(TypeError, match="cannot be packed"):
        Program(active.entries)


def test_an_empty_program_does_nothing():
    Program([]).run()
