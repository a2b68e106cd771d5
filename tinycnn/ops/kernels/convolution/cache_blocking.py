"""Sizes of blocks of data that are worked on at a time, so that they stay in the CPU's caches."""

from tinycnn.ops.kernels.codegen.jit import inlined

# A first-level cache has 32 KB or more, a second-level one 256 KB or more.
PANEL_BYTES = 20 * 1024  # of a packed panel of the kernel, in the first-level cache
# Of the rows of an image that all panels are multiplied with, in the second-level cache.
ROWS_BYTES = 32 * 1024


@inlined
def fit_count(available, size):
    """Return how many blocks of `size` bytes fit into `available` bytes, but at least 1."""
    return max(1, available // (size + 1))
