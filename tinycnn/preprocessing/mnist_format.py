"""Turns a picture or the strokes of one digit into a 28x28 image prepared as MNIST's were.

MNIST's procedure: crop the foreground, scale its longer side to 20 pixels (the "box") by area averaging,
multiply the values so that the strongest is 255, and shift by whole pixels until the centre of mass is in
the middle of the 28x28 "field". A network that learnt MNIST misreads digits prepared otherwise.

How thick the lines come out depends on the pen, and on how large the digit was. So strokes are drawn as
thick as in MNIST's median digit, and a picture's lines are redrawn if they are thinner than those of nearly
all of MNIST's digits. Thicker ones are left as they are: where they have filled a loop, nothing can tell what
a thinner pen would have drawn, and nets are better trained on such digits (`preprocessing.drawn`).

Source: the rebuilding of MNIST's lost procedure in Yadav & Bottou, "Cold Case: The Lost MNIST
Digits", 2019. On MNIST's own test images `to_mnist` changes next to nothing.
"""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from tinycnn.preprocessing.placement import Placement, moved
from tinycnn.preprocessing.segmentation import find_foreground, foreground_frame, to_grey
from tinycnn.preprocessing.stroke_width import enlargement, measure_width, thicken
from tinycnn.preprocessing.strokes import along, check_stroke, draw

__all__ = [
    "centre",
    "find_foreground",
    "fit_box",
    "place_picture",
    "place_strokes",
    "strokes_to_mnist",
    "to_grey",
    "to_mnist",
]

FIELD = 28  # side of an MNIST image, in pixels
BOX = 20  # the longer side of the digit in it
MIDDLE = 14.0  # pixel index of the centre of mass, measured on MNIST: within 13.5 .. 14.5

# Line widths of MNIST's 60,000 training digits, in pixels of the box, as `stroke_width.measure_width`
# measures them. Lines that are thinner than the first are redrawn with the second.
_RARELY_THIN = 0.9  # 1 digit in 10,000 is thinner
_THIN = 1.4  # 5 % are thinner; the median is 2.2
_PEN = 2.5  # diameter that strokes are drawn with: the result measures 2.2

_FINE = 16  # strokes are drawn on a grid with 16 x 16 pixels for one of the box
_STEPS = 8  # discs on the length of the pen's diameter: so close, they make a smooth line
_MOST_DISCS = 5000  # discs in all; a scribble that needs more fills the box anyway


def to_mnist(picture: np.ndarray) -> np.ndarray:
    """Prepare the picture of one digit as MNIST was prepared.

    Args:
        picture: (h, w) grey, or (h, w, 3) RGB, or (h, w, 4) RGBA; see `to_grey` for the values.
            A dark digit on a light background or light on dark, of any size, anywhere in the picture.

    Returns:
        uint8 (28, 28): foreground 255 on 0, the centre of mass at pixel index 13.5 to 14.5 both ways.

    Raises:
        ValueError: the array is no picture, or has no foreground.

    Example:
        >>> picture = np.full((90, 60), 255, np.uint8)
        >>> picture[10:70, 5:14] = 0  # a 1, in the corner
        >>> image = to_mnist(picture)
        >>> np.argwhere(image).min(axis=0).tolist(), np.argwhere(image).max(axis=0).tolist()
        ([5, 13], [24, 15])
    """
    return place_picture(picture)[0]


def place_picture(picture: np.ndarray) -> tuple[np.ndarray, Placement]:
    """Prepare a picture as `to_mnist` does, and say where in it MNIST's field lies.

    Args:
        picture: see `to_mnist`.

    Returns:
        The image, and the placement that leads from the picture's pixels to the field's; the edges of
        pixels count, so that the middle of a picture's first pixel is (0.5, 0.5).

    Raises:
        ValueError: see `to_mnist`.

    Example:
        >>> picture = np.full((90, 60), 255, np.uint8)
        >>> picture[10:70, 5:14] = 0  # a 1, in the corner
        >>> place_picture(picture)[1].apply([[5, 10], [14, 70]]).tolist()
        [[13.0, 5.0], [16.0, 25.0]]
    """
    return place_foreground(find_foreground(to_grey(picture)))


def place_foreground(foreground: np.ndarray) -> tuple[np.ndarray, Placement]:
    """Prepare a digit's foreground as `place_picture` does with that of a picture.

    Args:
        foreground: float (h, w), 0 for background, not 0 everywhere.

    Returns:
        See `place_picture`.

    Raises:
        ValueError: there is no foreground.

    Example:
        >>> place_foreground(np.ones((40, 8)))[1].apply([[0, 0], [8, 40]]).tolist()
        [[13.0, 5.0], [17.0, 25.0]]
    """
    redrawn = moved(0, 0)
    box = fit_box(foreground)
    if measure_width(box) < _RARELY_THIN:
        redrawn = enlargement(foreground)
        foreground = thicken(foreground, _THIN)
        box = fit_box(foreground)
    rows, columns = foreground_frame(foreground)
    scale = BOX / max(rows.stop - rows.start, columns.stop - columns.start)
    in_box = moved(-rows.start, -columns.start).then(Placement((scale, scale), (0.0, 0.0)))
    return centre(box), redrawn.then(in_box).then(moved(*_to_middle(box)))


def strokes_to_mnist(strokes: Sequence[np.ndarray], smallest: float = 0.0) -> np.ndarray:
    """Return a 28x28 image of strokes, prepared as MNIST's were, whatever their unit, size and place.

    Args:
        strokes: each a float (n, 2) array of points (x, y), x to the right and y down, in any unit.
            Those without points are skipped.
        smallest: a drawing whose longer side is at least this, in that unit, is scaled to fill the
            box. A smaller one is enlarged only as much as one of this size: so a tap with a trembling
            pen stays a dot.

    Returns:
        uint8 (28, 28): foreground 255 on 0, the centre of mass at pixel index 14 both ways, unless the
        digit is so lopsided that this would push foreground out of the field.

    Raises:
        ValueError: no points at all, or points that are not (n, 2) or not finite.

    Example:
        >>> image = strokes_to_mnist([np.array([[310, 20], [310, 260]])])  # a 1
        >>> np.argwhere(image).min(axis=0).tolist(), np.argwhere(image).max(axis=0).tolist()
        ([4, 13], [24, 15])
    """
    return place_strokes(strokes, smallest)[0]


def place_strokes(
    strokes: Sequence[np.ndarray], smallest: float = 0.0
) -> tuple[np.ndarray, Placement]:
    """Draw strokes as `strokes_to_mnist` does, and say where on the drawing MNIST's field lies.

    Args:
        strokes, smallest: see `strokes_to_mnist`.

    Returns:
        The image, and the placement that leads from the strokes' unit to the field's pixels.

    Raises:
        ValueError: see `strokes_to_mnist`.

    Example:
        >>> image, placement = place_strokes([np.array([[310, 20], [310, 260]])])  # a 1
        >>> placement.apply([[310, 20], [310, 260]]).round(2).tolist()
        [[14.5, 5.75], [14.5, 23.25]]
    """
    lines = [points for points in map(check_stroke, strokes) if len(points)]
    if not lines:
        raise ValueError("no ink in the drawing: it has no points")
    in_box = _box_placement(np.concatenate(lines), smallest)
    lines = [in_box.apply(points) for points in lines]
    length = sum(np.hypot(*np.diff(points, axis=0).T).sum() for points in lines)
    step = max(_PEN / _STEPS, length / _MOST_DISCS)
    fine = [along(points, step) * _FINE for points in lines]
    box = draw(fine, [_PEN * _FINE] * len(fine), BOX * _FINE)
    image, shift = _centre_finely(box)
    return image, in_box.then(shift)


def _box_placement(points: np.ndarray, smallest: float) -> Placement:
    """Scale and shift so that the pen that draws these points touches the box's first edges."""
    unit = max(np.abs(points).max(), smallest) or 1.0  # against overflow
    first = points.min(axis=0) / unit
    length = max(np.ptp(points / unit, axis=0).max(), smallest / unit)
    spread = length > 1e-9 and unit > 1e-300  # else all is one point, as far as numbers can tell
    scale = (BOX - _PEN) / length if spread else 0.0
    left, top = (_PEN / 2 - first * scale).tolist()
    return Placement((scale / unit, scale / unit), (left, top))


def _centre_finely(box: np.ndarray) -> tuple[np.ndarray, Placement]:
    """Place a drawing of the box, 16 times as fine, in the field: uint8 (28, 28), and how it was moved."""
    rows, columns = foreground_frame(box)
    crop = box[rows, columns]
    field = np.zeros((FIELD * _FINE, FIELD * _FINE), np.uint8)
    mass = crop.astype(np.float32)  # which holds sums of up to 2**24 exactly
    sums = [mass @ np.ones(crop.shape[1], np.float32), np.ones(crop.shape[0], np.float32) @ mass]
    # Sum of mass times distance from the crop's edge, for rows and columns
    moments = [one.astype(np.float64) @ (np.arange(len(one)) + 0.5) for one in sums]
    # Where the crop's first row and column go, so that the centre of mass is at MIDDLE
    first_pixel = np.rint(
        (MIDDLE + 0.5) * _FINE - np.array(moments) / sums[0].sum(dtype=np.float64)
    ).astype(int)
    top, left = np.clip(first_pixel, 0, np.array(field.shape) - crop.shape)
    field[top : top + crop.shape[0], left : left + crop.shape[1]] = crop
    shift = moved((top - rows.start) / _FINE, (left - columns.start) / _FINE)
    return np.array(Image.fromarray(field).reduce(_FINE)), shift


def fit_box(foreground: np.ndarray) -> np.ndarray:
    """Return the foreground cropped and scaled to a 20x20 box by area averaging, its aspect kept.

    Args:
        foreground: float (h, w), 0 for background, not 0 everywhere.

    Returns:
        uint8 (20, 20): the longer side of the foreground fills the box, the shorter begins at the upper or
        left edge; the strongest value is 255.

    Raises:
        ValueError: there is no foreground.

    Example:
        >>> fit_box(np.ones((40, 10))).sum(axis=0).tolist() == [255 * 20] * 5 + [0] * 15
        True
    """
    foreground = np.asarray(foreground, np.float64)
    crop = foreground[foreground_frame(foreground)]
    side = max(crop.shape)
    # An average over exact areas: a crop smaller than the box comes out as if each of its pixels had
    # first been repeated, which is how small digits are enlarged.
    box = _overlaps(crop.shape[0], side) @ crop @ _overlaps(crop.shape[1], side).T
    return np.rint(box * (255 / box.max())).astype(np.uint8)


def centre(box: np.ndarray) -> np.ndarray:
    """Return a 28x28 image with the contents of a 20x20 box, shifted by whole pixels to the middle.

    Args:
        box: uint8 (20, 20), 0 for background, not 0 everywhere.

    Returns:
        uint8 (28, 28): the centre of mass at pixel index 13.5 to 14.5, unless the digit is so
        lopsided that this would push foreground out of the field.

    Example:
        >>> np.argwhere(centre(np.pad(np.uint8([[255]]), (0, 19)))).tolist()
        [[14, 14]]
    """
    top, left = _to_middle(box)
    field = np.zeros((FIELD, FIELD), np.uint8)
    rows, columns = np.nonzero(box)
    field[rows + top, columns + left] = box[rows, columns]
    return field


def _to_middle(box: np.ndarray) -> tuple[int, int]:
    """Return by how many rows and columns `centre` moves a box."""
    pixels = np.argwhere(box)
    first, last = pixels.min(axis=0), pixels.max(axis=0) + 1
    mass = box[box > 0].astype(np.float64)
    # Where the crop's first row and column go, so that the centre of mass is at MIDDLE
    first_pixel = np.floor(MIDDLE + 0.5 - mass @ (pixels - first) / mass.sum()).astype(int)
    top, left = np.clip(first_pixel, 0, FIELD - (last - first)) - first
    return int(top), int(left)


def _overlaps(pixels: int, side: int) -> np.ndarray:
    """Return the weights that average a row of pixels to 20 cells, each `side` / 20 pixels wide.

    Args:
        pixels: how many pixels the row has, up to `side`.
        side: how many pixels the 20 cells cover.

    Returns:
        float (20, pixels): the share of cell i that pixel j covers.
    """
    edges = np.arange(BOX + 1) * (side / BOX)
    starts, ends = edges[:-1, None], edges[1:, None]
    pixel = np.arange(pixels)[None]
    covered = np.minimum(ends, pixel + 1) - np.maximum(starts, pixel)
    return np.maximum(covered, 0) * (BOX / side)
