"""Recursive doubling: every rank gets the sum of the tree, in log2(ranks) messages."""

import numpy as np
import pytest

from tests.support.ranks import in_threads
from tinycnn.distribution import doubling
from tinycnn.distribution.doubling import LARGE, Doubling, gathered, total
from tinycnn.distribution.shards import tree_sum

SIZES = [1, 2, 4, 8]


def part(rank, rows=7):
    numbers = np.random.default_rng(rank).standard_normal((rows, 11)) * 10.0 ** (rank % 5)
    return numbers.astype(np.float32)


@pytest.mark.parametrize("rows", [0, 7, LARGE // 44 + 1, 1001])  # the last two are large
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("size", SIZES)
def test_every_rank_has_the_bytes_of_the_tree(size, seed, rows):
    (wanted,) = tree_sum([part(rank, rows)] for rank in range(size))
    found = in_threads(size, lambda s: total(s.link, 0, part(s.rank, rows)), seed=seed)
    assert {array.tobytes() for array in found} == {wanted.tobytes()}
    assert {array.shape for array in found} == {(rows, 11)}
    assert (part(0, rows).nbytes >= LARGE) == (rows > 7)


def test_large_arrays_of_few_numbers_are_halved_down_to_nothing(monkeypatch):
    monkeypatch.setattr(doubling, "LARGE", 0)
    (wanted,) = tree_sum([part(rank)[0, :3]] for rank in range(8))
    found = in_threads(8, lambda s: total(s.link, 0, part(s.rank)[0, :3].copy()))
    assert {array.tobytes() for array in found} == {wanted.tobytes()}


@pytest.mark.parametrize("size", SIZES)
def test_of_a_large_array_a_rank_sends_less_than_twice_its_bytes(size):
    def messages(shared):
        total(shared.link, 0, part(shared.rank, 1024))
        return sum(nbytes for *_, nbytes in shared.link.sent)

    assert in_threads(size, messages) == [2 * (size - 1) * 1024 * 44 // size] * size


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
