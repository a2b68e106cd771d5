"""Shards: the fixed parts that a batch is cut into, and the fixed binary tree in which their sums are added.

Sums of floating-point numbers depend on their order. Here it hangs on the number of shards alone: shards 0
and 1 are added, 2 and 3, then these two sums, and so on. A rank holds an aligned run of shards, which is a
subtree of its own; `doubling.py` adds the levels above it.
"""

from collections.abc import Iterable

import numpy as np

from tinycnn.utils.validation import check_int

Arrays = list[np.ndarray]


def check_shards(shards: int, ranks: int) -> int:
    """Return the number of shards; ValueError unless so many ranks can hold them as aligned subtrees.

    Args:
        shards: a power of two, from 1 to 1,024.
        ranks: how many processes share them.
    """
    shards = check_int("shards", shards, 1, 1024)
    if shards & (shards - 1):
        raise ValueError(f"shards must be a power of two. Received: shards={shards}")
    if shards % ranks:
        counts = [str(2**power) for power in range(shards.bit_length())]
        raise ValueError(
            f"{ranks} ranks cannot share the {shards} shards of a batch in the order that gives the same "
            f"bytes: start {' or '.join(counts)} of them, as with mpiexec -n "
            f"{min(shards, 2 ** (ranks.bit_length() - 1))}. DataParallel(shards=...) makes more shards."
        )
    return shards


def span(total: int, shards: int, first: int, count: int = 1) -> slice:
    """Return which samples of a batch belong to `count` shards from `first` on.

    Args:
        total: the samples of the whole batch; the sizes of shards differ by one at most, and may be 0.
        shards: how many there are.

    Example:
        >>> [span(10, 4, shard) for shard in range(4)]
        [slice(0, 2, None), slice(2, 5, None), slice(5, 7, None), slice(7, 10, None)]
    """
    return slice(first * total // shards, (first + count) * total // shards)


def tree_sum(parts: Iterable[Arrays], over: bool = False) -> Arrays:
    """Return the sums of arrays over a power of two of parts, added in the binary tree.

    Args:
        parts: in order, each a list of as many arrays; they may be made on the way: few are held at a time.
        over: whether they may be written over, which saves new memory.

    Example:
        >>> tree_sum([np.array([part])] for part in range(4))
        [array([6])]
    """
    waiting: list[tuple[int, Arrays]] = []  # (height, sums) of whole subtrees, heights falling
    for arrays in parts:
        height, sums = 0, arrays
        while waiting and waiting[-1][0] == height:
            _, left = waiting.pop()
            into = (
                left if over or height else [None] * len(left)
            )  # above the leaves they were made here
            sums = [np.add(a, b, out=out) for a, b, out in zip(left, sums, into, strict=True)]
            height += 1
        waiting.append((height, sums))
    ((_, sums),) = waiting
    return sums
