"""New training digits out of MNIST's: what people draw with a mouse, and MNIST's writers did not.

MNIST's writers, Americans with a pencil about 1990, made few ones with a flag, sevens with a bar or zeros
with a slash. Every function here takes images and gives new ones, float32 (n, 28, 28) from 0 (background)
to 1 (foreground); `augment` is all of them together. Points are (x, y) in pixels, x to the right and y down.
"""

import numpy as np

from tinycnn.preprocessing.deformation import AXIS, deform, per_image
from tinycnn.preprocessing.mnist_format import FIELD
from tinycnn.utils.validation import check_number

CHUNK = 256  # images at a time: their arrays stay in the cache
PLAIN = 0.15  # the share of images that stay as MNIST has them


def augment(
    images: np.ndarray, labels: np.ndarray, rng: np.random.Generator, strength: float = 1.0
) -> np.ndarray:
    """Return one new variation of every digit, prepared as MNIST prepared its own.

    Args:
        images: (n, 28, 28), uint8 0 to 255 or float 0 to 1, foreground bright.
        labels: (n,), the digits 0 to 9.
        rng: where chance comes from; the same state gives the same images.
        strength: of the deformations, and how often something is added: 0 (next to nothing) to 1.

    Returns:
        float32 (n, 28, 28), 0 to 1. To about a pixel, the longer side of the foreground is 20 and its
        centre of mass is at pixel index 14.

    Raises:
        ValueError: for other shapes or values, an image without foreground, or another strength.

    Example:
        >>> digits = np.zeros((2, 28, 28), np.uint8)
        >>> digits[:, 4:24, 13:16] = 255
        >>> new = augment(digits, np.array([1, 1]), np.random.default_rng(0))
        >>> new.shape, np.array_equal(new[0], new[1])
        ((2, 28, 28), False)
    """
    images, labels = np.asarray(images), np.asarray(labels)
    _check(images, labels, strength)
    new = np.empty(images.shape, np.float32)
    for start in range(0, len(images), CHUNK):
        part = np.s_[start : start + CHUNK]
        new[part] = _augment_chunk(scale_to_unit(images[part]), labels[part], rng, strength)
    return new


def _check(images: np.ndarray, labels: np.ndarray, strength: float) -> None:
    """Raise ValueError for what `augment` cannot take."""
    if images.shape != (len(labels), FIELD, FIELD):
        raise ValueError(
            f"augment takes images (n, 28, 28) and labels (n,). "
            f"Received: {images.shape} and {labels.shape}"
        )
    if images.dtype != np.uint8 and not (images.min(initial=0) >= 0 and images.max(initial=0) <= 1):
        raise ValueError("augment takes uint8 images, or other numbers from 0 to 1")
    blank = np.flatnonzero(~images.any(axis=(1, 2)))
    if len(blank):
        raise ValueError(f"augment takes digits, but image {blank[0]} has no ink")
    check_number("strength", strength, 0, 1)


def scale_to_unit(images: np.ndarray) -> np.ndarray:
    """Return images as float32, 0 to 1, and never the caller's array.

    Example:
        >>> scale_to_unit(np.array([0, 255], np.uint8)).tolist()
        [0.0, 1.0]
    """
    return images.astype(np.float32) / np.float32(255 if images.dtype == np.uint8 else 1)


def _augment_chunk(
    images: np.ndarray, labels: np.ndarray, rng: np.random.Generator, strength: float
) -> np.ndarray:
    """Draw over the digits, then deform them; leave some as they are."""
    new = images.copy()
    additions = [
        (add_flag, 0.5, labels == 1),
        (add_foot, 0.25, labels == 1),
        (add_crossbar, 0.35, labels == 7),
        (add_serif, 0.3, labels == 7),
        (add_slash, 0.4, labels == 0),
        (add_hook, 0.2, labels != 1),
        (vary_line_width, 0.5, True),
        (erase_gap, 0.15, labels != 1),
    ]
    for change, share, fitting in additions:
        chosen = (rng.random(len(new)) < share * strength) & fitting
        if chosen.any():
            new[chosen] = change(new[chosen], rng)
    new = sharpen(deform(new, rng, strength), rng)
    return np.where(rng.random((len(new), 1, 1)) < PLAIN, images, new)


def draw_line(
    images: np.ndarray, start: np.ndarray, end: np.ndarray, width: np.ndarray
) -> np.ndarray:
    r"""Draw one line with soft edges and round ends on every image.

    Args:
        images: float32 (n, 28, 28).
        start, end: points (n, 2).
        width: of the lines in pixels, (n,).

    Example:
        >>> blank, start, end = np.zeros((1, 28, 28), np.float32), np.array([[5, 9]]), np.array([[5, 11]])
        >>> draw_line(blank, start, end, np.array([2]))[0, 7:14, 5].tolist()
        [0.0, 0.5, 1.0, 1.0, 1.0, 0.5, 0.0]
    """
    start, way = _points(start), _points(end) - _points(start)
    x, y = AXIS - start[0], AXIS[:, None] - start[1]
    along = (x * way[0] + y * way[1]) / np.maximum(way[0] ** 2 + way[1] ** 2, np.float32(1e-6))
    along = np.clip(along, 0, 1)
    distance = np.hypot(x - along * way[0], y - along * way[1])
    return np.maximum(images, np.clip(per_image(width) / 2 + np.float32(0.5) - distance, 0, 1))


def line_width(images: np.ndarray) -> np.ndarray:
    """Return how wide the lines of each digit are, in pixels, (n,): twice the area over the perimeter.

    Example:
        >>> bar = np.zeros((1, 28, 28), np.float32)
        >>> bar[0, 0:28, 10:13] = 1
        >>> round(float(line_width(bar)[0]), 1)
        2.9
    """
    across = np.diff(images, axis=2, append=np.float32(0))
    down = np.diff(images, axis=1, append=np.float32(0))
    perimeter = np.hypot(across, down).sum(axis=(1, 2))
    return 2 * images.sum(axis=(1, 2)) / np.maximum(perimeter, np.float32(1))


def add_flag(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Give ones the short stroke that runs up to their top from the left: `1` instead of `|`.

    It stays clear of the level, or the one would be a seven.
    """
    top = _top(images)
    down = _bottom(images) - top
    angle, length = rng.uniform(0.35, 0.9, len(images)), rng.uniform(0.15, 0.55, len(images))
    angle = np.minimum(angle, 1.1 - np.arctan2(-down[:, 0], down[:, 1]))
    flag = _rotated(down, angle) * length[:, None]
    return np.where(_is_bar(images), draw_line(images, top, top + flag, line_width(images)), images)


def add_foot(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Give ones the level stroke that they stand on."""
    return _draw_level(images, _bottom(images), (2.0, 6.5), rng)


def _is_bar(images: np.ndarray) -> np.ndarray:
    """Say which ones are nothing but a straight bar, bool (n, 1, 1)."""
    width = line_width(images) + 1
    bar = draw_line(np.zeros_like(images), _top(images), _bottom(images), width)
    return (images * bar).sum(axis=(1, 2), keepdims=True) > 0.8 * images.sum((1, 2), keepdims=True)


def add_crossbar(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Give sevens the bar through the middle of their stem."""
    first, last = _rows(images)
    row = np.rint(first + (last - first) * rng.uniform(0.38, 0.65, len(images))).astype(int)
    return _draw_level(images, _middle_of(images, row), (2.5, 7.0), rng)


def add_serif(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Give sevens the small tick that hangs from the left end of their top."""
    first, last = _rows(images)
    upper = images * (AXIS[:, None] < (first + 0.35 * (last - first))[:, None, None])
    mirrored = _top(upper.transpose(0, 2, 1))  # what is leftmost is the top, with x and y swapped
    left_end = mirrored[:, ::-1]
    tick = np.stack([rng.uniform(-1.5, 1.0, len(images)), rng.uniform(2, 6, len(images))], axis=1)
    return draw_line(images, left_end, left_end + tick, line_width(images))


def add_slash(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Give zeros the stroke from upper right to lower left, within the ring or beyond it."""
    first, last = _rows(images)
    left, right = _rows(images.transpose(0, 2, 1))
    middle = np.stack([left + right, first + last], axis=1) / 2
    half = np.stack([(right - left) / 2, (first - last) / 2], axis=1)
    half *= rng.uniform(0.55, 1.3, (len(images), 1)) * rng.uniform(0.75, 1.2, (len(images), 2))
    middle = middle + rng.normal(0, 0.5, (len(images), 2))
    width = np.minimum(line_width(images), 3)  # so that thick rings are not filled
    return draw_line(images, middle - half, middle + half, width)


def add_hook(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Let the pen go on at one end of a stroke: straight ahead, or turning off as a hook or serif."""
    place, outward = _stroke_end(images, rng)
    angle, length = rng.uniform(-2.2, 2.2, len(images)), rng.uniform(1.5, 4.5, len(images))
    end = place + _rotated(outward, angle) * length[:, None]
    return draw_line(images, place, end, line_width(images))


def erase_gap(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Interrupt a line at some place, as when two strokes fail to meet."""
    odds = rng.random(images.shape, np.float32) * (images > 0.5)
    middle = _points(_places(odds))
    distance = np.hypot(AXIS - middle[0], AXIS[:, None] - middle[1])
    radius = line_width(images) * rng.uniform(0.4, 0.85, len(images))
    return images * np.clip(distance - per_image(radius) + np.float32(0.5), 0, 1)


def vary_line_width(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Make all lines of an image thicker or thinner, by up to 0.9 or 0.5 of a pixel at each edge.

    Each pixel goes a part of the way to the largest of itself and its four neighbours (thicker, an amount
    above 0) or to the smallest (thinner, below 0).
    """
    amount = per_image(rng.uniform(-0.5, 0.9, len(images)))
    padded = np.pad(images, [(0, 0), (1, 1), (1, 1)])
    neighbours = (
        padded[:, 1:-1, 1:-1],
        padded[:, :-2, 1:-1],
        padded[:, 2:, 1:-1],
        padded[:, 1:-1, :-2],
        padded[:, 1:-1, 2:],
    )
    goal = np.where(amount > 0, np.maximum.reduce(neighbours), np.minimum.reduce(neighbours))
    return images + (goal - images) * np.abs(amount)


def sharpen(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Steepen the edges, at random, which a mouse's drawing has sharper than a scanned one."""
    gain = per_image(rng.uniform(1.0, 1.8, len(images)))
    return np.clip((images - np.float32(0.45)) * gain + np.float32(0.45), 0, 1)


def _draw_level(
    images: np.ndarray, middle: np.ndarray, lengths: tuple[float, float], rng: np.random.Generator
) -> np.ndarray:
    """Draw a nearly level line through a point (n, 2) that goes so many pixels to either side."""
    tilt = rng.normal(0, 0.12, len(images))
    left, right = rng.uniform(*lengths, (2, len(images), 1))
    along = np.stack([np.ones_like(tilt), tilt], axis=1)
    return draw_line(images, middle - along * left, middle + along * right, line_width(images))


def _stroke_end(images: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return a point (n, 2) where a stroke ends, and which way it was going, (n, 2) of length 1.

    Within a stroke the foreground around a pixel is on both of its sides; at an end it is on one.
    """
    around = _window_sum(images) + np.float32(1e-6)
    x = _window_sum(images * AXIS) / around - AXIS
    y = _window_sum(images * AXIS[:, None]) / around - AXIS[:, None]
    one_sided = np.hypot(x, y) + np.float32(0.3)
    place = _places(one_sided * rng.uniform(0.7, 1, images.shape) * (images > 0.5))
    index = (np.arange(len(images)), place[:, 1], place[:, 0])
    inward = np.stack([x[index], y[index]], axis=1)
    return place, -inward / np.maximum(np.hypot(*inward.T), np.float32(1e-6))[:, None]


def _window_sum(images: np.ndarray) -> np.ndarray:
    """Sum over the 7x7 pixels round each pixel."""
    for axis in (1, 2):
        pad = [(0, 0)] * axis + [(4, 3)] + [(0, 0)] * (2 - axis)
        total = np.pad(images, pad).cumsum(axis=axis, dtype=np.float64)
        images = np.take(total, range(7, 35), axis) - np.take(total, range(0, 28), axis)
    return images.astype(np.float32)


def _rows(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first and the last row with strong foreground, (n,) each."""
    mask = (images > 0.4).any(axis=2)
    return mask.argmax(axis=1), FIELD - 1 - mask[:, ::-1].argmax(axis=1)


def _top(images: np.ndarray) -> np.ndarray:
    """Return the middle of the foreground in the first row of strong foreground, (n, 2)."""
    return _middle_of(images, _rows(images)[0])


def _bottom(images: np.ndarray) -> np.ndarray:
    """Return the middle of the foreground in the last row of strong foreground, (n, 2)."""
    return _middle_of(images, _rows(images)[1])


def _middle_of(images: np.ndarray, row: np.ndarray) -> np.ndarray:
    """Return the middle of the foreground in one row of each image (n,), as points (n, 2)."""
    foreground = images[np.arange(len(images)), row]  # (n, 28)
    column = (foreground * AXIS).sum(axis=1) / np.maximum(foreground.sum(axis=1), np.float32(1e-6))
    return np.stack([column, row], axis=1)


def _places(odds: np.ndarray) -> np.ndarray:
    """Return where (n, 28, 28) is largest, as points (n, 2)."""
    row, column = np.divmod(odds.reshape(len(odds), -1).argmax(axis=1), FIELD)
    return np.stack([column, row], axis=1)


def _rotated(way: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """Rotate vectors (n, 2) by angles (n,) in radians, from right to down."""
    c, s = np.cos(angle), np.sin(angle)
    return np.stack([c * way[:, 0] - s * way[:, 1], s * way[:, 0] + c * way[:, 1]], axis=1)


def _points(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return points (n, 2) as x and y that meet all pixels: float32 (2, n, 1, 1)."""
    return np.asarray(points, np.float32).T[..., None, None]
