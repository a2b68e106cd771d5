"""Telling the ink of a picture from its paper."""

import math

import numpy as np

_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601, as Pillow's "L"
_LEAST_CONTRAST = 0.03  # of full scale: less than 8 of 255 levels is not ink
_FAINT = 0.05  # of the strongest ink: fainter pixels do not widen the crop
_FLAT = 0.3  # of the rim: paper is flat when more than this share of its rim has one tone
_NOISE_FREE = 20  # times the noise: ink as strong as that needs no averaging
_VISIBLE = 10  # times the noise: the strongest ink that is not noise
_LEAST_SIDE = 64  # pixels: a picture is not averaged down below that to be rid of its noise
_BLOCKS = 16  # on the shorter side: noise is measured in blocks that lines mostly miss
_SPECK = 0.005  # of the heaviest blob's ink: lighter blobs are dust
_SCATTERED = 0.2  # of all ink: if the heaviest blob holds less, that is texture and no digit
_SAMPLES = 128  # points a side that tell dark ink from light
_WINDOWS = 4  # on the longer side: a window is wider than any line
_CELLS = 128  # cells a side of the grid on which blobs are told apart
_BLANK = "no ink in the picture: it is blank, or too faint to tell from the paper"


def to_grey(picture: np.ndarray) -> np.ndarray:
    """Turn an array of pixels into one plane of light, transparent parts laid on plain paper.

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
    return grey if light.shape[2] == 3 else _lay_on_paper(grey, light[..., 3])


def find_ink(grey: np.ndarray) -> np.ndarray:
    """Tell the ink from the paper, whichever is darker, in even or uneven light.

    Args:
        grey: float (h, w), 0..1, 0 black.

    Returns:
        float32 (h, w): 0 where the paper is bare, 1 at the strongest ink.

    Raises:
        ValueError: the picture has no ink, or none that can be told from the noise or the texture of
            its paper.

    Example:
        >>> find_ink(np.array([[1, 1, 1, 1], [1, 0.5, 0, 1], [1, 1, 1, 1]])).tolist()
        [[0.0, 0.0, 0.0, 0.0], [0.0, 0.5, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0]]
    """
    grey = np.asarray(grey, np.float32)
    paper = _flat_paper(grey)
    ink = None if paper is None else _ink_of_drawing(grey, paper)
    # Of overexposed paper much is plain white, yet its noise must not pass for ink.
    if ink is None or 4 * _noise(ink) > _FAINT:
        ink = _ink_of_photo(grey)
    return _without_specks(ink)


def crop_to_ink(ink: np.ndarray) -> np.ndarray:
    """Cut the paper around the ink off, and ink that is too faint to count.

    Args:
        ink: float (h, w), 0 for paper, not 0 everywhere.

    Returns:
        A view of the rows and columns from the first to the last with ink.

    Raises:
        ValueError: there is no ink.

    Example:
        >>> crop_to_ink(np.array([[0, 0, 0, 0], [0, 2, 0, 3], [0, 0, 0, 0]])).tolist()
        [[2, 0, 3]]
    """
    inked = ink > _FAINT * ink.max(initial=0.0)
    if not inked.any():
        raise ValueError("no ink in the picture: every value is 0")
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


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


def _lay_on_paper(grey: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Fill the transparent parts: strokes get paper of the opposite tone, a photo more of its own."""
    visible = grey[alpha > 0.5 * alpha.max()]
    if visible.size == 0:
        return np.zeros_like(grey)
    tone = float(np.median(visible))
    paper = 0.0 if tone > 0.5 else 1.0
    if 2 * visible.size > grey.size and np.ptp(visible) > 0.25:
        paper = tone  # most of it is opaque and has contrast: it shows its own paper
    return grey * alpha + paper * (1 - alpha)


def _rim(shape: tuple[int, int]) -> np.ndarray:
    """Mark the outer sixteenth of a picture, where there is seldom ink: bool (h, w)."""
    height, width = shape
    rim = np.ones(shape, bool)
    down, across = math.ceil(height / 16), math.ceil(width / 16)
    rim[down : height - down, across : width - across] = False
    return rim


def _flat_paper(grey: np.ndarray) -> float | None:
    """Return the one tone of a drawing's paper, or None if the paper is unevenly lit."""
    rim = grey[_rim(grey.shape)]
    values, counts = np.unique(np.rint(rim * 255), return_counts=True)
    tone = values[counts.argmax()]
    same = np.rint(rim * 255) == tone
    return float(np.median(rim[same])) if same.mean() > _FLAT else None


def _ink_of_drawing(grey: np.ndarray, paper: float) -> np.ndarray:
    """Return the ink, 0 to 1, on paper of one tone; every grey level counts."""
    lighter, darker = np.maximum(grey - paper, 0), np.maximum(paper - grey, 0)
    ink = darker if np.square(darker).sum() >= np.square(lighter).sum() else lighter
    if ink.max() < _LEAST_CONTRAST:
        raise ValueError(_BLANK)
    return ink / ink.max()


def _noise(plane: np.ndarray) -> float:
    """Return the standard deviation of the noise above the middle tone, from the quieter blocks.

    Noise below it may be missing: paper that is overexposed has none that is lighter than white.
    """
    side = math.ceil(min(plane.shape) / _BLOCKS)
    rows, columns = (length // side for length in plane.shape)
    blocks = plane[: rows * side, : columns * side].reshape(rows, side, columns, side)
    above = np.maximum(blocks - np.median(blocks, axis=(1, 3), keepdims=True), 0)
    return float(np.quantile(np.sqrt(2 * np.square(above).mean(axis=(1, 3))), 0.25))


def _ink_of_photo(grey: np.ndarray) -> np.ndarray:
    """Return the ink, 0 to 1, on noisy and unevenly lit paper, nearly black and white.

    Noise is averaged away by halving the picture, as often as it takes the ink to stand out.
    MNIST's digits were black and white, too, before they were scaled down.
    """
    ink, ratio = _ink_above_noise(grey)
    smaller = grey
    while ratio < _NOISE_FREE and min(smaller.shape) >= 2 * _LEAST_SIDE:
        smaller = _halve(smaller)
        ink, ratio = max((ink, ratio), _ink_above_noise(smaller), key=lambda found: found[1])
    if ratio == 0:
        raise ValueError(_BLANK)
    if ratio < _VISIBLE:
        raise ValueError("no ink in the picture that stands out from the noise of the paper")
    typical = np.median(ink[ink > ink.max() / 2])
    ink = np.clip((ink / typical - 0.3) / 0.4, 0, 1)
    times = math.ceil(len(grey) / len(ink))
    return ink.repeat(times, axis=0).repeat(times, axis=1)[: len(grey), : grey.shape[1]]


def _ink_above_noise(grey: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the ink (h, w), 0 where it might be noise, and how many times the noise its strongest is.

    The number is 0 if all ink is too faint, noise or not.
    """
    grey = _blur(grey)
    is_dark = _is_ink_dark(grey)
    paper = _without_lines(grey) if is_dark else 1 - _without_lines(1 - grey)
    ink = paper - grey if is_dark else grey - paper
    ink -= np.median(ink)  # noise lifts the estimate of the paper everywhere
    # Either misses some: noise that is coarser than a block, or cut off in more than half the picture.
    noise = max(_noise(ink), 1.4826 * float(np.median(np.abs(ink))))
    strongest = float(ink.max())
    ink[ink < 4 * noise] = 0
    ink = np.maximum(ink, 0)
    if is_dark:
        # Dark ink takes away a share of the light, so it counts for as much in the shadow.
        ink /= np.maximum(paper, _LEAST_CONTRAST)
    return ink, strongest / max(noise, 1e-6) if strongest >= _LEAST_CONTRAST else 0.0


def _is_ink_dark(grey: np.ndarray) -> bool:
    """Tell whether a photo's ink is darker than its paper.

    There is less ink than paper around it, so it differs more from the mean of both. Cubes tell the
    sign, and of a shadow's edge, which has as much on either side, they leave nothing.
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
            reach = 1
            while reach < window:
                step = min(reach, window - reach)
                plane = extreme(plane[:-step], plane[step:])
                reach += step
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


def _without_specks(ink: np.ndarray) -> np.ndarray:
    """Wipe out dust around the digit: blobs that hold next to no ink beside the heaviest one.

    Only the ink inside the frame of the other blobs is left, dust or not, as it is in MNIST.
    """
    cell = math.ceil(max(ink.shape) / _CELLS)
    padded = np.pad(ink, [(0, -length % cell) for length in ink.shape])
    rows, columns = (length // cell for length in padded.shape)
    mass = padded.reshape(rows, cell, columns, cell).sum(axis=(1, 3))
    labels = _label_blobs(mass > 0)
    mass_of_blob = np.bincount(labels.ravel(), mass.ravel())
    if mass_of_blob.max() < _SCATTERED * mass_of_blob.sum():
        raise ValueError(
            "no ink in the picture that forms a digit: marks are scattered all over it"
        )
    kept = np.argwhere((mass_of_blob >= _SPECK * mass_of_blob.max())[labels])
    (top, left), (bottom, right) = kept.min(axis=0) * cell, (kept.max(axis=0) + 1) * cell
    clean = np.zeros_like(ink)
    clean[top:bottom, left:right] = ink[top:bottom, left:right]
    return clean


def _label_blobs(inked: np.ndarray) -> np.ndarray:
    """Number the cells (rows, columns) so that touching inked cells share a number, paper has 0."""
    rows, columns = inked.shape
    labels = np.where(inked, np.arange(1, inked.size + 1).reshape(inked.shape), 0)
    while True:
        around = np.pad(labels, 1)
        across = np.maximum.reduce([around[:, i : i + columns] for i in range(3)])
        spread = np.maximum.reduce([across[i : i + rows] for i in range(3)]) * inked
        if np.array_equal(spread, labels):
            return labels
        labels = spread
