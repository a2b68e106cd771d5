"""Recursive doubling: the upper levels of the tree, between ranks, and the same for texts of bytes.

In round k a rank exchanges its sum with the one whose number differs in bit k, and both add the two, the
lower rank's first. After log2(ranks) rounds all hold the sum of the tree, to the last bit.

Of a large array the two add one half each, and in the next round halves of that; then the same messages go
back with what is done. Every number is added in the same order, and a rank sends less than twice the array,
not log2(ranks) times.
"""

from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np

LARGE = 2**14  # bytes from which an array is worth twice as many messages


class Link(Protocol):
    """What connects the ranks: `mpi.MPILink`, and in tests threads."""

    rank: int
    size: int

    def start(
        self, other: int, tag: int, send: np.ndarray, receive: np.ndarray
    ) -> Callable[[], bool]:
        """Begin to exchange arrays with a rank, and return a function that says whether it is done.

        Args:
            other: the rank.
            tag: what both call it; what has other tags goes its own way.
            send: contiguous; not to be changed before it is done.
            receive: contiguous, of as many bytes.
        """

    def wait(self, done: Callable[[], bool]) -> None:
        """Return when `done()` is true; end the process if a rank that is needed is gone."""


class Doubling:
    """The sum of one array over all ranks, while it is on its way.

    Args:
        link: between the ranks.
        tag: of this sum, one for each that may be on its way at the same time.
        value: this rank's part, C-contiguous; it is not changed.
        buffers: two arrays like it, which are written over; one of them becomes the sum.
    """

    def __init__(self, link: Link, tag: int, value: np.ndarray, buffers: list[np.ndarray]):
        self.link, self.tag, self.value = link, tag, value
        self._going = self._rounds(value.reshape(-1), *(each.reshape(-1) for each in buffers))
        next(self._going, None)  # the first message sets out

    def advance(self) -> bool:
        """Go on as far as messages have come; return whether `value` is the sum over all ranks."""
        return next(self._going, True) is True

    def _rounds(self, held: np.ndarray, sums: np.ndarray, received: np.ndarray) -> Iterator[None]:
        """Do it; yield where a message has not come yet. All arrays are (numbers,)."""
        whole, done, distance = slice(0, held.size), [], 1
        while distance < self.link.size:
            other, lower = self.link.rank ^ distance, not self.link.rank & distance
            keep = give = whole
            if self.value.nbytes >= LARGE:
                middle = (whole.start + whole.stop) // 2
                halves = slice(whole.start, middle), slice(middle, whole.stop)
                keep, give = halves if lower else halves[::-1]
                done.append((other, keep, give))
            yield from self._exchanged(other, held[give], received[keep])
            pair = held[keep], received[keep]
            np.add(*(pair if lower else pair[::-1]), out=sums[keep])
            held, whole, distance = sums, keep, distance * 2
        for other, keep, give in reversed(done):
            yield from self._exchanged(other, held[keep], held[give])
        self.value = held.reshape(self.value.shape)

    def _exchanged(self, other: int, send: np.ndarray, receive: np.ndarray) -> Iterator[None]:
        """Exchange arrays with a rank; yield until that is done."""
        is_done = self.link.start(other, self.tag, send, receive)
        while not is_done():
            yield


def total(link: Link, tag: int, value: np.ndarray) -> np.ndarray:
    """Return the sum of an array over all ranks, at once: see `Doubling`."""
    going = Doubling(link, tag, value, [np.empty_like(value) for _ in range(2)])
    link.wait(going.advance)
    return going.value


def gathered(link: Link, tag: int, data: bytes) -> list[bytes]:
    """Return what each rank has handed over, in the order of the ranks."""
    blocks, distance = [data], 1
    while distance < link.size:
        other, lower = link.rank ^ distance, not link.rank & distance
        sizes, own = np.empty(distance, np.int64), np.array([len(block) for block in blocks])
        link.wait(link.start(other, tag, own.astype(np.int64), sizes))
        received = np.empty(sizes.sum(), np.uint8)
        link.wait(link.start(other, tag, np.frombuffer(b"".join(blocks), np.uint8), received))
        ends = sizes.cumsum().tolist()
        theirs = [received[end - n : end].tobytes() for end, n in zip(ends, sizes, strict=True)]
        blocks = blocks + theirs if lower else theirs + blocks
        distance *= 2
    return blocks
