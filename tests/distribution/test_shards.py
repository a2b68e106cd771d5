"""Shards: how a batch is cut, and the tree in which their sums are added."""

import numpy as np
import pytest

from tinycnn.distribution import shards


@pytest.mark.parametrize("total", [0, 1, 3, 8, 9, 50, 203])
def test_a_batch_is_cut_into_parts_of_nearly_one_size(total):
    spans = [shards.span(total, 8, shard) for shard in range(8)]
    assert [place for span in spans for place in range(total)[span]] == list(range(total))
    sizes = [span.stop - span.start for span in spans]
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("total", [1, 5, 64, 203])
@pytest.mark.parametrize("ranks", [1, 2, 4, 8])
def test_the_shards_of_a_rank_lie_side_by_side(total, ranks):
    count = 8 // ranks
    for rank in range(ranks):
        whole = shards.span(total, 8, rank * count, count)
        parts = [shards.span(total, 8, rank * count + own) for own in range(count)]
        assert (whole.start, whole.stop) == (parts[0].start, parts[-1].stop)


@pytest.mark.parametrize("over", [False, True])
@pytest.mark.parametrize("count", [1, 2, 4, 8, 16])
def test_sums_are_those_of_the_tree(count, over):
    rng = np.random.default_rng(0)
    parts = [[rng.standard_normal(50).astype(np.float32), rng.random((2, 3))] for _ in range(count)]

    def tree(numbers):
        half = len(numbers) // 2
        return numbers[0] if not half else tree(numbers[:half]) + tree(numbers[half:])

    wanted = [tree([part[place].copy() for part in parts]).tobytes() for place in range(2)]
    assert [one.tobytes() for one in shards.tree_sum(iter(parts), over)] == wanted


def test_parts_are_not_changed_unless_that_is_allowed():
    parts = [[np.full(3, float(part))] for part in range(8)]
    (total,) = shards.tree_sum(parts)
    assert total.tolist() == [28.0] * 3
    assert [part[0][0] for part in parts] == list(range(8))


def test_parts_are_made_one_after_the_other():
    made = []

    def part(number):
        made.append(number)
        return [np.ones(1)]

    shards.tree_sum(map(part, range(4)))
    assert made == [0, 1, 2, 3]


@pytest.mark.parametrize("ranks", [1, 2, 4, 8])
def test_counts_of_ranks_that_hold_subtrees(ranks):
    assert shards.check_shards(8, ranks) == 8


@pytest.mark.parametrize("ranks", [3, 5, 6, 7, 9, 16])
def test_other_counts_are_refused_with_those_that_do(ranks):
    with pytest.raises(
        ValueError, match=rf"^{ranks} ranks cannot .* start 1 or 2 or 4 or 8 of them"
    ):
        shards.check_shards(8, ranks)


@pytest.mark.parametrize("count", [0, 3, 12, 2048, "8", 8.5])
def test_a_number_of_shards_that_makes_no_tree(count):
    with pytest.raises(ValueError, match="shards must be"):
        shards.check_shards(count, 1)
