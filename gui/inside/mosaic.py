"""One picture for a layer: all of its maps that are seen, in the colours of its scale. No Tk."""

import numpy as np

from gui.inside.colours import STEPS, Palette
from gui.inside.layout import BARS, MAPS, Column


def ppm(rgb: np.ndarray) -> bytes:
    """Return a picture (h, w, 3), uint8, as a PPM file, which Tk reads without help.

    Example:
        >>> ppm(np.zeros((1, 2, 3), np.uint8))
        b'P6 2 1 255\\n\\x00\\x00\\x00\\x00\\x00\\x00'
    """
    height, width, _ = rgb.shape
    return b"P6 %d %d 255\n" % (width, height) + rgb.tobytes()


def coloured(values: np.ndarray, most: float, table: np.ndarray) -> np.ndarray:
    """Return the colours of numbers, uint8 (..., 3).

    Args:
        values: (...).
        most: the number, above 0, that takes the last colour; 0 if all are 0.
        table: the colours of -most to most in equal steps, (steps, 3).
    """
    shares = np.nan_to_num(values / (most or 1.0), posinf=1.0, neginf=-1.0)
    return table[np.rint(np.clip(shares, -1, 1) * STEPS).astype(np.int16) + STEPS]


def picture(values: np.ndarray, most: float, column: Column, palette: Palette) -> np.ndarray:
    """Return the picture of a layer, uint8 (h, w, 3).

    Args:
        values: its output, or the gradient of that, without the axis of the samples.
        most: the largest number of its scale.
        column: where its tiles lie.
        palette: colours.
    """
    table = np.frombuffer(palette.table, np.uint8).reshape(-1, 3)
    width, height = column.size
    image = np.full((height, width, 3), palette.between, np.uint8)
    seen = values[..., column.seen.start : column.seen.stop]
    colours = None if column.kind == BARS else coloured(seen, most, table)
    for place in column.seen:
        row, across = divmod(place - column.seen.start, column.across)
        top = row * (column.tile[1] + column.gap)
        left = across * (column.tile[0] + column.gap)
        tile = image[top : top + column.tile[1], left : left + column.tile[0]]
        if colours is None:
            draw_bar(tile, values, (place, most), palette)
        elif column.kind == MAPS:
            one = colours[:, :, place - column.seen.start]
            tile[...] = one.repeat(column.zoom, axis=0).repeat(column.zoom, axis=1)
        else:
            tile[...] = colours[place - column.seen.start]
    return image


def draw_bar(
    tile: np.ndarray, values: np.ndarray, bar: tuple[int, float], palette: Palette
) -> None:
    """Draw one number as a bar: from the left, or from the middle where some numbers are below 0."""
    place, most = bar
    tile[...] = palette.zero
    share = float(np.clip(np.nan_to_num(values[place] / (most or 1.0)), -1, 1))
    width = tile.shape[1]
    start, length = (width // 2, width / 2) if values.min() < 0 else (0, width)
    end = round(start + share * length)
    tile[:, min(start, end) : max(start, end)] = palette.positive if share > 0 else palette.negative


def legend_strip(signed: bool, size: tuple[int, int], palette: Palette) -> np.ndarray:
    """Return the colours of a scale from its low to its high end, uint8 (h, w, 3)."""
    width, height = size
    table = np.frombuffer(palette.table, np.uint8).reshape(-1, 3)
    steps = np.linspace(0 if signed else STEPS, 2 * STEPS, width).round().astype(int)
    return np.broadcast_to(table[steps], (height, width, 3)).copy()
