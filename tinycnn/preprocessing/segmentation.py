"""Segmentation: separating the foreground of a picture, the lines of a digit, from its background.

"Ink" in error messages is the foreground, "paper" the background. A drawing has a background of one tone;
anything else is treated as a photo, with noise and uneven light.
"""

import math
import operator
from typing import NamedTuple

import numpy as np

from tinycnn.preprocessing.paper_border import without_surroundings
from tinycnn.preprocessing.printed_lines import LEAST_SIDE as LEAST_SIDE_RULED
from tinycnn.preprocessing.printed_lines import without_printed_lines
from tinycnn.preprocessing.specks import is_scattered, without_specks

_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601, as Pillow's "L"
_LEAST_CONTRAST = 0.03  # of full scale: foreground weaker than that (8 of 255 levels) is none
_FAINT = 0.05  # of the strongest foreground: fainter pixels are cropped off
_FLAT = 0.3  # share of the border's pixels: if more have the same tone, the background has one tone
_NOISE_FREE = 20  # strongest foreground over noise: from here on a photo need not be averaged down
_VISIBLE = 10  # strongest foreground over noise: below this, all foreground may be noise
_MOST_SIDE = 1024  # pixels of the longer side: a larger photo is averaged down at once
_LEAST_SIDE = 32  # pixels of the shorter side: a photo is not averaged down to fewer
_BLOCKS = 16  # blocks on the shorter side, in which noise is measured; lines miss most of them
_BLOCKS_OF_PAGE = 32  # the same where many digits may lie: ten rows leave no larger block free
_SAMPLES = 128  # pixels a side that are looked at to decide whether the foreground is dark
_DARKEST = 0.4  # of the light on most of the picture: a shadow on paper is not darker
_WINDOWS = 4  # windows on the longer side; such a window is wider than any line
_OUTERMOST = (
    32  # a strip at each edge, one such part of the picture wide, does not decide dark or light
)
# In a photo's foreground, of the strength inside a line: up to _EDGE becomes 0, _EDGE + _EDGE_WIDTH 1.
_EDGE, _EDGE_WIDTH = 0.3, 0.4
_BLANK = "no ink in the picture: it is blank, or too faint to tell from the paper"


def to_grey(picture: np.ndarray) -> np.ndarray:
    """Return a picture as a grey array; transparent parts get a plain background.

    Args:
        picture: (h, w), (h, w, 3) or (h, w, 4). uint8 is 0..255 and bool 0..1; other numbers are
            0..1 when none is above 1, and are otherwise divided by the largest, since 16-bit
            pictures often use a part of their range only.

    Returns:
        float32 (h, w), 0 black to 1 white.

    Raises:
        ValueError: another shape or type, no pixels, or values that are not finite.

    Example:
        >>> to_grey(np.array([[0, 51, 255]], np.uint8)).round(3).tolist()
        [[0.0, 0.20000000298023224, 1.0]]
    """
    picture = np.asarray(picture)
    _check_picture(picture)
    light = picture.astype(np.float32)
    if picture.dtype == np.uint8:
        light /= 255
    else:
        light -= min(float(light.min()), 0.0)
        light /= max(float(light.max()), 1.0)
    if light.ndim == 2:
        return light
    grey = light[..., :3] @ _LUMINANCE
    return grey if light.shape[2] == 3 else _lay_on_background(grey, light[..., 3])


def find_foreground(grey: np.ndarray) -> np.ndarray:
    """Return how strong the foreground is at each pixel; it may be darker or lighter than the background.

    Args:
        grey: float (h, w), 0..1, 0 black.

    Returns:
        float32 (h, w): 0 for background, 1 at the strongest foreground.

    Raises:
        ValueError: the picture has no foreground, or none that can be told from the
            noise or the texture of its background.

    Example:
        >>> find_foreground(np.array([[1, 1, 1, 1], [1, 0.5, 0, 1], [1, 1, 1, 1]])).tolist()
        [[0.0, 0.0, 0.0, 0.0], [0.0, 0.5, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0]]
    """
    strength = foreground_strength(grey)
    foreground, times = strength.values, strength.times
    if not strength.is_drawing:
        foreground = nearly_black_and_white(foreground)
    if times > 1:  # back to the size of the photo: each pixel is repeated
        height, width = np.shape(grey)
        foreground = foreground.repeat(times, axis=0).repeat(times, axis=1)[:height, :width]
    return without_specks(foreground)


class Strength(NamedTuple):
    """How strong the foreground of a picture is, before anything is left out.

    values: float32 (h, w), 0 for background.
    times: each of these pixels stands for so many of the picture, both ways: photos may be averaged down.
    is_drawing: whether the background has one tone, without noise.
    """

    values: np.ndarray
    times: int
    is_drawing: bool


def foreground_strength(grey: np.ndarray, *, several: bool = False) -> Strength:
    """Return how strong the foreground is, without the lines of ruled paper.

    Args:
        grey: float (h, w), 0..1, 0 black.
        several: whether marks all over the picture may be digits, and need not be texture.

    Raises:
        ValueError: the picture has no foreground, or none that can be told from the noise.

    Example:
        >>> foreground_strength(np.array([[1, 1, 1, 1], [1, 0.5, 0, 1], [1, 1, 1, 1]])).values.max()
        np.float32(1.0)
    """
    grey = np.asarray(grey, np.float32)
    background = _flat_background(grey)
    if background is not None:
        drawing = without_printed_lines(_foreground_of_drawing(grey, background), _FAINT)
        # An overexposed photo has a background of one tone, too, but with noise in it: no drawing.
        clean = several or not is_scattered(drawing)
        noise = _noise(drawing, _BLOCKS_OF_PAGE if several else _BLOCKS)
        if clean and 4 * noise <= _FAINT and drawing.any():
            return Strength(drawing, 1, is_drawing=True)
    return _strength_of_photo(grey, several)


def nearly_black_and_white(strength: np.ndarray) -> np.ndarray:
    """Return a photo's foreground from 0 to 1, mostly 0 or 1: as MNIST's digits were before they shrank.

    Args:
        strength: float32 (h, w), 0 for background.
    """
    line = np.median(strength[strength > strength.max() / 2])  # the strength inside a line
    return np.clip((strength / line - _EDGE) / _EDGE_WIDTH, 0, 1)


def crop_to_foreground(foreground: np.ndarray) -> np.ndarray:
    """Return the part of a picture that holds its foreground, without the background around it.

    Pixels below 5 % of the strongest do not count as foreground here.

    Args:
        foreground: float (h, w), 0 for background, not 0 everywhere.

    Returns:
        A view of the rows and columns from the first to the last with foreground.

    Raises:
        ValueError: there is no foreground.

    Example:
        >>> crop_to_foreground(np.array([[0, 0, 0, 0], [0, 2, 0, 3], [0, 0, 0, 0]])).tolist()
        [[2, 0, 3]]
    """
    return foreground[foreground_frame(foreground)]


def foreground_frame(foreground: np.ndarray) -> tuple[slice, slice]:
    """Return the rows and the columns of `crop_to_foreground`.

    Args:
        foreground: float (h, w), 0 for background, not 0 everywhere.

    Raises:
        ValueError: there is no foreground.

    Example:
        >>> foreground_frame(np.array([[0, 0, 0, 0], [0, 2, 0, 3], [0, 0, 0, 0]]))
        (slice(1, 2, None), slice(1, 4, None))
    """
    limit = _FAINT * foreground.max(initial=0.0)
    # Of whole numbers the same ones are above the limit rounded down, and NumPy is quicker without fractions
    mask = foreground > (np.uint8(limit) if foreground.dtype == np.uint8 else limit)
    if not mask.any():
        raise ValueError("no ink in the picture: every value is 0")
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _check_picture(picture: np.ndarray) -> None:
    """Raise ValueError unless this is an array of pixels with finite real values."""
    if not (picture.ndim == 2 or (picture.ndim == 3 and picture.shape[2] in (3, 4))):
        raise ValueError(
            f"a picture is (h, w), (h, w, 3) or (h, w, 4), received shape {picture.shape}"
        )
    if picture.dtype.kind not in "buif":
        raise ValueError(f"a picture holds real numbers, received {picture.dtype}")
    if picture.size == 0:
        raise ValueError(f"no ink in the picture: it has no pixels, shape {picture.shape}")
    if not np.isfinite(picture).all():
        raise ValueError("the picture has values that are not finite")


def _lay_on_background(grey: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Return a picture with transparency laid on a background of one tone, float32 (h, w).

    Opaque strokes on a transparent background get black or white, whichever differs more. A picture that
    is mostly opaque shows its own background, whose tone is continued.

    Args:
        grey: float32 (h, w), 0 to 1.
        alpha: its opacity, float32 (h, w), 0 transparent to 1 opaque.
    """
    visible = grey[alpha > 0.5 * alpha.max()]
    if visible.size == 0:
        return np.zeros_like(grey)
    tone = float(np.median(visible))
    background = 0.0 if tone > 0.5 else 1.0
    if 2 * visible.size > grey.size and np.ptp(visible) > 0.25:
        background = tone  # most of it is opaque and has contrast: it shows its own background
    return grey * alpha + background * (1 - alpha)


def _border(shape: tuple[int, int]) -> np.ndarray:
    """Return a mask of this shape, True in a border a sixteenth of the height and width wide."""
    height, width = shape
    border = np.ones(shape, bool)
    down, across = math.ceil(height / 16), math.ceil(width / 16)
    border[down : height - down, across : width - across] = False
    return border


def _flat_background(grey: np.ndarray) -> float | None:
    """Return the tone of the background, 0 to 1, if it has only one; None for an uneven background.

    It has one if over 30 % of the border's pixels share one of 256 levels.
    """
    border = grey[_border(grey.shape)]
    values, counts = np.unique(np.rint(border * 255), return_counts=True)
    tone = values[counts.argmax()]
    same = np.rint(border * 255) == tone
    return float(np.median(border[same])) if same.mean() > _FLAT else None


def _foreground_of_drawing(grey: np.ndarray, background: float) -> np.ndarray:
    """Return the foreground of a picture whose background has one tone: float32 (h, w), 0 to 1.

    It is the difference from the background, on the side (darker or lighter) where there is more of it.
    """
    lighter, darker = np.maximum(grey - background, 0), np.maximum(background - grey, 0)
    dark, light = (np.square(_inner(plane)).sum() for plane in (darker, lighter))
    if dark == light:  # nothing but at the edges
        dark, light = np.square(darker).sum(), np.square(lighter).sum()
    foreground = darker if dark >= light else lighter
    if foreground.max() < _LEAST_CONTRAST:
        raise ValueError(_BLANK)
    strongest = _inner(foreground).max()  # a strip at an edge may be stronger than pencil
    if strongest < _LEAST_CONTRAST:
        strongest = foreground.max()
    return np.minimum(foreground / strongest, 1)


def _noise(plane: np.ndarray, many: int = _BLOCKS) -> float:
    """Return the standard deviation of the noise of the background.

    It is measured in each of many square blocks, and the lower quartile of the results is returned: lines
    cross the other blocks. Only deviations above a block's median are used, and counted twice, because
    those below are missing on overexposed (clipped) paper.

    Args:
        plane: float (h, w), higher where the picture is darker.
        many: blocks on the shorter side.
    """
    side = math.ceil(min(plane.shape) / many)
    rows, columns = (length // side for length in plane.shape)
    blocks = plane[: rows * side, : columns * side].reshape(rows, side, columns, side)
    above = np.maximum(blocks - np.median(blocks, axis=(1, 3), keepdims=True), 0)
    return float(np.quantile(np.sqrt(2 * np.square(above).mean(axis=(1, 3))), 0.25))


def _inner(plane: np.ndarray) -> np.ndarray:
    """Return a plane (h, w) without its outermost pixels: a strip at an edge is no digit."""
    down, across = (length // _OUTERMOST for length in plane.shape)
    return plane[down : plane.shape[0] - down, across : plane.shape[1] - across]


def _strength_of_photo(grey: np.ndarray, several: bool) -> Strength:
    """Return the foreground's strength in a photo, with noise and uneven light.

    The photo is halved in size, which averages noise away, until the foreground is 20 times as strong as
    the noise and forms a digit, or the photo is small; the best of these sizes is taken.
    """
    times = math.ceil(max(grey.shape) / _MOST_SIDE)
    smaller, best = grey, (0.0, np.zeros_like(grey), 1)
    if times > 1:
        smaller = _reduce(grey, times)
    smaller = without_surroundings(smaller)
    least = _LEAST_SIDE
    while True:
        values, peak, is_ruled = _foreground_above_noise(smaller)
        if is_ruled:  # in a smaller picture the lines would not be known for what they are
            least = LEAST_SIDE_RULED
        scattered = not several and peak > 0 and is_scattered(values)
        # Averaging makes one digit of grains: what is scattered counts as if it were as weak as noise.
        weight = min(peak, _VISIBLE) if scattered else peak
        best = max(best, (weight, values, times), key=operator.itemgetter(0))
        if best[0] >= _NOISE_FREE or min(smaller.shape) < 2 * least:
            break
        smaller, times = _reduce(smaller, 2), 2 * times
    peak, values, times = best
    if peak == 0 or not values.any():
        raise ValueError(_BLANK)
    if peak < _VISIBLE:
        raise ValueError("no ink in the picture that stands out from the noise of the paper")
    return Strength(values, times, is_drawing=False)


def _foreground_above_noise(grey: np.ndarray) -> tuple[np.ndarray, float, bool]:
    """Return the foreground of a photo at its present size, and its largest value divided by the noise.

    The foreground, float32 (h, w), is 0 where it is below 4 times the noise. The number is 0 if even the
    strongest foreground is below `_LEAST_CONTRAST`. Last comes whether printed lines were left out.
    """
    grey = _blur(grey)
    is_dark = _is_foreground_dark(grey)
    background = _without_lines(grey) if is_dark else 1 - _without_lines(1 - grey)
    foreground = background - grey if is_dark else grey - background
    foreground -= np.median(foreground)  # noise lifts the estimate of the background everywhere
    # The median deviation, times 1.4826 a standard deviation, sees little of lines.
    spread = 1.4826 * float(np.median(np.abs(foreground)))
    ruled = foreground
    foreground = without_printed_lines(ruled, max(3 * spread, _LEAST_CONTRAST / 2))
    # The larger of two estimates. The first misses noise coarser than a block; the second (the median
    # deviation, times 1.4826 a standard deviation) misses noise that is clipped in over half the picture.
    noise = max(_noise(foreground), 1.4826 * float(np.median(np.abs(foreground))))
    strongest = float(foreground.max())
    foreground[foreground < 4 * noise] = 0
    if is_dark:
        # A dark line absorbs a share of the light: divided by the light, it is as strong in a shadow.
        # But no paper is that dark: what little is seen on a dark table does not become ink.
        darkest = max(_LEAST_CONTRAST, _DARKEST * float(np.median(background)))
        foreground /= np.maximum(background, darkest)
    peak = strongest / max(noise, 1e-6) if strongest >= _LEAST_CONTRAST else 0.0
    return foreground, peak, foreground is not ruled


def _is_foreground_dark(grey: np.ndarray) -> bool:
    """Return whether a photo's foreground is darker than its background.

    Each pixel is compared with the mean of a window around it. Lines cover less of the window than
    background does, so they differ more from the mean, and dominate the sum of the cubed differences, whose
    sign is the answer. A shadow's edge has as much on either side, and adds nothing.
    """
    grey = _inner(grey)
    sample = grey[:: math.ceil(len(grey) / _SAMPLES), :: math.ceil(grey.shape[1] / _SAMPLES)]
    mean, window = sample.astype(np.float64), _window(sample)
    for _ in range(2):  # a mean over columns, transposed, then one over rows, transposed back
        padded = np.pad(mean, [(window // 2 + 1, window // 2), (0, 0)], mode="symmetric")
        sums = padded.cumsum(axis=0)
        mean = ((sums[window:] - sums[:-window]) / window).T
    return bool(np.power(sample - mean, 3).sum() <= 0)


def _without_lines(grey: np.ndarray) -> np.ndarray:
    """Return the picture (h, w) with dark lines filled with the light around them: its background.

    This is a morphological closing: a maximum over a window, then a minimum. Dark parts narrower than the
    window vanish. Uneven light, shadows and a scan's dark border are wider and stay.
    """
    window = _window(grey)
    plane = np.pad(np.rint(grey * 65535).astype(np.uint16), window - 1, mode="edge")
    for extreme in (np.maximum, np.minimum):
        for _ in range(2):  # along columns, then, transposed, along rows
            covered = 1  # each value is the extreme of so many neighbours; it doubles every time
            while covered < window:
                step = min(covered, window - covered)
                plane = extreme(plane[:-step], plane[step:])
                covered += step
            plane = plane.T
    return plane.astype(np.float32) / 65535


def _window(grey: np.ndarray) -> int:
    """Return the side, an odd number of pixels, of a window that is wider than any line of the digit."""
    return 2 * (max(grey.shape) // _WINDOWS // 2) + 1


def _blur(plane: np.ndarray) -> np.ndarray:
    """Return the picture averaged with its neighbours, with weights 1 2 1 in both directions."""
    for _ in range(2):
        padded = np.pad(plane, [(1, 1), (0, 0)], mode="edge")
        plane = ((padded[:-2] + 2 * plane + padded[2:]) / 4).T
    return plane


def _reduce(plane: np.ndarray, times: int) -> np.ndarray:
    """Return the means of `times` x `times` pixels; the last row and column are repeated to make it even."""
    plane = np.pad(plane, [(0, -length % times) for length in plane.shape], mode="edge")
    plane = sum(plane[i::times] for i in range(times)) / times
    return sum(plane[:, i::times] for i in range(times)) / times
