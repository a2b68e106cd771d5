"""Sums over samples, through partial sums whose number does not depend on that of the threads."""

import numpy as np

from tinycnn.ops.kernels.blocks.memory import aligned_empty
from tinycnn.ops.kernels.codegen.jit import jit
from tinycnn.ops.kernels.parallel.thread_pool import workers

MOST = 8
WORTH_A_THREAD = 20_000  # numbers of a sum


def partial_sums(samples: int, size: int, dtype: np.dtype) -> np.ndarray:
    """Return an array for partial sums, (chunks, size), not initialized: whoever fills it begins with 0.

    Args:
        samples: of the batch.
        size: numbers of a sum.
        dtype: of the numbers.
    """
    return aligned_empty((min(MOST, max(1, samples)), size), dtype)


def sum_partials(partial: np.ndarray) -> np.ndarray:
    """Return the sum of the partial sums, in order."""
    total = np.empty(partial.shape[1], partial.dtype)
    workers.run(add_span, len(total), WORTH_A_THREAD, partial, total)
    return total


@jit
def add_span(start, stop, partial, total):
    """Add the chunks up for positions start to stop."""
    out = total[start:stop]
    for position in range(len(out)):
        out[position] = partial[0, start + position]
    for chunk in range(1, len(partial)):
        chunk_sums = partial[chunk, start:stop]
        for position in range(len(out)):
            out[position] += chunk_sums[position]
