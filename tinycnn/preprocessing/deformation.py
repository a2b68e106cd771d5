"""Randomly rotated, slanted, stretched and bent copies of digits, prepared as MNIST's are, or shifted ones.

In `deform` a point p, measured from pixel index 14, is moved to A p + w(p). A, another for each image, is a
rotation times a slant times a stretch, and w is a sum of slow sine waves. Images are float32 (n, 28, 28), 0
(background) to 1 (foreground), and are resampled only once. Coordinates x, y of all pixels are arrays that
broadcast to (n, 28, 28).

Source: Simard, Steinkraus & Platt, "Best Practices for Convolutional Neural Networks Applied to Visual
Document Analysis", 2003, for training on affine and elastic copies.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tinycnn.preprocessing.mnist_format import BOX, FIELD, MIDDLE

AXIS = np.arange(FIELD, dtype=np.float32)  # pixel indices, across and down
ROTATION = 0.2  # radians, the largest angle
SLANT, STRETCH = 0.14, 0.15  # standard deviations, of a tangent and of a logarithm
WAVE = 0.4  # pixels, standard deviation of the amplitude of each of the four waves


def deform(images: np.ndarray, rng: np.random.Generator, strength: float = 1.0) -> np.ndarray:
    """Return deformed copies of digits, scaled to the box of 20 pixels, their centre of mass in the middle.

    Args:
        images: float32 (n, 28, 28), 0 to 1, some foreground in each.
        rng: random numbers.
        strength: factor of the deformation, 0 (only scale and centre) to 1.

    Returns:
        float32 (n, 28, 28), the largest value of each 1.
    """
    linear = _linear_map(len(images), rng, strength)
    waves = _waves(len(images), rng, strength)
    x, y = _moved(linear, waves, AXIS - np.float32(MIDDLE), AXIS[:, None] - np.float32(MIDDLE))
    (left, scale, first_column), (top, _, first_row) = _placement(images, x, y)
    # Where each pixel of the new images is before the scaling, and then before the deformation
    x = per_image(left) + (AXIS + np.float32(0.5) - per_image(first_column)) / per_image(scale)
    y = per_image(top) + (AXIS[:, None] + np.float32(0.5) - per_image(first_row)) / per_image(scale)
    new = _sampled(images, *_moved_back(linear, waves, x, y))
    return new / new.max(axis=(1, 2), keepdims=True)


def shift(images: np.ndarray, rng: np.random.Generator, most: int) -> np.ndarray:
    """Return images (n, 28, 28), each shifted by -most to most whole pixels down and to the right.

    What leaves the field is lost, and what comes in is background, 0.
    """
    padded = np.pad(images, [(0, 0), (most, most), (most, most)])
    windows = sliding_window_view(padded, images.shape[1:], (1, 2))
    up, left = rng.integers(2 * most + 1, size=(2, len(images)))
    return windows[np.arange(len(images)), up, left]


def _linear_map(count: int, rng: np.random.Generator, strength: float) -> np.ndarray:
    """Return `count` random matrices, rotation times slant times stretch in x: float32 (2, 2, n, 1, 1)."""
    turn = rng.uniform(-ROTATION, ROTATION, count) * strength
    slant = rng.normal(0, SLANT, count) * strength
    stretch = np.exp(rng.normal(0, STRETCH, count) * strength)
    c, s = np.cos(turn), np.sin(turn)
    rows = [[c * stretch, -c * slant - s], [s * stretch, c - s * slant]]
    return np.array(rows, np.float32)[..., None, None]


def _waves(count: int, rng: np.random.Generator, strength: float) -> np.ndarray:
    """Return random sine waves for each image, float32 (3, 2, 2, n, 1, 1).

    The axes are: amplitude, frequency (radians for a pixel) and phase; whether x or y is moved; along
    which of x and y the wave runs; the image; and two to broadcast over pixels.
    """
    shape = (2, 2, count, 1, 1)
    size = rng.normal(0, WAVE * strength, shape)
    frequency, phase = rng.uniform(0.12, 0.45, shape), rng.uniform(0, 2 * np.pi, shape)
    return np.array([size, frequency, phase], np.float32)


def _bend(waves: np.ndarray, axis: int, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return by how many pixels the waves move points along one axis.

    Args:
        waves: from `_waves`.
        axis: 0 to move x, 1 to move y.
        x, y: the points, measured from pixel index 14.
    """
    # By a wave that runs along x, and one that runs along y: amplitude, frequency, phase
    (by_x, by_y), (fx, fy), (px, py) = waves[:, axis]
    return by_x * np.sin(fx * x + px) + by_y * np.sin(fy * y + py)


def _moved(
    linear: np.ndarray, waves: np.ndarray, x: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the coordinates of points after the deformation, A p + w(p).

    Args:
        linear: A, from `_linear_map`.
        waves: w, from `_waves`.
        x, y: the points, measured from pixel index 14; so is the result.
    """
    (xx, xy), (yx, yy) = linear
    return xx * x + xy * y + _bend(waves, 0, x, y), yx * x + yy * y + _bend(waves, 1, x, y)


def _moved_back(
    linear: np.ndarray, waves: np.ndarray, x: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the points that `_moved` moves to x, y, approximately, to a fraction of a pixel.

    The waves are taken at the inverse of A without waves, which is nearly the same place.
    """
    (xx, xy), (yx, yy) = linear / (linear[0, 0] * linear[1, 1] - linear[0, 1] * linear[1, 0])
    before = yy * x - xy * y, xx * y - yx * x
    x, y = x - _bend(waves, 0, *before), y - _bend(waves, 1, *before)
    return yy * x - xy * y, xx * y - yx * x


def _placement(images: np.ndarray, x: np.ndarray, y: np.ndarray) -> list[tuple[np.ndarray, ...]]:
    """Return how to scale and shift digits, whose pixels have been moved to x, y, into the 28x28 field.

    Args:
        images: float32 (n, 28, 28).
        x, y: where each pixel has been moved to, (n, 28, 28).

    Returns:
        For x and for y three arrays (n,): the left (upper) edge of the foreground in x (y), the scale, the
        same for both, and the column (row) of the field that this edge is put at.
    """
    # A faint image has foreground, too: that above half its largest value.
    mask = images > np.minimum(images.max(axis=(1, 2), keepdims=True) / 2, np.float32(0.05))
    mass = images.sum(axis=(1, 2))
    edges = []  # for x and for y: both edges of the foreground, and its centre of mass
    for moved in (x, y):
        low = np.where(mask, moved, np.inf).min(axis=(1, 2)) - np.float32(0.5)
        high = np.where(mask, moved, -np.inf).max(axis=(1, 2)) + np.float32(0.5)
        edges.append((low, high, (images * moved).sum(axis=(1, 2)) / mass))
    scale = BOX / np.maximum(edges[0][1] - edges[0][0], edges[1][1] - edges[1][0])
    placed = []
    # The first pixel puts the centre of mass at MIDDLE, but so that nothing leaves the field.
    for low, high, centre in edges:
        first = np.floor(MIDDLE + 1 - (centre - low) * scale)
        last = FIELD - np.ceil((high - low) * scale - np.float32(1e-3))
        placed.append((low, scale, np.clip(first, 0, last)))
    return placed


def _sampled(images: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the values of images at given points, by bilinear interpolation; 0 outside the images.

    Args:
        images: float32 (n, 28, 28).
        x, y: the points, measured from pixel index 14, (n, 28, 28).
    """
    padded = np.pad(images, [(0, 0), (1, 1), (1, 1)])
    side = FIELD + 2
    x = np.clip(x + np.float32(MIDDLE + 1), 0, side - np.float32(1.001))
    y = np.clip(y + np.float32(MIDDLE + 1), 0, side - np.float32(1.001))
    # The pixel to the upper left of each point, and how far the point is from it
    column, row = np.floor(x), np.floor(y)
    x, y = x - column, y - row
    first = np.arange(len(images))[:, None, None] * (side * side)
    top_left = first + (row * side + column).astype(np.intp)
    flat = padded.ravel()

    def between(offset: int) -> np.ndarray:
        left, right = (flat[start:].take(top_left, mode="clip") for start in (offset, offset + 1))
        return left + (right - left) * x

    upper, lower = between(0), between(side)
    return upper + (lower - upper) * y


def per_image(values: np.ndarray) -> np.ndarray:
    """Return values (n,), one for each image, as float32 (n, 1, 1), to be broadcast over pixels."""
    return np.asarray(values, np.float32)[:, None, None]
