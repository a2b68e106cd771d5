"""One picture for a layer: all of its maps that are seen, in the colours of its scale. No Tk."""

import functools

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
    return table.take(np.rint(np.clip(shares, -1, 1) * STEPS).astype(np.intp) + STEPS, axis=0)


def picture(values: np.ndarray, most: float, column: Column, palette: Palette) -> np.ndarray:
    """Return the picture of a layer, uint8 (h, w, 3).

    Args:
        values: its output, or the gradient of that, without the axis of the samples.
        most: the largest number of its scale.
        column: where its tiles lie.
        palette: colours.
    """
    seen = values[..., column.seen.start : column.seen.stop]
    if column.kind == BARS:
        units = bars(seen, values.min() < 0, (column.tile[0], most), palette)
    else:
        table = np.frombuffer(palette.table, np.uint8).reshape(-1, 3)
        units = coloured(seen if column.kind == MAPS else seen[None, None], most, table)
    return tiled(units, column, palette)


def tiled(units: np.ndarray, column: Column, palette: Palette) -> np.ndarray:
    """Return tiles beside and below each other, every unit enlarged, uint8 (h, w, 3).

    Args:
        units: colours of the maps that are seen, (rows, columns, maps, 3).
        column: where its tiles lie.
        palette: for what is between them.
    """
    high, wide, maps, _ = units.shape
    rows, across = -(-maps // column.across), column.across
    grid = np.empty((high, wide, rows * across, 3), np.uint8)
    grid[:, :, :maps], grid[:, :, maps:] = units, palette.between
    grid = grid.reshape(high, wide, rows, across, 3).transpose(2, 0, 3, 1, 4)
    # One row and one column more, of what is between the tiles.
    whole = np.full((rows * high + 1, across * wide + 1, 3), palette.between, np.uint8)
    whole[:-1, :-1] = grid.reshape(rows * high, across * wide, 3)
    width, height = column.size
    down = sources(height, (column.tile[1], column.gap), (high, rows))
    right = sources(width, (column.tile[0], column.gap), (wide, across))
    return whole.take(right, axis=1).take(down, axis=0)


def sources(length: int, tile: tuple[int, int], units: tuple[int, int]) -> np.ndarray:
    """Return for each pixel along one side which unit it shows; the one behind all units for a gap.

    Args:
        length: of the side.
        tile: pixels of a tile, and of the gap behind it.
        units: of a tile, and how many tiles there are.

    Example:
        >>> sources(9, (4, 1), (2, 2)).tolist()
        [0, 0, 1, 1, 4, 2, 2, 3, 3]
    """
    place, inside = np.divmod(np.arange(length), sum(tile))
    unit = place * units[0] + inside * units[0] // tile[0]
    return np.where(inside < tile[0], unit, units[0] * units[1])


def bars(values: np.ndarray, signed: bool, ends: tuple[int, float], palette: Palette) -> np.ndarray:
    """Return numbers as bars a pixel high: from the left, or from the middle if some are below 0.

    Args:
        values: those that are seen, (units,).
        signed: whether some are below 0.
        ends: width in pixels, and the largest number.
        palette: colours.

    Returns:
        Their colours, uint8 (1, width, units, 3).
    """
    width, most = ends
    shares = np.clip(np.nan_to_num(values / (most or 1.0)), -1, 1)
    start, length = (width // 2, width / 2) if signed else (0, width)
    end = np.rint(start + shares * length)
    place = np.arange(width)[:, None]
    inside = (place >= np.minimum(start, end)) & (place < np.maximum(start, end))
    ends = np.where((shares > 0)[:, None], palette.positive, palette.negative)
    return np.where(inside[None, :, :, None], ends, palette.zero).astype(np.uint8)


@functools.lru_cache(64)
def legend_data(signed: bool, size: tuple[int, int], palette: Palette) -> bytes:
    """Return a legend's strip as a PPM file: there are few, and they come with every frame."""
    return ppm(legend_strip(signed, size, palette))


def legend_strip(signed: bool, size: tuple[int, int], palette: Palette) -> np.ndarray:
    """Return the colours of a scale from its low to its high end, uint8 (h, w, 3)."""
    width, height = size
    table = np.frombuffer(palette.table, np.uint8).reshape(-1, 3)
    first = 0 if signed else STEPS
    steps = first + np.arange(width) * (2 * STEPS - first) // max(1, width - 1)
    return np.broadcast_to(table[steps], (height, width, 3))
