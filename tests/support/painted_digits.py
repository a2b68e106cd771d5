"""Ten digits as one hand paints them: what the drawing window is tried with, and nothing was tuned on."""

import numpy as np

SIX = [
    (60, 15),
    (46, 28),
    (36, 48),
    (34, 68),
    (44, 82),
    (58, 80),
    (64, 67),
    (56, 56),
    (43, 58),
    (36, 68),
]
EIGHT = [
    (60, 24),
    (48, 15),
    (37, 25),
    (43, 40),
    (57, 54),
    (64, 69),
    (50, 84),
    (36, 71),
    (43, 54),
    (57, 40),
]
EIGHT += [(62, 28), (58, 21)]
# For each digit its strokes, for each stroke its curves, which meet in corners; (x, y) in the unit square.
CURVES = {
    0: [
        [[(54, 15), (40, 20), (32, 38), (33, 62), (44, 82), (58, 82), (67, 62), (66, 36), (54, 15)]]
    ],
    1: [[[(40, 30), (52, 16)], [(52, 16), (51, 50), (52, 84)]]],
    2: [
        [
            [(30, 32), (36, 20), (50, 15), (64, 22), (66, 36), (56, 54), (42, 70), (29, 82)],
            [(29, 82), (50, 81), (71, 82)],
        ]
    ],
    3: [
        [
            [(32, 21), (48, 15), (63, 23), (60, 39), (44, 47)],
            [(44, 47), (61, 53), (67, 67), (57, 81), (42, 84), (30, 77)],
        ]
    ],
    4: [
        [[(41, 15), (36, 35), (29, 56)], [(29, 56), (50, 56), (73, 55)]],
        [[(60, 22), (59, 52), (57, 85)]],
    ],
    5: [
        [
            [(38, 18), (36, 31), (35, 44)],
            [(35, 44), (50, 40), (64, 49), (66, 66), (55, 80), (40, 83), (29, 76)],
        ],
        [[(38, 18), (53, 18), (69, 16)]],
    ],
    6: [[SIX]],
    7: [[[(29, 20), (50, 20), (70, 19)], [(70, 19), (58, 45), (45, 84)]]],
    8: [[EIGHT]],
    9: [
        [
            [(64, 30), (52, 17), (38, 24), (37, 41), (49, 49), (61, 41), (64, 28)],
            [(64, 28), (63, 50), (59, 84)],
        ]
    ],
}


def smooth(curve, pieces=6):
    """Return points on the curve that goes through all of these (Catmull and Rom's spline)."""
    p = np.array(curve, float)
    p = np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
    points = []
    for a, b, c, d in zip(p, p[1:], p[2:], p[3:], strict=False):
        for t in np.arange(pieces) / pieces:
            cubic = 2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2
            points.append((cubic + (3 * b - a - 3 * c + d) * t**3) / 2)
    return [*points, p[-2]]


def strokes(digit):
    """Return the strokes of a digit, each a list of (x, y) in the unit square."""
    return [
        [tuple(point / 100) for curve in stroke for point in smooth(curve)]
        for stroke in CURVES[digit]
    ]


def moved(lines, scale, dx, dy):
    """Return strokes drawn smaller or larger, and elsewhere."""
    return [[(dx + scale * x, dy + scale * y) for x, y in line] for line in lines]
