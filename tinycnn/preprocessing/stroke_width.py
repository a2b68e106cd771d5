"""Measuring how thick the lines of a digit are, and drawing them thicker.

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


def thicken(foreground: np.ndarray, width: float) -> np.ndarray:
    """Return the digit with thicker lines; what they enclose may be filled.

    Args:
        foreground: float (h, w), 0 for background, not 0 everywhere.
        width: the new width of the lines, 0 to 10, as `measure_width` will measure it. Lines that are as
            wide already stay as they are.

    Returns:
        float32 (h', w'), 1 for foreground and 0 for background; another size than the argument's.

    Raises:
        ValueError: there is no foreground.

    Example:
        >>> measure_width(thicken(np.ones((100, 10)), 4.0))
        3.9375
    """
    fine = _enlarge(foreground)
    depth = _distance(~fine)  # of each foreground pixel: its distance to the background
    # growth: by how many pixels each edge moves outwards. The digit's longer side grows with its lines, and
    # is scaled back to the box: hence the divisor.
    growth = (width - _width(depth, _medial_axis(depth))) * _FINE / (2 - 2 * width / _BOX)
    return (_distance(fine) < max(growth, 0) + 0.5).astype(np.float32)


def enlargement(foreground: np.ndarray) -> Placement:
    """Return the mapping of points (x, y) of a digit's picture to the picture that `thicken` makes of it.

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
    largest, by less. Of a crumb that may be nowhere: then it is where the depth is largest.
    """
    down, across = np.gradient(depth)
    axis = (depth > 0) & (np.square(down) + np.square(across) < _LEVEL**2)
    return axis if axis.any() else depth == depth.max()


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
