"""Numbers as colours: 0 is white, above it blue and below it orange, which nearly all eyes tell apart."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

ABOVE, BELOW = (11, 75, 189), (194, 80, 10)  # red, green, blue
_TEXT, _LEGEND = 18, 14  # heights of a line of text, and of the bar of colours, in pixels


def colours(values: np.ndarray, most: float | None = None) -> np.ndarray:
    """Return a colour for each number, the stronger the farther from 0.

    Args:
        values: (...), of any real type; NaN counts as 0.
        most: from where on a colour is full; None: the number farthest from 0.

    Returns:
        uint8 (..., 3): red, green, blue.

    Example:
        >>> colours(np.array([0.0, 2.0, -2.0])).tolist()
        [[255, 255, 255], [11, 75, 189], [194, 80, 10]]
    """
    values = np.nan_to_num(np.asarray(values, np.float64))
    most = largest(values) if most is None else most
    shares = np.clip(values / (most or 1.0), -1, 1)[..., None]
    ends = np.where(shares > 0, np.float64(ABOVE), np.float64(BELOW))
    return np.rint(255 + np.abs(shares) * (ends - 255)).astype(np.uint8)


def largest(values: np.ndarray) -> float:
    """Return how far from 0 the farthest number is; 0 if there are none.

    Example:
        >>> largest(np.array([1.0, -3.0, np.nan]))
        3.0
    """
    return float(np.abs(np.nan_to_num(values)).max(initial=0.0))


def heat_map(
    values: np.ndarray, above: str = "", below: str = "", zoom: int = 12, most: float | None = None
) -> Image.Image:
    """Return a picture of numbers with a legend under it; `save_picture` writes it.

    Args:
        values: (h, w), such as `model.input_times_gradient(x, 3)[0, :, :, 0]`.
        above, below: what numbers above and below 0 mean, a few words each.
        zoom: pixels a number, from 1.
        most: see `colours`.

    Returns:
        RGB, at least as wide as its legend.

    Raises:
        ValueError: for another shape, or zoom below 1.

    Example:
        >>> heat_map(np.eye(28), "for a 3", "against it").size
        (336, 404)
    """
    values = np.asarray(values)
    if values.ndim != 2 or values.size == 0 or zoom < 1:
        raise ValueError(f"numbers are (h, w), and zoom from 1. Received: {values.shape}, {zoom}")
    most = largest(values) if most is None else most
    pixels = colours(values, most).repeat(zoom, axis=0).repeat(zoom, axis=1)
    font = ImageFont.load_default(12)
    words = f"{-most:.3g}  {below}".rstrip(), f"{above}  {most:.3g}".lstrip()
    width = max(pixels.shape[1], int(sum(map(font.getlength, words))) + 2 * _TEXT)
    foot = 2 * _TEXT + _LEGEND + _TEXT
    picture = Image.new("RGB", (width, len(pixels) + foot), "white")
    picture.paste(Image.fromarray(pixels), (0, 0))
    scale = colours(np.linspace(-1, 1, width), 1.0)  # (w, 3)
    top = len(pixels) + _TEXT // 2
    picture.paste(Image.fromarray(np.repeat(scale[None], _LEGEND, axis=0)), (0, top))
    draw, line = ImageDraw.Draw(picture), top + _LEGEND + _TEXT // 3
    draw.text((0, line), words[0], fill="black", font=font)
    draw.text((width, line), words[1], fill="black", font=font, anchor="ra")
    return picture
