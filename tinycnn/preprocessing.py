"""Any picture of one digit becomes a 28x28 image as MNIST was made.

The rule of MNIST: crop the ink, scale its longer side to 20 pixels by area averaging, stretch the
values until the darkest ink is 255, and shift by whole pixels until the centre of mass is in the
middle of the 28x28 field. A network that learnt MNIST misreads digits that were prepared otherwise.

Source: the rebuilding of MNIST's lost procedure in Yadav & Bottou, "Cold Case: The Lost MNIST
Digits", 2019. On MNIST's own test images `to_mnist` changes next to nothing.
"""

import math

import numpy as np

FIELD = 28  # side of an MNIST image, in pixels
BOX = 20  # the longer side of the digit in it
MIDDLE = 14.0  # pixel index of the centre of mass, measured on MNIST: within 13.5 .. 14.5

_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601, as Pillow's "L"
_LEAST_CONTRAST = 0.03  # of full scale: less than 8 of 255 levels is not ink
_FAINT = 0.05  # of the strongest ink: fainter pixels do not widen the crop
_FLAT = 0.3  # of the rim: paper is flat when more than this share of its rim has one tone
_SPECK = 0.005  # of the heaviest blob's ink: lighter blobs are dust
_SAMPLES = 100  # points a side that the paper's brightness is fitted to
_CELLS = 128  # cells a side of the grid on which blobs are told apart


def to_mnist(picture: np.ndarray) -> np.ndarray:
    """Prepare the picture of one digit as MNIST was prepared.

    Args:
        picture: (h, w) grey, or (h, w, 3) RGB, or (h, w, 4) RGBA; see `to_grey` for the values.
            Dark ink on light paper or light on dark, of any size, anywhere in the picture.

    Returns:
        uint8 (28, 28): ink 255 on 0, the centre of mass at pixel index 13.5 to 14.5 both ways.

    Raises:
        ValueError: the array is no picture, or has no ink in it.

    Example:
        >>> paper = np.full((90, 60), 255, np.uint8)
        >>> paper[10:70, 5:14] = 0  # a 1, in the corner
        >>> image = to_mnist(paper)
        >>> np.argwhere(image).min(axis=0).tolist(), np.argwhere(image).max(axis=0).tolist()
        ([5, 13], [24, 15])
    """
    return centre(fit_box(find_ink(to_grey(picture))))


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
        ValueError: the picture has no ink.

    Example:
        >>> find_ink(np.array([[1, 1, 1, 1], [1, 0.5, 0, 1], [1, 1, 1, 1]])).tolist()
        [[0.0, 0.0, 0.0, 0.0], [0.0, 0.5, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0]]
    """
    grey = np.asarray(grey, np.float32)
    paper = _flat_paper(grey)
    ink = _ink_of_photo(grey) if paper is None else _ink_of_drawing(grey, paper)
    return _without_specks(ink)


def fit_box(ink: np.ndarray) -> np.ndarray:
    """Scale the inked part to a 20x20 box, aspect kept, by area averaging.

    Args:
        ink: float (h, w), 0 for paper, not 0 everywhere.

    Returns:
        uint8 (20, 20): the longer side of the ink fills the box; its strongest value is 255.

    Raises:
        ValueError: there is no ink.

    Example:
        >>> fit_box(np.ones((40, 10))).sum(axis=0).tolist() == [255 * 20] * 5 + [0] * 15
        True
    """
    ink = np.asarray(ink, np.float64)
    inked = ink > _FAINT * ink.max(initial=0.0)
    if not inked.any():
        raise ValueError("no ink in the picture: every value is 0")
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    crop = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    side = max(crop.shape)
    # An average over exact areas: a crop smaller than the box comes out as if each of its pixels had
    # first been repeated, which is how small digits are enlarged.
    box = _overlaps(crop.shape[0], side) @ crop @ _overlaps(crop.shape[1], side).T
    return np.rint(box * (255 / box.max())).astype(np.uint8)


def centre(box: np.ndarray) -> np.ndarray:
    """Place a 20x20 box in a 28x28 field, by whole pixels, so that its mass is in the middle.

    Args:
        box: uint8 (20, 20), 0 for paper, not 0 everywhere.

    Returns:
        uint8 (28, 28): the centre of mass at pixel index 13.5 to 14.5, unless the digit is so
        lopsided that this would push ink out of the field.

    Example:
        >>> np.argwhere(centre(np.pad(np.uint8([[255]]), (0, 19)))).tolist()
        [[14, 14]]
    """
    field = np.zeros((FIELD, FIELD), np.uint8)
    inked = np.argwhere(box)
    first, last = inked.min(axis=0), inked.max(axis=0) + 1
    mass = box[box > 0].astype(np.float64)
    at = np.floor(MIDDLE + 0.5 - mass @ (inked - first) / mass.sum()).astype(int)
    top, left = np.clip(at, 0, FIELD - (last - first))
    crop = box[first[0] : last[0], first[1] : last[1]]
    field[top : top + crop.shape[0], left : left + crop.shape[1]] = crop
    return field


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
    ink, _ = _inked_side(grey - paper)
    _check_contrast(ink, 0.0)
    return ink / ink.max()


def _ink_of_photo(grey: np.ndarray) -> np.ndarray:
    """Return the ink, 0 to 1, on noisy and unevenly lit paper, nearly black and white.

    MNIST's digits were black and white, too, before they were scaled down.
    """
    paper = _fit_paper(grey)
    difference = _blur(grey - paper)
    noise = 1.4826 * float(
        np.median(np.abs(difference))
    )  # the standard deviation, were it Gaussian
    ink, is_dark = _inked_side(difference)
    _check_contrast(ink, noise)
    ink[ink < 4 * noise] = 0
    if is_dark:
        # Dark ink takes away a share of the light, so it counts for as much in the shadow.
        ink /= np.maximum(paper, _LEAST_CONTRAST)
    typical = np.median(ink[ink > ink.max() / 2])
    return np.clip((ink / typical - 0.3) / 0.4, 0, 1)


def _inked_side(difference: np.ndarray) -> tuple[np.ndarray, bool]:
    """Return by how much ink differs from paper, (h, w), 0 or more, and whether it is darker."""
    lighter, darker = np.maximum(difference, 0), np.maximum(-difference, 0)
    is_dark = bool(np.square(darker).sum() >= np.square(lighter).sum())
    return (darker if is_dark else lighter), is_dark


def _check_contrast(ink: np.ndarray, noise: float) -> None:
    """Raise ValueError if the strongest ink might as well be noise."""
    if ink.max() < max(_LEAST_CONTRAST, 8 * noise):
        raise ValueError("no ink in the picture: it is blank, or too faint to tell from the paper")


def _fit_paper(grey: np.ndarray) -> np.ndarray:
    """Estimate the brightness of bare paper everywhere, (h, w), as a surface of degree two.

    It follows a shadow and the dark corners of a photo, and cannot follow a stroke. It starts from
    the rim and is refitted to every pixel that agrees with it.
    """
    height, width = grey.shape
    y, x = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)[None]
    sample = np.s_[:: math.ceil(height / _SAMPLES)], np.s_[:: math.ceil(width / _SAMPLES)]
    values = grey[sample].ravel()
    terms = _surface_terms(y[sample[0]], x[:, sample[1]]).reshape(6, -1).T
    weights = _rim(grey.shape)[sample].ravel().astype(np.float64)
    for _ in range(15):
        weighted = terms.T * weights
        surface = np.linalg.lstsq(weighted @ terms, weighted @ values, rcond=None)[0]
        misfit = np.abs(values - terms @ surface)
        spread = max(1.4826 * float(np.median(misfit[weights > 0])), 0.002)
        weights = np.square(np.maximum(1 - np.square(misfit / (4 * spread)), 0))  # Tukey's biweight
    return np.tensordot(surface, _surface_terms(y, x), 1).astype(np.float32)


def _surface_terms(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Stack the six terms of a surface of degree two, (6, h, w), over y (h, 1) and x (1, w)."""
    one = np.ones(np.broadcast_shapes(y.shape, x.shape))
    return np.stack([one, one * y, one * x, one * y * y, y * x, one * x * x])


def _blur(plane: np.ndarray) -> np.ndarray:
    """Average with the neighbours, weights 1 2 1 both ways, which takes away most of the noise."""
    for _ in range(2):
        padded = np.pad(plane, [(1, 1), (0, 0)], mode="edge")
        plane = ((padded[:-2] + 2 * plane + padded[2:]) / 4).T
    return plane


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


def _overlaps(pixels: int, side: int) -> np.ndarray:
    """Say what share of each of 20 cells, `side` / 20 pixels wide, each pixel covers: (20, pixels)."""
    edges = np.arange(BOX + 1) * (side / BOX)
    starts, ends = edges[:-1, None], edges[1:, None]
    pixel = np.arange(pixels)[None]
    covered = np.minimum(ends, pixel + 1) - np.maximum(starts, pixel)
    return np.maximum(covered, 0) * (BOX / side)
