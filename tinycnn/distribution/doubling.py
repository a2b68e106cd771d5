"""Recursive doubling: the upper levels of the tree, between ranks, and the same for texts of bytes.

In round k a rank exchanges its sum with the one whose number differs in bit k, and both add the two, the
lower rank's first. After log2(ranks) rounds all hold the sum of the tree, to the last bit.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np


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
        self.link, self.tag, self.value, self.buffers = link, tag, value, buffers
        self.distance = 1
        self._begin_round()

    def _begin_round(self) -> None:
        """Begin to exchange the sum so far, unless all rounds are done."""
        if self.distance < self.link.size:
            other = self.link.rank ^ self.distance
            self.received, *_ = self.buffers
            self._done = self.link.start(other, self.tag, self.value, self.received)

    def advance(self) -> bool:
        """Go on as far as messages have come; return whether `value` is the sum over all ranks."""
        while self.distance < self.link.size:
            if not self._done():
                return False
            lower = not self.link.rank & self.distance
            pair = (self.value, self.received) if lower else (self.received, self.value)
            self.value = np.add(*pair, out=self.received)
            self.buffers = self.buffers[::-1]
            self.distance *= 2
            self._begin_round()
        return True


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
