"""Data augmentation: random variations of MNIST's digits, to train on; `augment` applies all of them.

They add what MNIST has too few of (its writers were Americans with a pencil, about 1990): ones with a
flag, sevens with a bar, zeros with a slash, and lines of other widths. Unless said otherwise a function
takes images, float32 (n, 28, 28) from 0 (background) to 1 (foreground), and returns new ones of that
form, one for each. Points are (x, y) in pixels, x to the right and y down.
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
        rng: random numbers; the same state gives the same images.
        strength: 0 (hardly any change) to 1: scales the deformations, and how often something is added.

    Returns:
        float32 (n, 28, 28), 0 to 1. As in MNIST, the longer side of the foreground is about 20 pixels, and
        its centre of mass is within about a pixel of pixel index 14.

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
    """Return a float32 copy of images from 0 to 1; uint8 images are divided by 255.

    Example:
        >>> scale_to_unit(np.array([0, 255], np.uint8)).tolist()
        [0.0, 1.0]
    """
    return images.astype(np.float32) / np.float32(255 if images.dtype == np.uint8 else 1)


def _augment_chunk(
    images: np.ndarray, labels: np.ndarray, rng: np.random.Generator, strength: float
) -> np.ndarray:
    """Return a variation of each image: something drawn onto it or erased, then deformed and sharpened.

    A share of `PLAIN` of them stays as it is. Arguments as in `augment`, but images are float32, 0 to 1.
    """
    new = images.copy()
    # The change, the share of images that get it at strength 1, and which images it suits
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
    for change, share, suits in additions:
        chosen = (rng.random(len(new)) < share * strength) & suits
        if chosen.any():
            new[chosen] = change(new[chosen], rng)
    new = sharpen(deform(new, rng, strength), rng)
    return np.where(rng.random((len(new), 1, 1)) < PLAIN, images, new)


def draw_line(
    images: np.ndarray, start: np.ndarray, end: np.ndarray, width: np.ndarray
) -> np.ndarray:
    r"""Return images with one straight line, of value 1 with soft edges and round ends, drawn on each.

    Args:
        images: float32 (n, 28, 28).
        start, end: points (n, 2).
        width: of the lines in pixels, (n,).

    Example:
        >>> blank, start, end = np.zeros((1, 28, 28), np.float32), np.array([[5, 9]]), np.array([[5, 11]])
        >>> draw_line(blank, start, end, np.array([2]))[0, 7:14, 5].tolist()
        [0.0, 0.5, 1.0, 1.0, 1.0, 0.5, 0.0]
    """
    start, line = _points(start), _points(end) - _points(start)
    x, y = AXIS - start[0], AXIS[:, None] - start[1]
    # Where on the line each pixel's nearest point is: 0 at the start, 1 at the end, (n, 28, 28)
    along = (x * line[0] + y * line[1]) / np.maximum(line[0] ** 2 + line[1] ** 2, np.float32(1e-6))
    along = np.clip(along, 0, 1)
    distance = np.hypot(x - along * line[0], y - along * line[1])
    return np.maximum(images, np.clip(per_image(width) / 2 + np.float32(0.5) - distance, 0, 1))


def line_width(images: np.ndarray) -> np.ndarray:
    """Return the width of each digit's lines in pixels, (n,): twice its area divided by its perimeter.

    (A bar of length l and width w has the area l w, and a perimeter of about 2 l.)

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
    """Return images of ones with a short stroke added that runs from the left up to their top, as in "1".

    Only ones that are a straight bar get it. It is never level, or the one would be a seven.
    """
    top = _top(images)
    down = _bottom(images) - top  # the stem, from top to bottom
    # The flag is the stem turned to the left by an angle (radians), and shortened.
    angle, length = rng.uniform(0.35, 0.9, len(images)), rng.uniform(0.15, 0.55, len(images))
    # At most 1.1 from straight down, whichever way the stem leans: level would be 1.57.
    angle = np.minimum(angle, 1.1 - np.arctan2(-down[:, 0], down[:, 1]))
    flag = _rotated(down, angle) * length[:, None]
    return np.where(_is_bar(images), draw_line(images, top, top + flag, line_width(images)), images)


def add_foot(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return images of ones with a nearly level stroke of 2 to 6.5 pixels to each side of their lower end."""
    return _draw_level(images, _bottom(images), (2.0, 6.5), rng)


def _is_bar(images: np.ndarray) -> np.ndarray:
    """Return for each image whether it is a straight bar, bool (n, 1, 1).

    It is if a bar from its top to its bottom covers over 80 % of its foreground.
    """
    width = line_width(images) + 1
    bar = draw_line(np.zeros_like(images), _top(images), _bottom(images), width)
    return (images * bar).sum(axis=(1, 2), keepdims=True) > 0.8 * images.sum((1, 2), keepdims=True)


def add_crossbar(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return images of sevens with a nearly level bar through the middle of their stem."""
    first, last = _rows(images)
    row = np.rint(first + (last - first) * rng.uniform(0.38, 0.65, len(images))).astype(int)
    return _draw_level(images, _middle_of(images, row), (2.5, 7.0), rng)


def add_serif(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return images of sevens with a short stroke added that hangs from the left end of their top bar."""
    first, last = _rows(images)
    # The upper third alone: the top bar. Its leftmost point is the topmost with x and y exchanged.
    upper = images * (AXIS[:, None] < (first + 0.35 * (last - first))[:, None, None])
    left_end = _top(upper.transpose(0, 2, 1))[:, ::-1]
    tick = np.stack([rng.uniform(-1.5, 1.0, len(images)), rng.uniform(2, 6, len(images))], axis=1)
    return draw_line(images, left_end, left_end + tick, line_width(images))


def add_slash(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return images of zeros with a stroke added from upper right to lower left, some beyond the ring.

    A third of the strokes are nearly level.
    """
    first, last = _rows(images)
    left, right = _rows(images.transpose(0, 2, 1))
    middle = np.stack([left + right, first + last], axis=1) / 2
    half = np.stack([(right - left) / 2, (first - last) / 2], axis=1)  # from the middle to one end
    half *= rng.uniform(0.55, 1.3, (len(images), 1)) * rng.uniform(0.75, 1.2, (len(images), 2))
    level = rng.random(len(images)) < 1 / 3
    half[level, 1] *= rng.uniform(-0.2, 0.2, level.sum())
    middle = middle + rng.normal(0, 0.5, (len(images), 2))
    width = np.minimum(line_width(images), 3)  # so that thick rings are not filled
    return draw_line(images, middle - half, middle + half, width)


def add_hook(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return images with a short line added at one end of a stroke, in nearly any direction."""
    place, outward = _stroke_end(images, rng)
    angle, length = rng.uniform(-2.2, 2.2, len(images)), rng.uniform(1.5, 4.5, len(images))
    end = place + _rotated(outward, angle) * length[:, None]
    return draw_line(images, place, end, line_width(images))


def erase_gap(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return images with a disc erased at a random place of a line, as where two strokes fail to meet.

    One of which nothing would be left, such as a blot or a single pixel, stays as it is.
    """
    random = rng.random(images.shape, np.float32) * (images > 0.5)
    middle = _points(_places(random))
    distance = np.hypot(AXIS - middle[0], AXIS[:, None] - middle[1])
    radius = line_width(images) * rng.uniform(0.4, 0.85, len(images))
    erased = images * np.clip(distance - per_image(radius) + np.float32(0.5), 0, 1)
    return np.where(erased.any(axis=(1, 2), keepdims=True), erased, images)


def vary_line_width(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return images with all lines thicker or thinner, by up to 0.9 or 0.5 of a pixel at each edge.

    Each pixel is moved towards the largest of itself and its four neighbours (amount above 0: thicker) or
    towards the smallest (amount below 0: thinner), by the share |amount| of the difference.
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
    """Return images with edges up to 1.8 times as steep: a mouse's drawing is sharper than a scan."""
    gain = per_image(rng.uniform(1.0, 1.8, len(images)))
    return np.clip((images - np.float32(0.45)) * gain + np.float32(0.45), 0, 1)


def _draw_level(
    images: np.ndarray, middle: np.ndarray, lengths: tuple[float, float], rng: np.random.Generator
) -> np.ndarray:
    """Return images with a nearly level line added through a point.

    Args:
        images: float32 (n, 28, 28).
        middle: the points, (n, 2).
        lengths: least and largest length in pixels on either side of the point.
        rng: random numbers for tilt and lengths.
    """
    tilt = rng.normal(0, 0.12, len(images))
    left, right = rng.uniform(*lengths, (2, len(images), 1))
    direction = np.stack([np.ones_like(tilt), tilt], axis=1)  # (n, 2)
    start, end = middle - direction * left, middle + direction * right
    return draw_line(images, start, end, line_width(images))


def _stroke_end(images: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return for each image a point where a stroke ends, (n, 2), and a unit vector out of it, (n, 2).

    Inside a stroke the foreground around a pixel lies on both sides of it, and the centre of mass of its
    window is near the pixel. At an end it lies on one side, and the centre of mass is far away. So the
    pixel with the largest distance is taken, times a random factor.
    """
    around = _window_sum(images) + np.float32(1e-6)
    # From each pixel to the centre of mass of its 7 x 7 window, (n, 28, 28)
    x = _window_sum(images * AXIS) / around - AXIS
    y = _window_sum(images * AXIS[:, None]) / around - AXIS[:, None]
    one_sided = np.hypot(x, y) + np.float32(0.3)
    place = _places(one_sided * rng.uniform(0.7, 1, images.shape) * (images > 0.5))
    index = (np.arange(len(images)), place[:, 1], place[:, 0])
    inward = np.stack([x[index], y[index]], axis=1)
    return place, -inward / np.maximum(np.hypot(*inward.T), np.float32(1e-6))[:, None]


def _window_sum(images: np.ndarray) -> np.ndarray:
    """Return for each pixel the sum over the 7 x 7 window around it, float32 (n, 28, 28)."""
    for axis in (1, 2):
        # A window's sum is the difference of two running sums.
        pad = [(0, 0)] * axis + [(4, 3)] + [(0, 0)] * (2 - axis)
        total = np.pad(images, pad).cumsum(axis=axis, dtype=np.float64)
        images = np.take(total, range(7, 35), axis) - np.take(total, range(0, 28), axis)
    return images.astype(np.float32)


def _rows(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first and the last row with a value above 0.4, (n,) each."""
    mask = (images > 0.4).any(axis=2)
    return mask.argmax(axis=1), FIELD - 1 - mask[:, ::-1].argmax(axis=1)


def _top(images: np.ndarray) -> np.ndarray:
    """Return the middle of the foreground in the first row of `_rows`, as points (n, 2)."""
    return _middle_of(images, _rows(images)[0])


def _bottom(images: np.ndarray) -> np.ndarray:
    """Return the middle of the foreground in the last row of `_rows`, as points (n, 2)."""
    return _middle_of(images, _rows(images)[1])


def _middle_of(images: np.ndarray, row: np.ndarray) -> np.ndarray:
    """Return the centre of mass of one row of each image, as points (n, 2).

    Args:
        images: float32 (n, 28, 28).
        row: the index of the row in each image, (n,).
    """
    foreground = images[np.arange(len(images)), row]  # (n, 28)
    column = (foreground * AXIS).sum(axis=1) / np.maximum(foreground.sum(axis=1), np.float32(1e-6))
    return np.stack([column, row], axis=1)


def _places(values: np.ndarray) -> np.ndarray:
    """Return the pixel with the largest of the values (n, 28, 28) in each image, as points (n, 2)."""
    row, column = np.divmod(values.reshape(len(values), -1).argmax(axis=1), FIELD)
    return np.stack([column, row], axis=1)


def _rotated(vectors: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """Return vectors (n, 2) rotated by angles (n,) in radians; a quarter turn takes right to down."""
    (x, y), c, s = vectors.T, np.cos(angle), np.sin(angle)
    return np.stack([c * x - s * y, s * x + c * y], axis=1)


def _points(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return points (n, 2) as float32 (2, n, 1, 1): x and y, each to be broadcast over images."""
    return np.asarray(points, np.float32).T[..., None, None]
