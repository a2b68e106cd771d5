"""What is in one row: marks beside digits, and frames that rise or fall."""

from array import array

import numpy as np

from gui.drawing.drawing import Stroke
from gui.drawing.rows import rows_of, rows_of_frames


def items(lines):
    return tuple(Stroke(array("d", np.ravel(line).astype(float).tolist()), 0.05) for line in lines)


def test_a_mark_beside_a_row_is_in_the_row():
    one, dot, small = (
        items([line])
        for line in ([(0.2, 0.2), (0.2, 0.8)], [(0.4, 0.81)], [(0.6, 0.2), (0.6, 0.4)])
    )
    assert rows_of([one, dot]) == [[0, 1]]
    assert rows_of([one, small]) == [[0, 1]]


def test_rows_of_frames_may_rise_and_come_from_top_to_bottom():
    low, high = (
        [(0.2 * k, top - 0.1 * k, 0.2 * k + 0.1, top + 0.3 - 0.1 * k) for k in range(4)]
        for top in (1.0, 0.5)
    )
    frames = [frame for pair in zip(low, high, strict=True) for frame in pair]
    assert rows_of_frames(frames) == [[1, 3, 5, 7], [0, 2, 4, 6]]
    assert rows_of_frames([]) == []
