"""`DataParallel`: its arguments, the parts of a batch, and what happens to errors."""

import numpy as np
import pytest

from tests.support.ranks import in_threads, needs_mpi
from tinycnn.distribution import DataParallel


@pytest.mark.parametrize("size", [1, 2, 4, 8])
@pytest.mark.parametrize("batch", [1, 5, 8, 50])
def test_all_parts_together_are_the_batch(size, batch):
    def own(shared):
        part, cuts = shared.part(batch), shared.cuts(batch)
        samples = list(range(batch)[part])
        assert [sample for cut in cuts for sample in samples[cut]] == samples
        assert len(cuts) == 8 // size
        return samples

    assert [sample for part in in_threads(size, own) for sample in part] == list(range(batch))


@pytest.mark.parametrize("size", [1, 2, 4, 8])
def test_totals_are_the_same_bytes_for_any_number_of_ranks(size):
    values = np.random.default_rng(0).standard_normal((8, 5))
    expected = in_threads(1, lambda shared: shared.total(list(values)).tobytes())
    found = in_threads(size, lambda s: s.total([values[one] for one in s.own_shards]).tobytes())
    assert set(found) == set(expected)


def test_ranks_other_than_0_print_nothing(capsys):
    def say(shared):
        with shared.together():
            print("here", shared.rank)

    in_threads(1, say)
    assert capsys.readouterr().out == "here 0\n"


def test_after_an_error_the_ranks_do_not_work_together():
    def fail(shared):
        with pytest.raises(OSError, match="disk"), shared.together():
            raise OSError("disk")
        with pytest.raises(RuntimeError, match="any more since OSError: disk"), shared.together():
            pass
        return True

    assert in_threads(1, fail) == [True]


def test_what_goes_on_within_is_known():
    def look(shared):
        with shared.together():
            inside = shared.inside
            with shared.alone():
                alone = shared.is_alone
            return inside, alone, shared.is_alone

    assert in_threads(1, look) == [(True, True, False)]


@needs_mpi
@pytest.mark.parametrize(
    "options", [{"devices": ["cpu:0"]}, {"device_mesh": 1}, {"auto_shard_dataset": False}]
)
def test_options_of_keras_are_there_at_their_defaults(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        DataParallel(**options)
