"""Sums over samples: each chunk of samples is summed by itself, then the chunks' sums are added in order.

How many chunks there are does not depend on the number of threads, so neither do the bits of the sum.
"""

import numpy as np

from tinycnn.ops.kernels.blocks.memory import aligned_empty
from tinycnn.ops.kernels.codegen.jit import inlined, jit
from tinycnn.ops.kernels.parallel.grain import WORTH_A_THREAD
from tinycnn.ops.kernels.parallel.thread_pool import workers

# The most chunks: each needs an array of sums, and no more threads than chunks can work at once. Another
# number would change the rounding of the sums.
MOST = 8
# Numbers of a sum that are worth a thread: to load the parts of one takes as long as 200 multiply-adds.
GRAIN = WORTH_A_THREAD // 200


def partial_sums(samples: int, size: int, dtype: np.dtype) -> np.ndarray:
    """Return an uninitialized array (chunks, size) for partial sums; chunks is at most 8.

    Args:
        samples: the number of samples in the batch.
        size: how many numbers a sum has, such as those of a kernel's gradient.
        dtype: of the numbers.
    """
    return aligned_empty((min(MOST, max(1, samples)), size), dtype)


@inlined
def chunk_samples(chunk, chunks, samples):
    """Return (first, end) of the samples that belong to chunk number `chunk`, shared evenly by all chunks."""
    return chunk * samples // chunks, (chunk + 1) * samples // chunks


def sum_partials(partial: np.ndarray) -> np.ndarray:
    """Return the sum (size,) of partial sums (chunks, size), added in the order of the chunks."""
    total = np.empty(partial.shape[1], partial.dtype)
    workers.run(add_span, len(total), GRAIN, partial=partial, total=total)
    return total


@jit
def add_span(start, stop, partial, total):
    """Write total[start:stop] = the sum of partial[:, start:stop] over the chunks."""
    out = total[start:stop]
    for position in range(len(out)):
        out[position] = partial[0, start + position]
    # Always in the order of the chunks: rounding depends on the order.
    for chunk in range(1, len(partial)):
        chunk_sums = partial[chunk, start:stop]
        for position in range(len(out)):
            out[position] += chunk_sums[position]
