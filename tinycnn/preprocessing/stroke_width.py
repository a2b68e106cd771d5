"""Measuring how thick the lines of a digit are, and drawing them thicker or thinner.

The width of a line is twice the distance from its medial axis to its edge. The width of a digit is
the median along its medial axis, in pixels of the 20-pixel box that it fills.
"""

import numpy as np
from PIL import Image

from tinycnn.preprocessing.placement import Placement, moved
from tinycnn.preprocessing.segmentation import crop_to_foreground, foreground_frame

_BOX = 20  # the longer side of a digit, in pixels of the box
_FINE = 8  # times as fine as the box lines are measured and drawn
_FARTHEST = 5 * _FINE  # pixels: distances are told up to here
_LEVEL = 0.6  # pixels that the depth changes a pixel: less on the medial axis, where two sides meet


def measure_width(foreground: np.ndarray) -> float:
    """Measure the width of the lines of a digit.

    Args:
        foreground: float (h, w), 0 for background, not 0 everywhere.

    Returns:
        Pixels of a box that the digit's longer side fills with 20, up to 10.

    Raises:
        ValueError: there is no foreground.

    Example:
        >>> measure_width(np.ones((100, 10)))  # 2, to the next sixteenth
        1.9375
    """
    depth = _distance(~_enlarge(foreground))
    return _width(depth, _medial_axis(depth))


def redraw(foreground: np.ndarray, width: float) -> np.ndarray:
    """Draw the lines of a digit thicker or thinner; none breaks or vanishes.

    Args:
        foreground: float (h, w), 0 for background, not 0 everywhere.
        width: what the lines shall measure, in pixels of the box that the new digit fills, 0 to 10.

    Returns:
        float32 (h', w'), foreground 1 on 0, of another size than the picture.

    Raises:
        ValueError: there is no foreground.

    Example:
        >>> measure_width(redraw(np.ones((100, 10)), 4.0))
        3.9375
    """
    fine = _enlarge(foreground)
    depth = _distance(~fine)
    axis = _medial_axis(depth)
    # The digit's longer side grows with its lines, and is scaled back to the box: hence the divisor.
    growth = (width - _width(depth, axis)) * _FINE / (2 - 2 * width / _BOX)
    if growth > 0:
        return (_distance(fine) < growth + 0.5).astype(np.float32)
    kept = depth > 0.5 - growth
    # That alone would wear away a line that is thinner than the others: half a width of it stays.
    skeleton = axis | (_thin(fine, ~kept) & ~kept)
    core = _distance(skeleton) < min(float(depth.max()), width * _FINE) / 4
    return (kept | (core & fine)).astype(np.float32)


def enlargement(foreground: np.ndarray) -> Placement:
    """Return where `redraw` puts the pixels of a digit, whose lines it then draws anew.

    Args:
        foreground: float (h, w), 0 for background, not 0 everywhere.

    Raises:
        ValueError: there is no foreground.

    Example:
        >>> enlargement(np.ones((80, 40))).apply([[0, 0], [40, 80]]).tolist()
        [[40.0, 40.0], [120.0, 200.0]]
    """
    rows, columns = foreground_frame(foreground)
    height, width = rows.stop - rows.start, columns.stop - columns.start
    down, across = _fine_size((height, width))
    enlarged = Placement((across / width, down / height), (0.0, 0.0))
    cut = moved(-rows.start, -columns.start)
    return cut.then(enlarged).then(moved(_FARTHEST, _FARTHEST))


def _fine_size(size: tuple[int, int]) -> tuple[int, int]:
    """Return the height and width of a crop, scaled to 160 pixels."""
    height, width = (max(round(length * _BOX * _FINE / max(size)), 1) for length in size)
    return height, width


def _enlarge(foreground: np.ndarray) -> np.ndarray:
    """Scale the crop to 160 pixels, with as many on every side as distances reach: bool."""
    crop = crop_to_foreground(foreground)
    height, width = _fine_size(crop.shape)
    image = Image.fromarray(crop.astype(np.float32))
    fine = np.asarray(image.resize((width, height), Image.Resampling.BICUBIC))
    return np.pad(fine > fine.max() / 2, _FARTHEST)


def _width(depth: np.ndarray, axis: np.ndarray) -> float:
    """Return twice the median depth along the medial axis, in pixels of the box."""
    # Depths count from one pixel's middle to another's: on average a quarter more than to the edge.
    return float(2 * np.median(depth[axis]) - 0.5) / _FINE


def _medial_axis(depth: np.ndarray) -> np.ndarray:
    """Mark the medial axis, where two edges or more are equally far: bool (h, w), from a digit's depths.

    Towards an edge the depth falls by 1 a pixel; on the medial axis, where two slopes meet, by less.
    """
    down, across = np.gradient(depth)
    return (depth > 0) & (np.square(down) + np.square(across) < _LEVEL**2)


def _thin(foreground: np.ndarray, loose: np.ndarray) -> np.ndarray:
    """Thinning: remove loose pixels from outside, but none that connects others: bool (h, w).

    Both (h, w), with background along the border. Source: Zhang & Suen, "A Fast Parallel Algorithm for
    Thinning Digital Patterns", 1984.
    """
    height, width = foreground.shape
    foreground, before = foreground.copy(), None
    clockwise = ((0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0), (0, 0))  # from above
    while not np.array_equal(foreground, before):
        before = foreground.copy()
        for first in (True, False):
            around = [foreground[i : i + height - 2, j : j + width - 2] for i, j in clockwise]
            north, east, south, west = around[::2]
            count = np.sum(around, axis=0, dtype=np.uint8)
            ends = [
                here < after for here, after in zip(around, around[1:] + around[:1], strict=True)
            ]
            pairs = (east & south, north | west) if first else (north & west, east | south)
            free = (count >= 2) & (count <= 6) & (np.sum(ends, axis=0, dtype=np.uint8) == 1)
            removed = free & ~(pairs[0] & pairs[1]) & loose[1:-1, 1:-1]
            foreground[1:-1, 1:-1] &= ~removed
    return foreground


def _distance(wanted: np.ndarray) -> np.ndarray:
    """Measure how far the nearest wanted pixel is from each, 40 at most: float64 (h, w).

    The nearest in the column first, then the best of the row's: Felzenszwalb & Huttenlocher, "Distance
    Transforms of Sampled Functions", 2012, without their lower envelopes, since distances are short.
    """
    farthest = np.int16(_FARTHEST * _FARTHEST)
    squares = np.where(wanted, np.int16(0), farthest)
    for _ in range(2):
        padded = np.pad(squares, [(_FARTHEST, _FARTHEST), (0, 0)], constant_values=farthest)
        count = len(squares)
        for step in range(1, _FARTHEST):
            above, below = padded[_FARTHEST - step :], padded[_FARTHEST + step :]
            beside = np.minimum(above[:count], below[:count]) + np.int16(step * step)
            squares = np.minimum(squares, beside)
        squares = squares.T
    return np.sqrt(squares)
