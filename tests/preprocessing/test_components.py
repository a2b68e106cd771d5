"""Connected components are those that a flood fill finds."""

import numpy as np
import pytest

from tinycnn.preprocessing.components import find_components


def flooded(mask):
    """Labels by flood fill, numbered by the first pixel."""
    labels, count = np.zeros(mask.shape, int), 0
    for start in zip(*np.nonzero(mask), strict=True):
        waiting = [start] if labels[start] == 0 else []
        count += len(waiting)
        while waiting:
            y, x = waiting.pop()
            if 0 <= y < len(mask) and 0 <= x < mask.shape[1] and mask[y, x] and not labels[y, x]:
                labels[y, x] = count
                waiting += [(y + i, x + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    return labels


@pytest.mark.parametrize("share", [0.05, 0.2, 0.35, 0.5, 0.9])
@pytest.mark.parametrize("shape", [(1, 30), (30, 1), (17, 23), (40, 40)])
def test_labels_boxes_and_areas(share, shape):
    mask = np.random.default_rng(int(100 * share)).random(shape) < share
    found, expected = find_components(mask), flooded(mask)
    np.testing.assert_array_equal(found.labels, expected)
    assert found.areas.tolist() == np.bincount(expected.ravel())[1:].tolist()
    for number, (top, left, bottom, right) in enumerate(found.boxes.tolist(), 1):
        places = np.argwhere(expected == number)
        assert places.min(axis=0).tolist() == [top, left]
        assert (places.max(axis=0) + 1).tolist() == [bottom, right]


def test_a_spiral_is_one_component():
    mask = np.zeros((41, 41), bool)
    y, x, step = 0, 0, 1
    mask[0, 0] = True
    for length in [40, *np.repeat(np.arange(40, 0, -2), 2)]:
        for _ in range(length):
            y, x = y + (0, 1, 0, -1)[(step - 1) % 4], x + (1, 0, -1, 0)[(step - 1) % 4]
            mask[y, x] = True
        step += 1
    assert len(find_components(mask).areas) == 1


def test_nothing():
    found = find_components(np.zeros((4, 5), bool))
    assert (found.labels.sum(), found.boxes.shape, found.areas.shape) == (0, (0, 4), (0,))
