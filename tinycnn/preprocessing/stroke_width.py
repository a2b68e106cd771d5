"""Measuring how thick the lines of a digit are, and drawing them thicker or thinner.

"Depth" of a foreground pixel is its distance to the nearest background pixel. The medial axis is the line
in the middle of a stroke, where the depth is largest. The width of a digit is twice the median depth on
its medial axis, in pixels of the 20-pixel box that the digit fills in MNIST.
"""

import numpy as np
from PIL import Image

from tinycnn.preprocessing.placement import Placement, moved
from tinycnn.preprocessing.segmentation import crop_to_foreground, foreground_frame

_BOX = 20  # the longer side of a digit, in pixels of the box
_FINE = 8  # lines are measured and drawn on a grid with 8 x 8 pixels for one of the box
_FARTHEST = 5 * _FINE  # pixels of that grid: larger distances count as this
_LEVEL = 0.6  # slope of the depth, pixels for a pixel: below it a pixel is on the medial axis


def measure_width(foreground: np.ndarray) -> float:
    """Return the width of the lines of a digit: the median along its medial axis.

    Args:
        foreground: float (h, w), 0 for background, not 0 everywhere.

    Returns:
        The width, up to 10, in pixels of the box: a 20th of the digit's longer side is 1.

    Raises:
        ValueError: there is no foreground.

    Example:
        >>> measure_width(np.ones((100, 10)))  # 2, but for a sixteenth
        1.9375
    """
    depth = _distance(~_enlarge(foreground))
    return _width(depth, _medial_axis(depth))


def redraw(foreground: np.ndarray, width: float) -> np.ndarray:
    """Return the digit with thicker or thinner lines; no line breaks or vanishes.

    Args:
        foreground: float (h, w), 0 for background, not 0 everywhere.
        width: the new width of the lines, 0 to 10, as `measure_width` will measure it.

    Returns:
        float32 (h', w'), 1 for foreground and 0 for background; another size than the argument's.

    Raises:
        ValueError: there is no foreground.

    Example:
        >>> measure_width(redraw(np.ones((100, 10)), 4.0))
        3.9375
    """
    fine = _enlarge(foreground)
    depth = _distance(~fine)  # of each foreground pixel: its distance to the background
    axis = _medial_axis(depth)
    # growth: by how many pixels each edge moves outwards; below 0: inwards. The digit's longer side grows
    # with its lines, and is scaled back to the box: hence the divisor.
    growth = (width - _width(depth, axis)) * _FINE / (2 - 2 * width / _BOX)
    if growth > 0:
        return (_distance(fine) < growth + 0.5).astype(np.float32)
    kept = depth > 0.5 - growth
    # That alone would remove lines that are thinner than the others: of them half a width is kept, around
    # a skeleton.
    skeleton = axis | (_thin(fine, ~kept) & ~kept)
    core = _distance(skeleton) < min(float(depth.max()), width * _FINE) / 4
    return (kept | (core & fine)).astype(np.float32)


def enlargement(foreground: np.ndarray) -> Placement:
    """Return the mapping of points (x, y) of a digit's picture to the picture that `redraw` makes of it.

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
    cut = moved(top=-rows.start, left=-columns.start)
    return cut.then(enlarged).then(moved(_FARTHEST, _FARTHEST))


def _fine_size(size: tuple[int, int]) -> tuple[int, int]:
    """Return the height and width of a crop, scaled to 160 pixels."""
    height, width = (max(round(length * _BOX * _FINE / max(size)), 1) for length in size)
    return height, width


def _enlarge(foreground: np.ndarray) -> np.ndarray:
    """Return the digit on the fine grid: bool, its longer side 160 pixels, a margin of 40 on every side."""
    crop = crop_to_foreground(foreground)
    height, width = _fine_size(crop.shape)
    image = Image.fromarray(crop.astype(np.float32))
    fine = np.asarray(image.resize((width, height), Image.Resampling.BICUBIC))
    return np.pad(fine > fine.max() / 2, _FARTHEST)


def _width(depth: np.ndarray, axis: np.ndarray) -> float:
    """Return twice the median depth on the medial axis, in pixels of the box.

    Args:
        depth: float (h, w), in pixels of the fine grid.
        axis: bool (h, w), True on the medial axis.
    """
    # Depths go from one pixel's middle to another's, on average a quarter of a pixel more than to the edge;
    # twice that is the 0.5.
    return float(2 * np.median(depth[axis]) - 0.5) / _FINE


def _medial_axis(depth: np.ndarray) -> np.ndarray:
    """Return which pixels are on the medial axis, bool (h, w), given the depths of a digit (h, w).

    Everywhere else the depth changes by 1 from one pixel to the next; on the medial axis, where it is
    largest, by less.
    """
    down, across = np.gradient(depth)
    return (depth > 0) & (np.square(down) + np.square(across) < _LEVEL**2)


def _thin(foreground: np.ndarray, loose: np.ndarray) -> np.ndarray:
    """Return the foreground without those loose pixels that no connection needs: bool (h, w).

    Pixels are removed from the edges inwards until nothing changes.

    Args:
        foreground: bool (h, w), False along the border.
        loose: bool (h, w), the pixels that may be removed.

    Source: Zhang & Suen, "A Fast Parallel Algorithm for Thinning Digital Patterns", 1984.
    """
    height, width = foreground.shape
    foreground, before = foreground.copy(), None
    # Offsets (row, column) of a pixel's eight neighbours, clockwise from the one above
    clockwise = ((0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0), (0, 0))
    while not np.array_equal(foreground, before):
        before = foreground.copy()
        for first in (True, False):  # two passes: edges below and right, then above and left
            around = [foreground[i : i + height - 2, j : j + width - 2] for i, j in clockwise]
            north, east, south, west = around[::2]
            count = np.sum(around, axis=0, dtype=np.uint8)
            # Changes from background to foreground around the pixel; with exactly one, its neighbours
            # stay connected without it.
            ends = [
                here < after for here, after in zip(around, around[1:] + around[:1], strict=True)
            ]
            # The two conditions of the paper, the same for both passes but for a half turn
            pairs = (east & south, north | west) if first else (north & west, east | south)
            free = (count >= 2) & (count <= 6) & (np.sum(ends, axis=0, dtype=np.uint8) == 1)
            removed = free & ~(pairs[0] & pairs[1]) & loose[1:-1, 1:-1]
            foreground[1:-1, 1:-1] &= ~removed
    return foreground


def _distance(mask: np.ndarray) -> np.ndarray:
    """Return the distance from each pixel to the nearest True pixel of a mask, at most 40: float (h, w).

    First the squared distance to the nearest one in the same column; then, in each row, the smallest sum of
    that and the squared distance along the row.

    Source: Felzenszwalb & Huttenlocher, "Distance Transforms of Sampled Functions", 2012; short distances
    need none of their lower envelopes.
    """
    farthest = np.int16(_FARTHEST * _FARTHEST)
    squares = np.where(mask, np.int16(0), farthest)
    for _ in range(2):  # along columns, then, transposed, along rows
        padded = np.pad(squares, [(_FARTHEST, _FARTHEST), (0, 0)], constant_values=farthest)
        count = len(squares)
        for step in range(1, _FARTHEST):
            above, below = padded[_FARTHEST - step :], padded[_FARTHEST + step :]
            beside = np.minimum(above[:count], below[:count]) + np.int16(step * step)
            squares = np.minimum(squares, beside)
        squares = squares.T
    return np.sqrt(squares)
