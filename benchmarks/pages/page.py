"""A generator of pages: numbers of 1 to 8 digits in 1 to 6 rows, on every kind of paper, with the truth."""

import io
import pathlib
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.pages import paper

SHAPES = ((750, 1000), (1000, 750), (700, 900), (600, 1000))  # rows and columns of a page
TIMES = 3  # strokes are drawn that many times enlarged
MOST_TURNED = 20  # degrees
COLOURS = ((0.2, 0.85, 0.85), (0.85, 0.6, 0.15), (0.8, 0.35, 0.75), (0.7, 0.8, 0.2))
ORIENTATION = 0x0112  # the EXIF tag

# Kind of page: what `draw_page` does for it. Each also takes what is usual in USUAL.
USUAL = {"lightness": (0.85, 1.0), "absorbed": (0.6, 0.9), "noise": (0.004, 0.015), "times": 1}
KINDS = {
    "pen on white": {},
    "a column": {"column": True},
    "pencil": {"absorbed": (0.28, 0.5), "pencil": True},
    "pencil on grey": {"absorbed": (0.3, 0.5), "pencil": True, "lightness": (0.55, 0.75)},
    "ruled": {"lines": "ruled"},
    "squared": {"lines": "squared"},
    "pencil on ruled": {"absorbed": (0.35, 0.55), "pencil": True, "lines": "ruled"},
    "grey": {"lightness": (0.45, 0.7)},
    "textured": {"texture": True, "lightness": (0.6, 0.9)},
    "shadow": {"shadow": True},
    "table edge": {"edge": "table"},
    "dark strip": {"edge": 0.05},
    "light strip": {"edge": 1.0, "lightness": (0.5, 0.75)},
    "finger": {"edge": "finger"},
    "coloured ink": {"coloured": True},
    "blur": {"blur": True},
    "strong noise": {"noise": (0.08, 0.15)},
    "12 megapixels": {"times": 4},
    "EXIF": {"orientation": True},
    "turned": {"turned": True},
    "turned on ruled": {"turned": True, "lines": "ruled"},
    "light on dark": {"dark": True},
    "touching": {"touching": True},
}


class Page(NamedTuple):
    """A page and what is on it.

    kind: one of KINDS.
    picture: uint8 (h, w, 3), upright.
    rows: of each row, from left to right, (digit, (top, left, bottom, right)), in pixels of the picture.
    orientation: as EXIF counts it: how the camera will have held it when it is written to a file.
    """

    kind: str
    picture: np.ndarray
    rows: list
    orientation: int = 1


def draw_page(kind, rng, hand):
    """Return a page of a kind.

    Args:
        kind: one of KINDS.
        rng: random numbers; the same state gives the same page.
        hand: draws strokes for (rng, digit): see `benchmarks.pages.hand`.
    """
    how = USUAL | KINDS[kind]
    shape = SHAPES[rng.integers(len(SHAPES))]
    angle = np.radians(
        rng.uniform(-MOST_TURNED, MOST_TURNED) if how.get("turned") else rng.normal(0, 0.7)
    )
    written, height = written_rows(shape, angle, rng, hand, how)
    pen = height * rng.uniform(0.05, 0.11)
    strokes = [stroke for row in written for _, strokes in row for stroke in strokes]
    picture = photographed(draw_strokes(shape, strokes, pen), (height, pen, angle), rng, how)
    rows = [
        [(digit, box_of(strokes, pen, how["times"])) for digit, strokes in row] for row in written
    ]
    return Page(kind, picture, rows, orientation_of(how, rng))


def orientation_of(how, rng):
    """Return how the camera was held, as EXIF counts it."""
    return int(rng.choice([3, 6, 8])) if how.get("orientation") else 1


def photographed(ink, measures, rng, how):
    """Return a photo of ink on paper, uint8 (h, w, 3).

    Args:
        ink: float32 (h, w), 0 to 1.
        measures: height of digits and width of the pen in pixels, and the turn of the page in radians.
        rng: random numbers.
        how: of USUAL and KINDS.
    """
    shape, (height, pen, angle) = ink.shape, measures
    page = paper.plain(shape, rng.uniform(*how["lightness"]))
    page *= paper.slope(shape, rng, rng.uniform(0, 0.25))
    if how.get("texture"):
        page *= paper.grain(shape, rng, 3, 0.03) * paper.grain(shape, rng, 40, 0.03)
    if "lines" in how:
        spacing = height * (
            rng.uniform(1.0, 1.5) if how["lines"] == "ruled" else rng.uniform(0.4, 0.9)
        )
        squared = how["lines"] == "squared"
        page *= paper.printed_lines(shape, spacing, angle, rng, squared=squared)
    if how.get("shadow"):
        page *= paper.shadow(shape, rng)
    page = lay_ink(page, ink, rng, how)
    page = lay_edge(page, rng, how.get("edge"))
    if how.get("blur"):
        page = paper.blurred(page, pen * rng.uniform(0.25, 0.5))
    return developed(
        page, rng, rng.uniform(*how["noise"]), how["times"], dark=how.get("dark", False)
    )


def written_rows(shape, angle, rng, hand, how):
    """Return rows of (digit, strokes in pixels of the page), and the height of the digits in pixels."""
    column = how.get("column", False)
    count = int(rng.integers(2, 7)) if column else int(rng.integers(1, 7))
    lengths = [1 if column else int(rng.integers(1, 9)) for _ in range(count)]
    lengths[0] = lengths[0] if column or count > 1 else max(lengths[0], 2)
    pitch, leading = rng.uniform(0.85, 1.15), rng.uniform(1.4, 1.8)  # of the digits' height
    if how.get("touching"):
        pitch = 0.85
    box = 0.82 * np.array(shape[::-1])  # width and height that may be written on
    needed = np.array([max(lengths) * pitch, count * leading])
    turned = np.abs([[np.cos(angle), np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ needed
    height = float(min((box / turned).min(), 0.3 * min(shape))) * rng.uniform(0.75, 1.0)
    rows = [
        row_of(length, number, needed, (pitch, leading), rng, hand, touching=how.get("touching"))
        for number, length in enumerate(lengths)
    ]
    rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    middle = np.array(shape[::-1]) / 2
    return [
        [(digit, [s @ rotation * height + middle for s in strokes]) for digit, strokes in row]
        for row in rows
    ], height


def row_of(length, number, needed, pitches, rng, hand, *, touching):
    """Return (digit, strokes) of one row; the digits are about 1 high, the page's middle is (0, 0)."""
    row, (pitch, leading) = [], pitches
    start = -needed / 2 + np.array(
        [rng.uniform(0, needed[0] - length * pitch), (number + 0.5) * leading]
    )
    right = None
    for place in range(length):
        digit = int(rng.integers(10))
        strokes = scaled_to_height(hand(rng, digit), rng.uniform(0.85, 1.1))
        x = start[0] + (place + 0.5) * pitch
        least = min(s[:, 0].min() for s in strokes)
        gap = 0.12 if not touching or rng.random() < 0.6 else rng.uniform(-0.03, 0.04)
        if right is not None and (touching or x + least < right + gap):
            x = right + gap - least
        strokes = [s + np.array([x, start[1] + rng.normal(0, 0.04)]) for s in strokes]
        right = max(s[:, 0].max() for s in strokes)
        row.append((digit, strokes))
    return row


def scaled_to_height(strokes, height):
    """Return strokes scaled to a height, their box's middle in (0, 0)."""
    points = np.concatenate(strokes).astype(float)
    low, high = points.min(axis=0), points.max(axis=0)
    side = max(high[1] - low[1], 0.6 * (high[0] - low[0]))
    return [(stroke - (low + high) / 2) * (height / side) for stroke in strokes]


def draw_strokes(shape, strokes, pen):
    """Return the strokes of a round pen, float32 (h, w), 0 to 1.

    Args:
        shape: rows and columns.
        strokes: each (n, 2), in pixels.
        pen: its width in pixels.
    """
    image = Image.new("L", (shape[1] * TIMES, shape[0] * TIMES))
    tool, width = ImageDraw.Draw(image), pen * TIMES
    for stroke in strokes:
        points = [tuple(point) for point in stroke * TIMES]
        tool.line(points, fill=255, width=max(round(width), 1))
        for x, y in points:
            tool.ellipse([x - width / 2, y - width / 2, x + width / 2, y + width / 2], fill=255)
    return np.asarray(image.reduce(TIMES), np.float32) / 255


def lay_ink(page, ink, rng, how):
    """Return the page with ink on it: it absorbs a share of the light."""
    absorbed = np.full(3, rng.uniform(*how["absorbed"]))
    if how.get("coloured"):
        absorbed = np.array(COLOURS[rng.integers(len(COLOURS))])
    if how.get("pencil"):  # it leaves out the hollows of the paper
        ink = ink * np.clip(paper.grain(ink.shape, rng, 2, 0.25)[..., 0], 0, 1.2)
    return page * (1 - ink[..., None] * absorbed).astype(np.float32)


def lay_edge(page, rng, edge):
    """Return the page with something at its edge: "table", "finger", the tone of a strip, or None."""
    if edge == "table":
        return paper.lay_table(page, rng)
    if edge == "finger":
        return paper.lay_finger(page, rng)
    return page if edge is None else paper.lay_strip(page, rng, edge)


def developed(page, rng, noise, times, *, dark):
    """Return a page as uint8 (h, w, 3), with noise, enlarged, or with light and dark exchanged."""
    page = 1 - page if dark else page
    page = page + rng.normal(0, noise, page.shape).astype(np.float32)
    picture = np.rint(np.clip(page, 0, 1) * 255).astype(np.uint8)
    if times == 1:
        return picture
    size = picture.shape[1] * times, picture.shape[0] * times
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC))


def box_of(strokes, pen, times):
    """Return (top, left, bottom, right) of strokes in pixels, the pen's width counted."""
    points = np.concatenate(strokes)
    left, top = points.min(axis=0) - pen / 2
    right, bottom = points.max(axis=0) + pen / 2
    return tuple(times * float(side) for side in (top, left, bottom, right))


def pages(count, seed, hand, kinds=tuple(KINDS)):
    """Yield `count` pages, the kinds in turn; the same seed gives the same pages."""
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        yield draw_page(kinds[number % len(kinds)], rng, hand)


def save(page, path):
    """Write a page as a camera would: JPEG, turned as its orientation says."""
    image = Image.fromarray(page.picture)
    # What undoes the turn that each orientation asks a viewer for.
    turn = {
        3: Image.Transpose.ROTATE_180,
        6: Image.Transpose.ROTATE_90,
        8: Image.Transpose.ROTATE_270,
    }
    if page.orientation != 1:
        image = image.transpose(turn[page.orientation])
    exif = Image.Exif()
    exif[ORIENTATION] = page.orientation
    file = io.BytesIO()
    image.save(file, "jpeg", quality=90, exif=exif)
    pathlib.Path(path).write_bytes(file.getvalue())
