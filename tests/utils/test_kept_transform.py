"""What is kept of an array goes when a bit of it changes, and only then."""

import numpy as np
import pytest

from tinycnn.utils.kept_transform import MADE_ANEW, KeptTransform


@pytest.fixture
def counted():
    def transform(array):
        transform.calls += 1
        return array + 1

    transform.calls = 0
    return transform


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_it_is_made_once_until_a_bit_changes(dtype, counted):
    kept, array = KeptTransform(), np.array([[0.0, np.nan, 3.0]], dtype)
    for _ in range(3):
        np.testing.assert_array_equal(kept.get(array, counted), array + 1)
    assert counted.calls == 1
    for position, value in ((0, -0.0), (2, np.nextafter(array[0, 2], 4)), (1, 5.0)):
        array[0, position] = value
        np.testing.assert_array_equal(kept.get(array, counted), array + 1)
    assert counted.calls == 4


def test_another_array_of_the_same_numbers_is_the_same(counted):
    kept, array = KeptTransform(), np.arange(12.0).reshape(3, 4)
    first = kept.get(array, counted)
    assert kept.get(array.copy(), counted) is first
    assert kept.get(np.asfortranarray(array), counted) is first


def test_the_same_bytes_in_another_shape_or_for_another_transform_are_made_anew():
    kept, array = KeptTransform(), np.arange(12.0).reshape(3, 4)
    assert kept.get(array, np.negative).shape == (3, 4)
    assert kept.get(array.reshape(4, 3), np.negative).shape == (4, 3)
    assert kept.get(array.view(np.float32), np.negative).dtype == np.float32
    np.testing.assert_array_equal(kept.get(array, np.square), array**2)


def test_a_change_while_it_is_made_is_not_mixed_in():
    """The transform sees a copy: another thread may train meanwhile."""
    kept, array = KeptTransform(), np.ones(4)

    def disturbed(copy):
        array[...] = 7
        return copy * 2

    np.testing.assert_array_equal(kept.get(array, disturbed), 2)
    np.testing.assert_array_equal(kept.get(array, disturbed), 14)


def test_nothing_is_kept_for_training(counted):
    array = np.ones(2)
    for _ in range(2):
        np.testing.assert_array_equal(MADE_ANEW.get(array, counted), 2)
    assert counted.calls == 2
