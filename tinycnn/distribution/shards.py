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
            f"A batch is cut into {shards} shards, and {ranks} ranks cannot share them in the order that gives "
            f"the same bytes. Start {', '.join(counts[:-1])} or {counts[-1]} of them: mpiexec -n "
            f"{min(shards, 2 ** (ranks.bit_length() - 1))}; DataParallel(shards=...) takes more of them."
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


def tree_sum(parts: Iterable[Arrays]) -> Arrays:
    """Return the sums of arrays over a power of two of parts, added in the binary tree.

    Args:
        parts: in order, each a list of as many arrays; they may be made on the way: few are held at a time,
            and none is changed.

    Example:
        >>> tree_sum([np.array([part])] for part in range(4))
        [array([6])]
    """
    waiting: list[tuple[int, Arrays]] = []  # (height, sums) of whole subtrees, heights falling
    for arrays in parts:
        height = 0
        while waiting and waiting[-1][0] == height:
            _, left = waiting.pop()
            # Above the leaves both sums were made here, and one may be written over.
            into = left if height else [None] * len(left)
            arrays = [np.add(a, b, out=out) for a, b, out in zip(left, arrays, into, strict=True)]  # noqa: PLW2901
            height += 1
        waiting.append((height, arrays))
    ((_, sums),) = waiting
    return sums
