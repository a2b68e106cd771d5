"""What must be alike on all ranks: the first difference is named."""

import numpy as np
import pytest

from tests.support.ranks import in_threads
from tinycnn.distribution.agreement import RanksDiffer, difference, digest, flat


def test_facts_become_names_and_texts():
    facts = {"data": {"x": (3, 4)}, "epochs": range(2), "none": None, "text": "ab"}
    wanted = {"data, x, 0": "3", "data, x, 1": "4", "epochs, 0": "0", "epochs, 1": "1"}
    assert flat(facts) == {**wanted, "none": "None", "text": "ab"}


def test_alike_is_no_difference():
    assert difference([{"a": "1", "b": "2"}] * 3) == ""


def test_what_one_rank_lacks_is_a_difference():
    told = difference([{"a": "1"}, {"a": "1", "b": "2"}])
    assert told == "The ranks differ in b: nothing on rank 0; 2 on rank 1."


def test_a_long_value_is_cut():
    assert len(difference([{"a": "x" * 5000}, {"a": "y"}])) < 250


def test_a_digest_hangs_on_every_byte():
    one, other = np.zeros(100), np.zeros(100)
    other[99] = 1e-300
    assert digest([one]) == digest([np.zeros((10, 10))]) != digest([other])
    assert digest([np.arange(9).reshape(3, 3).T]) == digest([np.arange(9).reshape(3, 3).T.copy()])


def test_all_ranks_refuse_and_name_who_has_what():
    def compare(shared):
        with pytest.raises(RanksDiffer) as caught:
            shared.agree({"fit": {"epochs": 2 if shared.rank == 2 else 1}})
        return str(caught.value)

    sentence = "The ranks differ in fit, epochs: 1 on ranks 0, 1, 3; 2 on rank 2. "
    assert (
        in_threads(4, compare)
        == [f"{sentence}All ranks must run the same program on the same data."] * 4
    )
