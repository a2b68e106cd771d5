"""How much work is worth a thread of its own."""

WORTH_A_THREAD = 4_000_000  # multiply-adds of `gemm`: about as long as waking a thread takes


def grain(count: int, multiply_adds: int) -> int:
    """Return how many of `count` indices are worth a thread, if all of them take so many multiply-adds.

    Args:
        count: of samples, or of whatever a loop runs over.
        multiply_adds: or what takes as long as so many of them.

    Example:
        >>> grain(128, 64_000_000), grain(128, 1_000)
        (7, 511488)
    """
    return WORTH_A_THREAD * count // (multiply_adds + 1)
