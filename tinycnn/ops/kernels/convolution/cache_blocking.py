"""How much of what is worked on stays close: sizes of blocks, for the first two levels of caches."""

from tinycnn.ops.kernels.codegen.jit import inlined

# A first-level cache has 32 KB or more, a second-level one 256 KB or more.
PANEL_BYTES = 20 * 1024  # of a packed panel of the kernel
ROWS_BYTES = 32 * 1024  # of the rows of an image that are worked on, panel by panel


@inlined
def fit_count(available, size):
    """Return how many things of so many bytes each fit into the bytes available, at least one."""
    return max(1, available // (size + 1))
