"""Segmentation: separating the foreground of a picture, the lines of a digit, from its background.

"Ink" in error messages is the foreground, "paper" the background. A drawing has a background of one tone;
anything else is treated as a photo, with noise and uneven light.
"""

import math

import numpy as np

_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601, as Pillow's "L"
_LEAST_CONTRAST = 0.03  # of full scale: foreground weaker than that (8 of 255 levels) is none
_FAINT = 0.05  # of the strongest foreground: fainter pixels are cropped off
_FLAT = 0.3  # share of the border's pixels: if more have the same tone, the background has one tone
_NOISE_FREE = 20  # strongest foreground over noise: from here on a photo need not be averaged down
_VISIBLE = 10  # strongest foreground over noise: below this, all foreground may be noise
_LEAST_SIDE = 64  # pixels of the shorter side: a photo is not averaged down to fewer
_BLOCKS = 16  # blocks on the shorter side, in which noise is measured; lines miss most of them
_SPECK = 0.005  # of the largest component's sum: connected components below it are dust
_SCATTERED = 0.2  # of the sum of all: if the largest component has less, the picture is texture
_SAMPLES = 128  # pixels a side that are looked at to decide whether the foreground is dark
_WINDOWS = 4  # windows on the longer side; such a window is wider than any line
_CELLS = 128  # cells a side of the grid on which connected components are labelled
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
    grey = np.asarray(grey, np.float32)
    background = _flat_background(grey)
    foreground = None if background is None else _foreground_of_drawing(grey, background)
    # An overexposed photo has a background of one tone, too, but with noise in it: that is no drawing.
    if foreground is None or 4 * _noise(foreground) > _FAINT:
        foreground = _foreground_of_photo(grey)
    return _without_specks(foreground)


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
    mask = foreground > _FAINT * foreground.max(initial=0.0)
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
    foreground = darker if np.square(darker).sum() >= np.square(lighter).sum() else lighter
    if foreground.max() < _LEAST_CONTRAST:
        raise ValueError(_BLANK)
    return foreground / foreground.max()


def _noise(plane: np.ndarray) -> float:
    """Return the standard deviation of the noise of the background.

    It is measured in each of many square blocks, and the lower quartile of the results is returned: lines
    cross the other blocks. Only deviations above a block's median are used, and counted twice, because
    those below are missing on overexposed (clipped) paper.

    Args:
        plane: float (h, w), higher where the picture is darker.
    """
    side = math.ceil(min(plane.shape) / _BLOCKS)
    rows, columns = (length // side for length in plane.shape)
    blocks = plane[: rows * side, : columns * side].reshape(rows, side, columns, side)
    above = np.maximum(blocks - np.median(blocks, axis=(1, 3), keepdims=True), 0)
    return float(np.quantile(np.sqrt(2 * np.square(above).mean(axis=(1, 3))), 0.25))


def _foreground_of_photo(grey: np.ndarray) -> np.ndarray:
    """Return the foreground of a photo, with noise and uneven light: float32 (h, w), mostly 0 or 1.

    The photo is halved in size, which averages noise away, until the foreground is 20 times as strong as
    the noise or the photo is small; the best of these sizes is taken. The result is nearly black and white
    because MNIST's digits were so before they were scaled down.
    """
    foreground, peak = _foreground_above_noise(grey)
    smaller = grey
    while peak < _NOISE_FREE and min(smaller.shape) >= 2 * _LEAST_SIDE:
        smaller = _halve(smaller)
        foreground, peak = max(
            (foreground, peak), _foreground_above_noise(smaller), key=lambda pair: pair[1]
        )
    if peak == 0:
        raise ValueError(_BLANK)
    if peak < _VISIBLE:
        raise ValueError("no ink in the picture that stands out from the noise of the paper")
    line = np.median(foreground[foreground > foreground.max() / 2])  # the strength inside a line
    foreground = np.clip((foreground / line - _EDGE) / _EDGE_WIDTH, 0, 1)
    # Back to the size of the photo: each pixel is repeated.
    times = math.ceil(len(grey) / len(foreground))
    return foreground.repeat(times, axis=0).repeat(times, axis=1)[: len(grey), : grey.shape[1]]


def _foreground_above_noise(grey: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the foreground of a photo at its present size, and its largest value divided by the noise.

    The foreground, float32 (h, w), is 0 where it is below 4 times the noise. The number is 0 if even the
    strongest foreground is below `_LEAST_CONTRAST`.
    """
    grey = _blur(grey)
    is_dark = _is_foreground_dark(grey)
    background = _without_lines(grey) if is_dark else 1 - _without_lines(1 - grey)
    foreground = background - grey if is_dark else grey - background
    foreground -= np.median(foreground)  # noise lifts the estimate of the background everywhere
    # The larger of two estimates. The first misses noise coarser than a block; the second (the median
    # deviation, times 1.4826 a standard deviation) misses noise that is clipped in over half the picture.
    noise = max(_noise(foreground), 1.4826 * float(np.median(np.abs(foreground))))
    strongest = float(foreground.max())
    foreground[foreground < 4 * noise] = 0
    foreground = np.maximum(foreground, 0)
    if is_dark:
        # A dark line absorbs a share of the light: divided by the light, it is as strong in a shadow.
        foreground /= np.maximum(background, _LEAST_CONTRAST)
    return foreground, strongest / max(noise, 1e-6) if strongest >= _LEAST_CONTRAST else 0.0


def _is_foreground_dark(grey: np.ndarray) -> bool:
    """Return whether a photo's foreground is darker than its background.

    Each pixel is compared with the mean of a window around it. Lines cover less of the window than
    background does, so they differ more from the mean, and dominate the sum of the cubed differences, whose
    sign is the answer. A shadow's edge has as much on either side, and adds nothing.
    """
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


def _halve(plane: np.ndarray) -> np.ndarray:
    """Return the means of 2 x 2 pixels; an odd last row or column is repeated to make pairs."""
    plane = np.pad(plane, [(0, length % 2) for length in plane.shape], mode="edge")
    plane = (plane[::2] + plane[1::2]) / 2
    return (plane[:, ::2] + plane[:, 1::2]) / 2


def _without_specks(foreground: np.ndarray) -> np.ndarray:
    """Return the foreground (h, w) with 0 outside the rectangle that holds all but tiny components.

    Connected components are found on a coarse grid of cells. Those whose sum is below 0.5 % of the largest
    are dust, and do not widen the rectangle; dust inside it stays.

    Raises:
        ValueError: if the largest component has less than 20 % of all foreground: that is texture.
    """
    cell = math.ceil(max(foreground.shape) / _CELLS)
    padded = np.pad(foreground, [(0, -length % cell) for length in foreground.shape])
    rows, columns = (length // cell for length in padded.shape)
    mass = padded.reshape(rows, cell, columns, cell).sum(axis=(1, 3))
    labels = _label_components(mass > 0)
    mass_of_component = np.bincount(labels.ravel(), mass.ravel())
    if mass_of_component.max() < _SCATTERED * mass_of_component.sum():
        raise ValueError(
            "no ink in the picture that forms a digit: marks are scattered all over it"
        )
    kept = np.argwhere((mass_of_component >= _SPECK * mass_of_component.max())[labels])
    (top, left), (bottom, right) = kept.min(axis=0) * cell, (kept.max(axis=0) + 1) * cell
    clean = np.zeros_like(foreground)
    clean[top:bottom, left:right] = foreground[top:bottom, left:right]
    return clean


def _label_components(mask: np.ndarray) -> np.ndarray:
    """Return labels of a mask's connected components, int (h, w): 0 where the mask is False.

    Cells that touch, also at a corner, have the same label: the largest index among them.
    """
    rows, columns = mask.shape
    # Each cell begins with a number of its own, and takes the largest of its neighbours until all agree.
    labels = np.where(mask, np.arange(1, mask.size + 1).reshape(mask.shape), 0)
    while True:
        padded = np.pad(labels, 1)
        across = np.maximum.reduce([padded[:, i : i + columns] for i in range(3)])
        propagated = np.maximum.reduce([across[i : i + rows] for i in range(3)]) * mask
        if np.array_equal(propagated, labels):
            return labels
        labels = propagated
