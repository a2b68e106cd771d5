"""A page of drawings: of every style of `tinycnn.preprocessing.drawn` some, as the net sees them."""

import numpy as np
from PIL import Image, ImageDraw

from tinycnn.preprocessing.drawn import digit_styles, drawn_digits, drawn_others, other_styles

EACH, TILE, LABEL, COLUMNS, ROW = 3, 30, 128, 5, 30  # drawings of a style; pixels; styles in a row
LEVELS = 16  # of grey: so the file stays small


def sample_page(seed):
    """Return the page as a Pillow image: black on white, the digits first."""
    rng = np.random.default_rng(seed)
    blocks = [
        (style, drawn_digits(rng, EACH, without={*digit_styles()} - {style})[0])
        for style in digit_styles()
    ]
    blocks += [
        (style, drawn_others(rng, EACH, without={*other_styles()} - {style})[0])
        for style in other_styles()
    ]
    width = LABEL + EACH * TILE
    rows = -(-len(blocks) // COLUMNS)
    page = Image.new("L", (COLUMNS * width, rows * ROW), 255)
    for place, (style, images) in enumerate(blocks):
        _put(page, (place // rows * width, place % rows * ROW), style, images)
    step = 255 // (LEVELS - 1)
    return page.point(lambda value: round(value / step) * step)


def _put(page, corner, style, images):
    """Draw the name of a style and its images, uint8 (n, 28, 28), at a corner (x, y) of the page."""
    x, y = corner
    ImageDraw.Draw(page).text((x + 8, y + 9), style, fill=0)
    for place, image in enumerate(images):
        page.paste(Image.fromarray(255 - image), (x + LABEL + place * TILE, y + 1))
