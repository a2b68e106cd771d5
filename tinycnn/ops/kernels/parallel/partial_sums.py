"""Sums over samples, through partial sums whose number does not depend on that of the threads."""

import numpy as np

from tinycnn.ops.kernels.blocks.memory import aligned_empty
from tinycnn.ops.kernels.codegen.jit import inlined, jit
from tinycnn.ops.kernels.parallel.grain import WORTH_A_THREAD
from tinycnn.ops.kernels.parallel.thread_pool import workers

# Chunks: each costs an array of sums, and more than eight threads would find no work. Part of the result!
MOST = 8
GRAIN = WORTH_A_THREAD // 200  # numbers of a sum: to fetch their parts costs more than to add them


def partial_sums(samples: int, size: int, dtype: np.dtype) -> np.ndarray:
    """Return an array for partial sums, (chunks, size), not initialized: whoever fills it begins with 0.

    Args:
        samples: of the batch.
        size: numbers of a sum.
        dtype: of the numbers.
    """
    return aligned_empty((min(MOST, max(1, samples)), size), dtype)


@inlined
def chunk_samples(chunk, chunks, samples):
    """Return from where to where the samples go that a chunk sums up: chunks share them evenly."""
    return chunk * samples // chunks, (chunk + 1) * samples // chunks


def sum_partials(partial: np.ndarray) -> np.ndarray:
    """Return the sum of the partial sums, in order."""
    total = np.empty(partial.shape[1], partial.dtype)
    workers.run(add_span, len(total), GRAIN, partial=partial, total=total)
    return total


@jit
def add_span(start, stop, partial, total):
    """Add the chunks up for positions start to stop."""
    out = total[start:stop]
    for position in range(len(out)):
        out[position] = partial[0, start + position]
    # Chunk after chunk, whichever thread was done first: floating-point sums depend on their order.
    for chunk in range(1, len(partial)):
        chunk_sums = partial[chunk, start:stop]
        for position in range(len(out)):
            out[position] += chunk_sums[position]
