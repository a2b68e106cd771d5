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
