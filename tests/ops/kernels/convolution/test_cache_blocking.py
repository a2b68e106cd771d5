"""Blocks fill what a cache offers, never more, and there is always one."""

import pytest

from tests.support.exact import integers  # noqa: F401 (skips where nothing is compiled)
from tinycnn.ops.kernels.convolution.cache_blocking import PANEL_BYTES, ROWS_BYTES, fit_count


@pytest.mark.parametrize("available", [PANEL_BYTES, ROWS_BYTES])
@pytest.mark.parametrize("size", [0, 1, 100, 4096, 10**6])
def test_so_many_fit(size, available):
    count = fit_count.py_func(available, size)
    assert count >= 1
    assert count == 1 or count * size <= available
    assert size < 100 or (count + 1) * (size + 1) > available
