"""A training set and a test set under one name: nothing of it is replaced by accident."""

import numpy as np
import pytest

from tinycnn.datasets import load
from tinycnn.datasets.digits import Digits


def test_digits_cannot_be_changed_by_accident():
    loaded = load("sample")
    assert type(loaded) is Digits
    for name in ("x_train", "y_test", "name", "note"):
        with pytest.raises(AttributeError):
            setattr(loaded, name, None)


def test_two_sets_of_arrays_are_told_apart_without_comparing_them():
    arrays = [np.zeros(3)] * 4
    one, other = Digits(*arrays, "one"), Digits(*arrays, "one")
    assert one == one
    assert one != other
    assert one.note is None
    assert len({one, other}) == 2


def test_it_unpacks_as_what_load_data_returns_and_is_told_in_a_line():
    loaded = load("sample")
    (x_train, y_train), (x_test, y_test) = loaded
    assert x_train is loaded.x_train
    assert y_train is loaded.y_train
    assert x_test is loaded.x_test
    assert y_test is loaded.y_test
    assert repr(loaded) == "<Digits sample: 10,000 training, 2,000 test>"
