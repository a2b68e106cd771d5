"""How many threads to use: counted in any kind of number, and what is no such count is refused."""

import numpy as np
import pytest

from tests.support.marks import compiled_only
from tests.support.processes import run_code
from tinycnn import ops
from tinycnn.utils import thread_count

NONE = ["0", "-1", "two", "1.5", "1000000", "9" * 30]
FROM_THE_ENVIRONMENT = f"""
import os, sys
from tinycnn import ops
from tinycnn.utils import thread_count
sys.stderr = sys.stdout  # Numba has words of its own for such a number
for value in 2 * {NONE}:
    os.environ["NUMBA_NUM_THREADS"] = value
    try:
        ops.implementation()
    except ValueError as error:
        print(error)
"""


@pytest.mark.parametrize("count", [0, -1, 1025, 10**6, 1.5, 2.0, True, None, "2"])
def test_a_count_that_is_none_is_refused(count):
    with pytest.raises(ValueError, match=f"from 1 to 1024. Received: {count!r}"):
        ops.set_num_threads(count)


@compiled_only
def test_a_count_in_the_environment_that_is_none_is_refused_each_time():
    said = run_code(FROM_THE_ENVIRONMENT, NUMBA_NUM_THREADS=NONE[0]).replace("'", "").splitlines()
    wanted = "NUMBA_NUM_THREADS must be a whole number from 1 to 1024. Received: {}"
    assert said == [wanted.format(value) for value in 2 * NONE]


def test_threads_are_counted_in_any_kind():
    from tinycnn.ops.kernels.parallel.thread_pool import workers

    before = workers.get_count()
    ops.set_num_threads(np.int64(2))
    assert (workers.get_count(), type(workers.get_count())) == (2, int)
    ops.set_num_threads(before)


def test_as_many_as_there_are_cpus_or_as_are_asked_for(monkeypatch):
    monkeypatch.setattr(thread_count.os, "sched_getaffinity", lambda _: {0, 1, 5}, raising=False)
    monkeypatch.delenv("NUMBA_NUM_THREADS", raising=False)
    assert thread_count.available_threads() == 3
    monkeypatch.setenv("NUMBA_NUM_THREADS", "7")
    assert thread_count.available_threads() == 7
    monkeypatch.setenv("NUMBA_NUM_THREADS", "")
    monkeypatch.delattr(thread_count.os, "sched_getaffinity")
    monkeypatch.setattr(thread_count.os, "cpu_count", lambda: None)
    assert thread_count.available_threads() == 1
    monkeypatch.setattr(thread_count.os, "cpu_count", lambda: 10**6)
    assert thread_count.available_threads() == thread_count.MOST_THREADS
