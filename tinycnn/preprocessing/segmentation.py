"""Segmentation: telling the foreground of a picture from its background."""

import math

import numpy as np

_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601, as Pillow's "L"
_LEAST_CONTRAST = 0.03  # of full scale: less than 8 of 255 levels is not foreground
_FAINT = 0.05  # of the strongest foreground: fainter pixels do not widen the crop
_FLAT = 0.3  # of the border: the background is flat when more than this share has one tone
_NOISE_FREE = 20  # times the noise: foreground as strong as that needs no averaging
_VISIBLE = 10  # times the noise: the strongest foreground that is not noise
_LEAST_SIDE = 64  # pixels: a picture is not averaged down below that to be rid of its noise
_BLOCKS = 16  # on the shorter side: noise is measured in blocks that lines mostly miss
_SPECK = 0.005  # of the heaviest connected component's sum: lighter ones are dust
_SCATTERED = 0.2  # of all sums: if the heaviest component holds less, that is texture and no digit
_SAMPLES = 128  # points a side that tell a dark foreground from a light one
_WINDOWS = 4  # on the longer side: a window is wider than any line
_CELLS = 128  # cells a side of the grid on which connected components are told apart
_EDGE, _EDGE_WIDTH = 0.3, 0.4  # of a line's strength: where its edge begins, and how wide it is
_BLANK = "no ink in the picture: it is blank, or too faint to tell from the paper"


def to_grey(picture: np.ndarray) -> np.ndarray:
    """Turn an array of pixels into one plane of light, transparent parts laid on a plain background.

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
    """Tell the foreground from the background, whichever is darker, in even or uneven light.

    Args:
        grey: float (h, w), 0..1, 0 black.

    Returns:
        float32 (h, w): 0 where the background is bare, 1 at the strongest foreground.

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
    # Much of an overexposed background is plain white, yet its noise must not pass for foreground.
    if foreground is None or 4 * _noise(foreground) > _FAINT:
        foreground = _foreground_of_photo(grey)
    return _without_specks(foreground)


def crop_to_foreground(foreground: np.ndarray) -> np.ndarray:
    """Cut the background around the foreground off, and foreground that is too faint to count.

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
    """Fill the transparent parts: strokes get one of the opposite tone, a photo more of its own."""
    visible = grey[alpha > 0.5 * alpha.max()]
    if visible.size == 0:
        return np.zeros_like(grey)
    tone = float(np.median(visible))
    background = 0.0 if tone > 0.5 else 1.0
    if 2 * visible.size > grey.size and np.ptp(visible) > 0.25:
        background = tone  # most of it is opaque and has contrast: it shows its own background
    return grey * alpha + background * (1 - alpha)


def _border(shape: tuple[int, int]) -> np.ndarray:
    """Mark the outer sixteenth of a picture, where there is seldom foreground: bool (h, w)."""
    height, width = shape
    border = np.ones(shape, bool)
    down, across = math.ceil(height / 16), math.ceil(width / 16)
    border[down : height - down, across : width - across] = False
    return border


def _flat_background(grey: np.ndarray) -> float | None:
    """Return the one tone of a drawing's background, or None if the background is unevenly lit."""
    border = grey[_border(grey.shape)]
    values, counts = np.unique(np.rint(border * 255), return_counts=True)
    tone = values[counts.argmax()]
    same = np.rint(border * 255) == tone
    return float(np.median(border[same])) if same.mean() > _FLAT else None


def _foreground_of_drawing(grey: np.ndarray, background: float) -> np.ndarray:
    """Return the foreground, 0 to 1, on a background of one tone; every grey level counts."""
    lighter, darker = np.maximum(grey - background, 0), np.maximum(background - grey, 0)
    foreground = darker if np.square(darker).sum() >= np.square(lighter).sum() else lighter
    if foreground.max() < _LEAST_CONTRAST:
        raise ValueError(_BLANK)
    return foreground / foreground.max()


def _noise(plane: np.ndarray) -> float:
    """Return the standard deviation of the noise above the middle tone, from the quieter blocks.

    Noise below it may be missing: a background that is overexposed has none that is lighter than white.
    """
    side = math.ceil(min(plane.shape) / _BLOCKS)
    rows, columns = (length // side for length in plane.shape)
    blocks = plane[: rows * side, : columns * side].reshape(rows, side, columns, side)
    above = np.maximum(blocks - np.median(blocks, axis=(1, 3), keepdims=True), 0)
    return float(np.quantile(np.sqrt(2 * np.square(above).mean(axis=(1, 3))), 0.25))


def _foreground_of_photo(grey: np.ndarray) -> np.ndarray:
    """Return the foreground, 0 to 1, on a noisy and unevenly lit background, nearly black and white.

    Noise is averaged away by halving the picture, as often as it takes the foreground to stand out.
    MNIST's digits were black and white, too, before they were scaled down.
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
    line = np.median(foreground[foreground > foreground.max() / 2])  # as strong as a line is inside
    foreground = np.clip((foreground / line - _EDGE) / _EDGE_WIDTH, 0, 1)
    # Back to the size of the picture: what was halved is repeated.
    times = math.ceil(len(grey) / len(foreground))
    return foreground.repeat(times, axis=0).repeat(times, axis=1)[: len(grey), : grey.shape[1]]


def _foreground_above_noise(grey: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the foreground (h, w), 0 where it might be noise, and how many times the noise its peak is.

    The number is 0 if all foreground is too faint, noise or not.
    """
    grey = _blur(grey)
    is_dark = _is_foreground_dark(grey)
    background = _without_lines(grey) if is_dark else 1 - _without_lines(1 - grey)
    foreground = background - grey if is_dark else grey - background
    foreground -= np.median(foreground)  # noise lifts the estimate of the background everywhere
    # Either misses some: noise that is coarser than a block, or cut off in more than half the picture.
    noise = max(_noise(foreground), 1.4826 * float(np.median(np.abs(foreground))))
    strongest = float(foreground.max())
    foreground[foreground < 4 * noise] = 0
    foreground = np.maximum(foreground, 0)
    if is_dark:
        # A dark foreground takes away a share of the light, so it counts for as much in the shadow.
        foreground /= np.maximum(background, _LEAST_CONTRAST)
    return foreground, strongest / max(noise, 1e-6) if strongest >= _LEAST_CONTRAST else 0.0


def _is_foreground_dark(grey: np.ndarray) -> bool:
    """Tell whether a photo's foreground is darker than its background.

    There is less foreground than background around it, so it differs more from the mean of both. Cubes
    tell the sign, and of a shadow's edge, which has as much on either side, they leave nothing.
    """
    sample = grey[:: math.ceil(len(grey) / _SAMPLES), :: math.ceil(grey.shape[1] / _SAMPLES)]
    mean, window = sample.astype(np.float64), _window(sample)
    for _ in range(2):
        padded = np.pad(mean, [(window // 2 + 1, window // 2), (0, 0)], mode="symmetric")
        sums = padded.cumsum(axis=0)
        mean = ((sums[window:] - sums[:-window]) / window).T
    return bool(np.power(sample - mean, 3).sum() <= 0)


def _without_lines(grey: np.ndarray) -> np.ndarray:
    """Fill all that is dark and narrower than a window, from its lighter neighbourhood: (h, w).

    It is the morphological closing: whatever is dark stays so only if a whole window of it is. Light
    that falls off, a shadow with a hard edge and a scan's dark border are wide enough to stay.
    """
    window = _window(grey)
    plane = np.pad(np.rint(grey * 65535).astype(np.uint16), window - 1, mode="edge")
    for extreme in (np.maximum, np.minimum):
        for _ in range(2):
            covered = 1
            while covered < window:
                step = min(covered, window - covered)
                plane = extreme(plane[:-step], plane[step:])
                covered += step
            plane = plane.T
    return plane.astype(np.float32) / 65535


def _window(grey: np.ndarray) -> int:
    """Return how many pixels a side are sure to be more than a line's width, an odd number."""
    return 2 * (max(grey.shape) // _WINDOWS // 2) + 1


def _blur(plane: np.ndarray) -> np.ndarray:
    """Average with the neighbours, weights 1 2 1 both ways, which takes away most of the noise."""
    for _ in range(2):
        padded = np.pad(plane, [(1, 1), (0, 0)], mode="edge")
        plane = ((padded[:-2] + 2 * plane + padded[2:]) / 4).T
    return plane


def _halve(plane: np.ndarray) -> np.ndarray:
    """Average squares of 2 x 2 pixels; the last row or column counts twice if it has no partner."""
    plane = np.pad(plane, [(0, length % 2) for length in plane.shape], mode="edge")
    plane = (plane[::2] + plane[1::2]) / 2
    return (plane[:, ::2] + plane[:, 1::2]) / 2


def _without_specks(foreground: np.ndarray) -> np.ndarray:
    """Wipe out dust around the digit: connected components that weigh next to nothing beside the heaviest.

    Inside the frame of the other components all foreground is left, dust or not, as it is in MNIST.
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
    """Label the connected components of a mask: its cells that touch share a number, the others have 0."""
    rows, columns = mask.shape
    labels = np.where(mask, np.arange(1, mask.size + 1).reshape(mask.shape), 0)
    while True:
        around = np.pad(labels, 1)
        across = np.maximum.reduce([around[:, i : i + columns] for i in range(3)])
        propagated = np.maximum.reduce([across[i : i + rows] for i in range(3)]) * mask
        if np.array_equal(propagated, labels):
            return labels
        labels = propagated
