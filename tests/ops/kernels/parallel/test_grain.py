"""How many indices are worth a thread: what they take together is about what waking a thread takes."""

import pytest

from tinycnn.ops.kernels.parallel.grain import WORTH_A_THREAD, grain


@pytest.mark.parametrize("count", [7, 128, 60_000])
@pytest.mark.parametrize("each", [9_999, WORTH_A_THREAD // 2, 100 * WORTH_A_THREAD])
def test_the_work_of_a_grain_is_worth_a_thread(count, each):
    indices = grain(count, count * each)
    assert indices * each <= WORTH_A_THREAD <= (indices + 2) * each


def test_no_work_divides_nothing():
    assert grain(0, 0) == 0
    assert grain(5, 0) == 5 * WORTH_A_THREAD
