"""Recursive doubling: every rank gets the sum of the tree, in log2(ranks) messages."""

import numpy as np
import pytest

from tests.support.ranks import in_threads
from tinycnn.distribution.doubling import Doubling, gathered, total
from tinycnn.distribution.shards import tree_sum

SIZES = [1, 2, 4, 8]


def part(rank, dtype=np.float32):
    numbers = np.random.default_rng(rank).standard_normal((7, 11)) * 10.0 ** (rank % 5)
    return numbers.astype(dtype)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("size", SIZES)
def test_every_rank_has_the_bytes_of_the_tree(size, seed):
    (wanted,) = tree_sum([part(rank)] for rank in range(size))
    found = in_threads(size, lambda shared: total(shared.link, 0, part(shared.rank)), seed=seed)
    assert {array.tobytes() for array in found} == {wanted.tobytes()}


@pytest.mark.parametrize("size", SIZES)
def test_a_rank_sends_as_few_messages_as_there_are_levels(size):
    def messages(shared):
        own = part(shared.rank)
        total(shared.link, 3, own)
        assert own.tobytes() == part(shared.rank).tobytes()  # not changed
        return shared.link.sent

    for rank, sent in enumerate(in_threads(size, messages)):
        levels = [2**k for k in range(size.bit_length() - 1)]
        assert sent == [(rank ^ level, 3, part(0).nbytes) for level in levels]


def test_a_sum_goes_on_only_when_its_message_has_come():
    def looks(shared):
        own = part(shared.rank)
        going = Doubling(shared.link, 1, own, [np.empty_like(own) for _ in range(2)])
        count = 0
        while not going.advance():
            count += 1
        return going.value.tobytes()

    assert len(set(in_threads(4, looks, seed=7))) == 1


@pytest.mark.parametrize("size", SIZES)
def test_texts_of_any_length_are_gathered(size):
    texts = [b"", b"a", b"bb" * 1000, b"\0", b"", b"xyz", b"7" * 77, b"end"][:size]
    found = in_threads(size, lambda shared: gathered(shared.link, 0, texts[shared.rank]))
    assert found == [texts] * size
