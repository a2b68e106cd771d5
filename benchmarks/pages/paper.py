"""What a page is made of besides its digits: paper, lines, light, table and fingers.

Planes are float32 (h, w, 3), 0 dark to 1 light; `rng` are random numbers.
"""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

BLUE_LINES = (0.35, 0.22, 0.1)  # share of red, green and blue that a printed line takes away
SKIN = (0.82, 0.6, 0.5)
TABLES = ((0.35, 0.22, 0.12), (0.12, 0.12, 0.14), (0.6, 0.42, 0.25), (0.5, 0.52, 0.55))


def plain(shape, lightness):
    """Return paper of one tone, a little yellow."""
    return np.ones((*shape, 3), np.float32) * lightness * np.array([1, 0.99, 0.96], np.float32)


def grain(shape, rng, size, deviation):
    """Return grains of `size` pixels around 1, float32 (h, w, 1), to multiply with."""
    small = rng.normal(0, 1, [max(side // size, 2) for side in shape]).astype(np.float32)
    field = Image.fromarray(small).resize(shape[::-1], Image.Resampling.BICUBIC)
    field = np.asarray(field)
    return (1 + deviation * field / field.std())[..., None]


def slope(shape, rng, strength):
    """Return light that is weaker on one side, float32 (h, w, 1)."""
    y, x = (np.linspace(-0.5, 0.5, side, dtype=np.float32) for side in shape)
    turn = rng.uniform(0, 2 * np.pi)
    away = np.cos(turn) * x[None] + np.sin(turn) * y[:, None]
    return (1 - strength * (0.5 + away))[..., None]


def shadow(shape, rng):
    """Return light with a shadow's edge across the page, soft or hard, float32 (h, w, 1)."""
    y, x = (np.linspace(-0.5, 0.5, side, dtype=np.float32) for side in shape)
    turn, softness = rng.uniform(0, 2 * np.pi), rng.uniform(0.004, 0.08)
    away = np.cos(turn) * x[None] + np.sin(turn) * y[:, None] - rng.uniform(-0.25, 0.25)
    dark = 1 / (1 + np.exp(-np.clip(away / softness, -30, 30)))
    return (1 - rng.uniform(0.25, 0.5) * dark)[..., None]


def printed_lines(shape, spacing, angle, rng, *, squared):
    """Return light on ruled or squared paper, float32 (h, w, 3).

    Args:
        shape: rows and columns of the page.
        spacing: from line to line, in pixels.
        angle: by which the page is turned, in radians.
        squared: True to rule it both ways.
    """
    reach, times = 2 * max(shape), 3
    image = Image.new("L", (shape[1] * times, shape[0] * times))
    pen = ImageDraw.Draw(image)
    width = max(round(times * spacing * rng.uniform(0.025, 0.06)), 2)
    middle, start = np.array(shape[::-1]) / 2, rng.uniform(0, spacing)
    for turn in (angle, angle + np.pi / 2)[: 1 + squared]:
        along, across = (
            np.array([np.cos(turn), np.sin(turn)]),
            np.array([-np.sin(turn), np.cos(turn)]),
        )
        for place in np.arange(start - reach, reach, spacing):
            ends = middle + across * place + along * np.array([[-reach], [reach]])
            pen.line([tuple(end) for end in ends * times], fill=255, width=width)
    lines = np.asarray(image.reduce(times), np.float32)[..., None] / 255
    grey = np.full(3, rng.uniform(0.12, 0.3))
    taken = np.array(BLUE_LINES if rng.random() < 0.6 else grey) * rng.uniform(0.6, 1.2)
    return (1 - lines * taken).astype(np.float32)


def lay_table(page, rng):
    """Let the table be seen beyond one edge of the paper, which is not quite straight up."""
    height, width = page.shape[:2]
    deep, tilt = rng.uniform(0.03, 0.09), rng.uniform(-0.03, 0.03)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    away = (x / width, 1 - x / width, y / height, 1 - y / height)
    side = rng.integers(4)
    other = (y / height if side < 2 else x / width) - 0.5
    table = (away[side] < deep + tilt * other)[..., None]
    colour = np.array(TABLES[rng.integers(len(TABLES))]) * grain((height, width), rng, 9, 0.06)
    return np.where(table, colour, page).astype(np.float32)


def lay_strip(page, rng, tone):
    """Give one edge, 0.5 to 1.5 % of the page, another tone."""
    page = page.copy()
    turned = np.rot90(page, rng.integers(4))  # a view
    turned[: max(round(len(turned) * rng.uniform(0.005, 0.015)), 2)] = tone
    return page


def lay_finger(page, rng):
    """Put a finger on the page: it comes in from an edge, and has a shadow."""
    height, width = page.shape[:2]
    long, thick = rng.uniform(0.06, 0.1) * height, rng.uniform(0.05, 0.08) * height
    image = Image.new("L", (width, height))
    pen = ImageDraw.Draw(image)
    if rng.random() < 0.5:
        left = rng.uniform(0.2, 0.8) * width
        pen.ellipse([left, height - long, left + 2 * thick, height + 4 * long], fill=255)
    else:
        top = rng.uniform(0.2, 0.8) * height
        pen.ellipse([-4 * long, top, long, top + 2 * thick], fill=255)
    finger = np.asarray(image.filter(ImageFilter.GaussianBlur(2)), np.float32)[..., None] / 255
    dim = np.asarray(image.filter(ImageFilter.GaussianBlur(9)), np.float32)[..., None] / 255
    skin = (
        np.array(SKIN, np.float32) * rng.uniform(0.6, 1.0) * grain((height, width), rng, 30, 0.05)
    )
    return (page * (1 - 0.3 * dim)) * (1 - finger) + skin * finger


def blurred(page, radius):
    """Return the page out of focus, `radius` pixels."""
    image = Image.fromarray(np.rint(np.clip(page, 0, 1) * 255).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(radius)), np.float32) / 255
