"""Partial sums: every sample in one chunk, chunks added in order, whatever the number of threads."""

import numpy as np
import pytest

from tests.support.exact import DTYPES
from tinycnn.ops.kernels.parallel import partial_sums


@pytest.mark.parametrize("samples", [0, 1, 3, 8, 9, 100])
def test_chunks_share_the_samples_evenly(samples):
    chunks = len(partial_sums.partial_sums(samples, 5, np.float32))
    assert chunks == min(partial_sums.MOST, max(1, samples))
    bounds = [partial_sums.chunk_samples.py_func(c, chunks, samples) for c in range(chunks)]
    assert [b for first, last in bounds for b in range(first, last)] == [*range(samples)]
    lengths = {last - first for first, last in bounds}
    assert max(lengths) - min(lengths) <= 1


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [0, 1, 70_001])  # the last for more threads than one
def test_they_are_added_in_order(size, dtype, rng):
    partial = partial_sums.partial_sums(9, size, dtype)
    partial[...] = rng.standard_normal(partial.shape) * 10.0 ** rng.integers(-3, 4, partial.shape)
    wanted = partial[0].copy()
    for chunk in partial[1:]:
        wanted += chunk
    total = partial_sums.sum_partials(partial)
    assert total.dtype == dtype
    np.testing.assert_array_equal(total, wanted)
