"""A training set and a test set under one name: nothing of it is replaced by accident."""

import pytest

from tinycnn import datasets


def test_digits_cannot_be_changed_by_accident():
    loaded = datasets.load("sample")
    with pytest.raises(AttributeError):
        loaded.name = "mnist"
