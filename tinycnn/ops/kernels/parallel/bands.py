"""Bands, parts of a sample's rows: what threads share where there are too few samples for all of them.

A loop over bands has `samples · bands` indices. The bits of a result do not depend on the number of bands.
"""

import math

from tinycnn.ops.kernels.codegen.jit import inlined
from tinycnn.ops.kernels.parallel.partial_sums import chunk_samples
from tinycnn.ops.kernels.parallel.thread_pool import workers

ENOUGH = 4  # samples for each thread: then a band is a whole sample


def count_bands(samples: int, rows: int) -> int:
    """Return how many bands to cut each sample into, so that all threads get as many.

    Args:
        samples: how many there are.
        rows: of a sample, as far as they can be computed alone; there are no more bands than these.
    """
    threads = workers.get_count()
    if samples >= ENOUGH * threads:
        return 1
    return max(1, min(rows, threads // math.gcd(samples, threads)))


@inlined
def locate_band(index, bands, rows):
    """Return (sample, first row, end of its rows) of band number `index` of all samples."""
    first, end = chunk_samples(index % bands, bands, rows)
    return index // bands, first, end
