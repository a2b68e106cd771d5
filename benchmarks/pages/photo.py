"""A generator of photos of one digit each, on every kind of paper: of MNIST's test digits, or of strokes."""

import numpy as np
from PIL import Image

from benchmarks.pages.page import (
    KINDS,
    MOST_TURNED,
    USUAL,
    Page,
    draw_strokes,
    orientation_of,
    photographed,
    scaled_to_height,
)

SHAPES = ((360, 480), (480, 360))  # rows and columns of a photo
HEIGHT = 0.3, 0.55  # of the shorter side: a digit's height
PEN = 0.05, 0.11  # of that height
PHOTOS = {kind: how for kind, how in KINDS.items() if not how.keys() & {"column", "touching"}}
PHOTOS["12 megapixels"] = {"times": 8}


def draw_photo(kind, rng, digit, drawing):
    """Return a photo of a digit, as a `Page` of one row.

    Args:
        kind: one of PHOTOS.
        rng: random numbers.
        digit: 0 to 9.
        drawing: its strokes, each (n, 2), or an image of MNIST, uint8 (28, 28).
    """
    how = USUAL | PHOTOS[kind]
    shape = SHAPES[rng.integers(len(SHAPES))]
    angle = np.radians(
        rng.uniform(-MOST_TURNED, MOST_TURNED) if how.get("turned") else rng.normal(0, 0.7)
    )
    height = min(shape) * rng.uniform(*HEIGHT)
    pen = height * rng.uniform(*PEN)
    small = of_strokes if isinstance(drawing, list) else of_image
    ink = placed(small(drawing, height, angle, pen), shape, rng)
    picture = photographed(ink, (height, pen, angle), rng, how)
    y, x = np.nonzero(ink > 0.5)
    times = how["times"]
    box = tuple(times * int(side) for side in (y.min(), x.min(), y.max() + 1, x.max() + 1))
    return Page(kind, picture, [[(digit, box)]], orientation_of(how, rng))


def of_strokes(strokes, height, angle, pen):
    """Return strokes, turned clockwise by an angle in radians, as ink: float32 (side, side), 0 to 1."""
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    side = int(2 * height + pen)
    lines = [s @ turn + side / 2 for s in scaled_to_height(strokes, height)]
    return cropped(draw_strokes((side, side), lines, pen))


def of_image(image, height, angle, pen):
    """Return an image of MNIST, its 20 rows so high, as ink: float32 (side, side), 0 to 1."""
    side = round(height * 28 / 20)
    large = Image.fromarray(np.pad(image, 8)).resize(
        (side * 44 // 28,) * 2, Image.Resampling.BICUBIC
    )
    turned = large.rotate(-np.degrees(angle), Image.Resampling.BICUBIC)
    return cropped(np.clip(np.asarray(turned, np.float32) / 255 * 3 - 1, 0, 1))


def cropped(ink):
    """Return the part of some ink (h, w) that is not 0."""
    y, x = np.nonzero(ink)
    return ink[y.min() : y.max() + 1, x.min() : x.max() + 1]


def placed(ink, shape, rng):
    """Return ink somewhere on a page of this shape, an eighth of it away from the edges."""
    page = np.zeros(shape, np.float32)
    space = np.array(shape) - ink.shape
    top, left = (
        rng.uniform(0.12 * side, max(0.88 * side - used, 0.12 * side))
        for side, used in zip(shape, ink.shape, strict=True)
    )
    top, left = (int(min(place, most)) for place, most in zip((top, left), space, strict=True))
    page[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return page
