"""Class numbers as rows of ones and zeros."""

import re

import numpy as np
import pytest

from tests.support.nets import Y
from tinycnn import utils


def test_to_categorical():
    np.testing.assert_array_equal(utils.to_categorical([0, 2]), [[1, 0, 0], [0, 0, 1]])
    assert utils.to_categorical(Y, 10).shape == (10, 10)
    assert utils.to_categorical(Y[:, None]).shape == (10, 3)
    assert utils.to_categorical(np.zeros((2, 3), int), 4).shape == (2, 3, 4)
    assert utils.to_categorical(np.float32([1, 0])).tolist() == [[0, 1], [1, 0]]
    assert utils.to_categorical([True, False]).tolist() == [[0, 1], [1, 0]]
    assert utils.to_categorical([], 3).shape == (0, 3)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([-1],), "Received: -1"),
        (([3], 3), "num_classes=3"),
        (([1.5],), "1.5"),
        (([np.nan],), "nan"),
        (([np.inf],), "inf"),
        ((["a"],), "'a'"),
        (([1], 2.5), "num_classes=2.5"),
        (([1], "a"), "num_classes='a'"),
        (([1], True), "num_classes=True"),
    ],
)
def test_to_categorical_refuses(arguments, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        utils.to_categorical(*arguments)
