"""Digits as crooked lines, to choose constants with; the score is measured on others, of `tests.support`."""

import numpy as np

# Corners (x, y) of each stroke, in a square of 10 x 10, y down; `drawn_roughly`
# rounds them, but for those that are named twice.
SHAPES = {
    0: [["5 0, 2 2, 1 5, 2 8, 5 10, 8 8, 9 5, 8 2, 5 0"], ["6 0, 3 1, 2 6, 4 10, 7 8, 8 3, 5 0"]],
    1: [["5 0, 5 10"], ["3 3, 6 0, 6 0, 5 10"], ["4 2, 6 0, 6 0, 6 10", "3 10, 9 10"]],
    2: [["2 3, 3 1, 6 0, 8 2, 7 5, 4 8, 1 10, 9 10"], ["2 2, 5 0, 8 1, 8 4, 2 10, 8 9"]],
    3: [["2 1, 5 0, 8 2, 7 4, 4 5, 7 6, 8 8, 6 10, 3 10, 1 8"], ["2 0, 8 0, 5 4, 8 6, 7 9, 2 10"]],
    4: [["3 0, 1 6, 1 6, 9 6", "7 2, 6 10"], ["7 10, 7 0, 7 0, 1 7, 1 7, 9 7"]],
    5: [
        ["8 0, 3 0, 3 0, 2 5, 2 5, 5 4, 8 6, 7 9, 4 10, 1 9"],
        ["3 0, 2 4, 2 4, 6 4, 8 7, 5 10, 1 9", "4 0, 9 0"],
    ],
    6: [["7 0, 4 2, 2 6, 3 9, 6 10, 8 8, 7 6, 4 6, 2 8"]],
    7: [["1 0, 9 0, 9 0, 6 5, 4 10"], ["1 1, 9 0, 9 0, 5 10", "4 5, 9 5"]],
    8: [["7 1, 5 0, 3 2, 4 4, 7 6, 8 8, 5 10, 2 8, 3 6, 6 4, 8 2, 7 1"]],
    9: [["8 2, 6 0, 3 1, 2 3, 4 5, 7 4, 8 2, 8 6, 7 10"], ["8 1, 5 0, 2 2, 4 5, 8 3, 8 1, 6 10"]],
}


def drawn_roughly(rng, digit):
    """Return strokes of a digit, each float (n, 2), in any unit."""
    variants = SHAPES[digit]
    strokes = []
    slant, aspect = rng.uniform(-0.1, 0.3), rng.uniform(0.8, 1.2)
    for text in variants[rng.integers(len(variants))]:
        points = np.array([pair.split() for pair in text.split(",")], float)
        points += rng.normal(0, 0.3, points.shape)
        for _ in range(3):  # each corner is cut off (Chaikin), but for the ends
            near, far = (
                0.75 * points[:-1] + 0.25 * points[1:],
                0.25 * points[:-1] + 0.75 * points[1:],
            )
            inner = np.stack([near, far], axis=1).reshape(-1, 2)
            points = np.concatenate([points[:1], inner[1:-1], points[-1:]])
        points[:, 0] = aspect * points[:, 0] - slant * points[:, 1]
        strokes.append(points)
    return strokes


def drawn_with_a_mouse(rng, digit):
    """Return strokes of a digit in one of the styles of `tests.support.drawn_digits`."""
    from tests.support.drawn_digits import drawn

    return drawn(rng, digit)[2]
