"""Class numbers as rows of ones and zeros."""

import re

import numpy as np
import pytest

from tests.support.nets import Y
from tinycnn import utils
from tinycnn.utils.numerical import normalize


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


@pytest.mark.parametrize("order", [1, 2, 3, np.inf])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_normalized_vectors_have_length_1(axis, order):
    x = np.random.default_rng(0).normal(size=(3, 4))
    y = normalize(x, axis, order)
    np.testing.assert_allclose(np.linalg.norm(y, order, axis), 1)
    np.testing.assert_allclose(y / x, np.broadcast_to((y / x).mean(axis, keepdims=True), x.shape))


def test_normalize_keeps_zeros_and_makes_rows():
    assert normalize([0, 0]).tolist() == [[0, 0]]
    assert normalize(np.float32([3, 4])).dtype == np.float32
    with pytest.raises(ValueError, match="x must be numbers"):
        normalize(["a"])
