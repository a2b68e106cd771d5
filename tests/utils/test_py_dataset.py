"""PyDataset: what a subclass has to have, and what the base does without it."""

import pytest

from tinycnn import utils
from tinycnn.utils.py_dataset import PyDataset


def test_it_has_the_names_and_arguments_of_keras():
    assert utils.PyDataset is utils.Sequence is PyDataset
    data = PyDataset(workers=4, use_multiprocessing=True, max_queue_size=3)
    assert (data.workers, data.use_multiprocessing, data.max_queue_size) == (4, True, 3)
    data.on_epoch_begin()
    data.on_epoch_end()


def test_what_is_missing_is_named():
    class Nothing(PyDataset):
        pass

    with pytest.raises(NotImplementedError, match=r"Nothing needs a method __getitem__"):
        Nothing()[0]
    with pytest.raises(NotImplementedError, match=r"Nothing needs a method __len__"):
        _ = Nothing().num_batches
