"""How much work is worth a thread of its own."""

# Multiply-adds of `gemm` that take about as long as waking a thread: with less work a thread does not pay.
WORTH_A_THREAD = 4_000_000


def grain(count: int, multiply_adds: int) -> int:
    """Return how many indices of a loop are worth a thread of their own: so many hold WORTH_A_THREAD work.

    Args:
        count: the number of indices of the loop, such as samples.
        multiply_adds: the work of the whole loop.

    Example:
        >>> grain(128, 64_000_000), grain(128, 1_000)
        (7, 511488)
    """
    return WORTH_A_THREAD * count // (multiply_adds + 1)
