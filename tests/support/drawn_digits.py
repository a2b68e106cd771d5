"""Digits as people draw them with a mouse: strokes, to test with. Nothing is ever trained on them.

A template is a list of strokes in the unit square, x to the right and y down. A stroke is written down as
pieces: each piece is a smooth curve through its points, and where one piece ends and the next begins there
is a corner.
"""

import numpy as np

SPACING = 0.04  # between the points of a stroke, in units of the digit's height


def ellipse(x, y, across, down, start, sweep):
    """Return 25 points round (x, y): angles in degrees, 0 to the right, 90 down."""
    angle = np.radians(start + np.linspace(0, sweep, 25))
    return np.stack([x + across * np.cos(angle), y + down * np.sin(angle)], axis=1).tolist()


HOOK_OF_2 = [(0.2, 0.26), (0.3, 0.06), (0.55, 0.0), (0.76, 0.12), (0.75, 0.34), (0.5, 0.66)]
BOWL_OF_5 = [
    (0.22, 0.45),
    (0.45, 0.38),
    (0.72, 0.48),
    (0.78, 0.7),
    (0.62, 0.93),
    (0.38, 1),
    (0.16, 0.9),
]
BOWL_OF_3 = [(0.45, 0.44), (0.7, 0.52), (0.78, 0.72), (0.62, 0.95), (0.38, 1.0), (0.18, 0.88)]
RING_OF_9 = [
    (0.76, 0.2),
    (0.6, 0.02),
    (0.36, 0.04),
    (0.22, 0.24),
    (0.32, 0.46),
    (0.55, 0.46),
    (0.76, 0.22),
]
BAR, TOP_OF_7 = [(0.5, 0.0), (0.5, 1.0)], [(0.18, 0.02), (0.8, 0.0)]

TEMPLATES = {
    (0, "plain"): [[ellipse(0.5, 0.5, 0.32, 0.5, -80, -365)]],
    (0, "open"): [[ellipse(0.5, 0.5, 0.34, 0.5, -60, -338)]],
    (0, "narrow"): [[ellipse(0.5, 0.5, 0.22, 0.5, -100, 352)]],
    (0, "slashed"): [[ellipse(0.5, 0.5, 0.32, 0.5, -80, -365)], [[(0.72, 0.12), (0.28, 0.88)]]],
    (0, "slashed beyond"): [
        [ellipse(0.5, 0.5, 0.3, 0.48, -80, -362)],
        [[(0.86, 0.0), (0.14, 1.0)]],
    ],
    (1, "bar"): [[BAR]],
    (1, "flag"): [[[(0.3, 0.24), (0.5, 0.0)], BAR]],
    (1, "long flag"): [[[(0.18, 0.4), (0.52, 0.0)], [(0.52, 0.0), (0.52, 1.0)]]],
    (1, "flag and foot"): [[[(0.3, 0.24), (0.5, 0.0)], BAR], [[(0.28, 1.0), (0.74, 1.0)]]],
    (2, "plain"): [[[*HOOK_OF_2, (0.2, 1.0)], [(0.2, 1.0), (0.82, 0.98)]]],
    (2, "round"): [
        [
            [(0.18, 0.3), (0.4, 0.02), (0.72, 0.12), (0.72, 0.4), (0.2, 0.98)],
            [(0.2, 0.98), (0.5, 0.96), (0.8, 1.0)],
        ]
    ],
    (2, "loop"): [
        [
            [
                *HOOK_OF_2,
                (0.28, 0.9),
                (0.14, 0.9),
                (0.24, 0.76),
                (0.45, 0.88),
                (0.66, 0.98),
                (0.84, 0.9),
            ]
        ]
    ],
    (3, "round"): [[[(0.2, 0.14), (0.42, 0.0), (0.68, 0.08), (0.7, 0.3), (0.45, 0.44)], BOWL_OF_3]],
    (3, "looped"): [
        [
            [
                (0.2, 0.14),
                (0.5, 0.0),
                (0.72, 0.2),
                (0.56, 0.42),
                (0.42, 0.5),
                (0.44, 0.42),
                (0.64, 0.48),
                (0.77, 0.7),
                (0.6, 0.95),
                (0.36, 1.0),
                (0.16, 0.88),
            ]
        ]
    ],
    (3, "flat"): [
        [
            [(0.2, 0.0), (0.74, 0.0)],
            [(0.74, 0.0), (0.45, 0.4)],
            [(0.45, 0.4), (0.68, 0.46), (0.78, 0.7), (0.62, 0.95), (0.38, 1.0), (0.18, 0.88)],
        ]
    ],
    (4, "open"): [
        [[(0.24, 0.0), (0.14, 0.56)], [(0.14, 0.56), (0.86, 0.56)]],
        [[(0.68, 0.04), (0.64, 1.0)]],
    ],
    (4, "closed"): [
        [[(0.62, 0.0), (0.12, 0.66)], [(0.12, 0.66), (0.9, 0.66)]],
        [[(0.62, 0.0), (0.62, 1.0)]],
    ],
    (4, "one stroke"): [
        [[(0.66, 1.0), (0.66, 0.0)], [(0.66, 0.0), (0.12, 0.64)], [(0.12, 0.64), (0.88, 0.66)]]
    ],
    (5, "one stroke"): [[[(0.76, 0.0), (0.28, 0.0)], [(0.28, 0.0), (0.22, 0.45)], BOWL_OF_5]],
    (5, "two strokes"): [[[(0.28, 0.02), (0.22, 0.45)], BOWL_OF_5], [[(0.34, 0.0), (0.78, 0.0)]]],
    (5, "rounded"): [
        [
            [
                (0.76, 0.02),
                (0.3, 0.04),
                (0.26, 0.4),
                (0.5, 0.42),
                (0.74, 0.56),
                (0.72, 0.84),
                (0.44, 1.0),
                (0.2, 0.94),
            ]
        ]
    ],
    (6, "curved"): [
        [
            [
                (0.66, 0.0),
                (0.38, 0.2),
                (0.22, 0.6),
                (0.32, 0.94),
                (0.58, 0.98),
                (0.74, 0.76),
                (0.6, 0.54),
                (0.36, 0.58),
                (0.24, 0.76),
            ]
        ]
    ],
    (6, "straight"): [
        [
            [(0.6, 0.0), (0.24, 0.62)],
            [
                (0.24, 0.62),
                (0.26, 0.88),
                (0.48, 1.0),
                (0.72, 0.88),
                (0.72, 0.66),
                (0.52, 0.52),
                (0.28, 0.64),
            ],
        ]
    ],
    (6, "small ring"): [
        [
            [
                (0.52, 0.0),
                (0.28, 0.3),
                (0.22, 0.72),
                (0.36, 0.98),
                (0.58, 0.94),
                (0.62, 0.74),
                (0.46, 0.66),
                (0.26, 0.78),
            ]
        ]
    ],
    (7, "plain"): [[TOP_OF_7, [(0.8, 0.0), (0.38, 1.0)]]],
    (7, "crossed"): [[TOP_OF_7, [(0.8, 0.0), (0.38, 1.0)]], [[(0.3, 0.5), (0.82, 0.48)]]],
    (7, "serif"): [[[(0.16, 0.18), (0.18, 0.02)], TOP_OF_7, [(0.8, 0.0), (0.4, 1.0)]]],
    (7, "serif, crossed"): [
        [[(0.16, 0.18), (0.18, 0.02)], TOP_OF_7, [(0.8, 0.0), (0.4, 1.0)]],
        [[(0.32, 0.52), (0.8, 0.48)]],
    ],
    (7, "bent"): [[TOP_OF_7, [(0.8, 0.0), (0.58, 0.36), (0.46, 0.7), (0.42, 1.0)]]],
    (8, "one stroke"): [
        [
            [
                (0.7, 0.14),
                (0.48, 0.0),
                (0.28, 0.18),
                (0.46, 0.44),
                (0.72, 0.66),
                (0.68, 0.92),
                (0.46, 1.0),
                (0.24, 0.86),
                (0.32, 0.62),
                (0.6, 0.4),
                (0.72, 0.18),
                (0.6, 0.04),
            ]
        ]
    ],
    (8, "two circles"): [
        [ellipse(0.5, 0.25, 0.23, 0.25, -90, -362)],
        [ellipse(0.5, 0.74, 0.28, 0.26, -90, -362)],
    ],
    (9, "straight"): [[RING_OF_9, [(0.76, 0.2), (0.72, 1.0)]]],
    (9, "slanted"): [[RING_OF_9, [(0.76, 0.2), (0.5, 1.0)]]],
    (9, "curled"): [
        [RING_OF_9, [(0.76, 0.2), (0.76, 0.74), (0.6, 0.98), (0.36, 0.98), (0.24, 0.86)]]
    ],
    (9, "two strokes"): [[ellipse(0.48, 0.26, 0.25, 0.26, 0, -360)], [[(0.74, 0.1), (0.74, 1.0)]]],
}


def templates():
    """Return (digit, style, strokes) of every style; strokes are float (n, 2) arrays, n from 10 to 80."""
    return [(*name, [sampled(pieces) for pieces in strokes]) for name, strokes in TEMPLATES.items()]


def smooth(points):
    """Return 20 points a span of the Catmull-Rom curve through the points, (20 (n - 1) + 1, 2)."""
    p = np.asarray(points, float)
    p = np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
    t = np.linspace(0, 1, 20, endpoint=False)[:, None]
    before, start, end, after = p[:-3, None], p[1:-2, None], p[2:-1, None], p[3:, None]
    straight = (end - before) * t
    quadratic = (2 * before - 5 * start + 4 * end - after) * t**2
    twist = (3 * start - before - 3 * end + after) * t**3
    return np.concatenate([(start + (straight + quadratic + twist) / 2).reshape(-1, 2), p[-2:-1]])


def sampled(pieces):
    """Join pieces to one stroke, its points about as far apart as a mouse would report them."""
    fine = np.concatenate([smooth(piece) for piece in pieces])
    way = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(fine, axis=0).T))])
    count = int(np.clip(way[-1] / SPACING, 10, 80))
    distances = np.linspace(0, way[-1], count)
    return np.stack([np.interp(distances, way, fine[:, axis]) for axis in (0, 1)], axis=1)


def drawn(rng, digit=None, style=None):
    """Draw a template as a hurried hand would: return (digit, style, strokes).

    The strokes are in screen pixels, whole numbers, somewhere on a canvas of 560 x 560.
    """
    fitting = [t for t in TEMPLATES if digit in (None, t[0]) and style in (None, t[1])]
    digit, style = fitting[rng.integers(len(fitting))]
    strokes = [sampled(pieces) for pieces in TEMPLATES[digit, style]]
    waves = rng.normal(0, 0.035, (2, 2)), rng.uniform(2, 7, (2, 2)), rng.uniform(0, 6.3, (2, 2))
    strokes = [bent(placed(slipped(stroke, rng), rng), *waves) for stroke in strokes]
    return digit, style, on_canvas(strokes, rng)


def slipped(stroke, rng):
    """Let a stroke end too late or too early, by up to 8 % of the height, at either end."""
    for _ in range(2):
        stroke = stroke[::-1]
        direction = stroke[-1] - stroke[-3]
        ahead = rng.uniform(-0.08, 0.08)
        if ahead > 0:
            step = direction / np.hypot(*direction) * ahead
            stroke = np.concatenate([stroke, stroke[-1:] + step])
        elif len(stroke) > 12:
            stroke = stroke[: len(stroke) - round(-ahead / SPACING)]
    return stroke


def placed(stroke, rng):
    """Draw a stroke a little off its place and size, which leaves gaps and overlaps."""
    middle = (stroke.min(axis=0) + stroke.max(axis=0)) / 2
    return middle + (stroke - middle) * rng.normal(1, 0.08, 2) + rng.normal(0, 0.03, 2)


def bent(stroke, size, frequency, phase):
    """Bend all strokes alike by slow waves across the square; (2, 2): of x and y, along x and y."""
    return stroke + (size * np.sin(frequency * stroke[:, None] + phase)).sum(axis=2)


def on_canvas(strokes, rng):
    """Slant, turn, stretch, scale and place all strokes alike, tremble, and round to pixels."""
    turn, slant = np.radians(rng.uniform(-12, 12)), rng.uniform(-0.15, 0.3)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    shear = np.array([[1, -slant], [0, 1]])  # y is down: the top goes to the right
    aspect = np.exp(rng.uniform(-0.22, 0.22))
    height = rng.uniform(120, 420)
    map_ = rotation @ shear @ np.diag([aspect, 1]) * height
    place = rng.uniform(height / 2, 560 - height / 2, 2)
    return [
        np.rint((stroke - 0.5) @ map_.T + place + height * tremble(stroke.shape, rng))
        for stroke in strokes
    ]


def tremble(shape, rng):
    """Return what a hand shakes, (n, 2), in units of the height: neighbours move alike."""
    noise = rng.normal(0, 0.02, (shape[0] + 4, 2))
    return sum(noise[i : i + shape[0]] for i in range(5)) / 5
