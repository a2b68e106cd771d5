"""Any picture of one digit becomes a 28x28 image as MNIST was made.

The rule of MNIST: crop the foreground, scale its longer side to 20 pixels by area averaging, stretch
the values until the strongest is 255, and shift by whole pixels until the centre of mass is in the
middle of the 28x28 field. A network that learnt MNIST misreads digits that were prepared otherwise.

Lines are thick or thin after that as the pen was, and as the digit was large or small on the paper.
Strokes are therefore drawn anew, as thick as in MNIST's median digit; and in a picture, lines that
are thicker or thinner than MNIST's ever are.

Source: the rebuilding of MNIST's lost procedure in Yadav & Bottou, "Cold Case: The Lost MNIST
Digits", 2019. On MNIST's own test images `to_mnist` changes next to nothing.
"""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from tinycnn.preprocessing.placement import Placement, moved
from tinycnn.preprocessing.segmentation import find_foreground, foreground_frame, to_grey
from tinycnn.preprocessing.stroke_width import enlargement, measure_width, redraw
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

# How thick the lines of MNIST's 60,000 training digits are, as `line_width.measure_width` has it:
_RARELY_THIN, _RARELY_THICK = 0.9, 4.7  # 1 digit in 10,000 is thinner, 1 in 200 thicker
_THIN, _THICK = 1.4, 3.6  # 5 % are thinner, 5 % thicker; the median is 2.2
_PEN = 2.5  # pixels of the box: what is drawn so measures 2.2 once it is made of pixels

_FINE = 16  # times as fine as the box strokes are drawn
_STEPS = 8  # of a pen's width: discs so close make a smooth line
_MOST_DISCS = 5000  # of the pen: a scribble that is too long for them fills the box anyway


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
    foreground = find_foreground(to_grey(picture))
    redrawn = moved(0, 0)
    box = fit_box(foreground)
    width = measure_width(box)
    if not _RARELY_THIN <= width <= _RARELY_THICK:
        redrawn = enlargement(foreground)
        foreground = redraw(foreground, _THIN if width < _RARELY_THIN else _THICK)
        box = fit_box(foreground)
    rows, columns = foreground_frame(foreground)
    scale = BOX / max(rows.stop - rows.start, columns.stop - columns.start)
    in_box = moved(-rows.start, -columns.start).then(Placement((scale, scale), (0.0, 0.0)))
    return centre(box), redrawn.then(in_box).then(moved(*_to_middle(box)))


def strokes_to_mnist(strokes: Sequence[np.ndarray], smallest: float = 0.0) -> np.ndarray:
    """Draw strokes as MNIST would show them, whatever their unit, size and place.

    Args:
        strokes: each a float (n, 2) array of points (x, y), x to the right and y down, in any unit.
        smallest: the least length, in that unit, that is enlarged to fill the box. What is smaller
            stays small: so a tap with a trembling pen is a dot, and not a wild line.

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
    way = sum(np.hypot(*np.diff(points, axis=0).T).sum() for points in lines)
    step = max(_PEN / _STEPS, way / _MOST_DISCS)
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
    mass = crop.astype(np.float64)
    moments = [mass.sum(axis=1 - axis) @ (np.arange(crop.shape[axis]) + 0.5) for axis in (0, 1)]
    wanted = np.rint((MIDDLE + 0.5) * _FINE - np.array(moments) / mass.sum()).astype(int)
    top, left = np.clip(wanted, 0, np.array(field.shape) - crop.shape)
    field[top : top + crop.shape[0], left : left + crop.shape[1]] = crop
    shift = moved((top - rows.start) / _FINE, (left - columns.start) / _FINE)
    return np.array(Image.fromarray(field).reduce(_FINE)), shift


def fit_box(foreground: np.ndarray) -> np.ndarray:
    """Scale the foreground to a 20x20 box, aspect kept, by area averaging.

    Args:
        foreground: float (h, w), 0 for background, not 0 everywhere.

    Returns:
        uint8 (20, 20): the longer side of the foreground fills the box; its strongest value is 255.

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
    """Place a 20x20 box in a 28x28 field, by whole pixels, so that its mass is in the middle.

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
    first_pixel = np.floor(MIDDLE + 0.5 - mass @ (pixels - first) / mass.sum()).astype(int)
    top, left = np.clip(first_pixel, 0, FIELD - (last - first)) - first
    return int(top), int(left)


def _overlaps(pixels: int, side: int) -> np.ndarray:
    """Say what share of each of 20 cells, `side` / 20 pixels wide, each pixel covers: (20, pixels)."""
    edges = np.arange(BOX + 1) * (side / BOX)
    starts, ends = edges[:-1, None], edges[1:, None]
    pixel = np.arange(pixels)[None]
    covered = np.minimum(ends, pixel + 1) - np.maximum(starts, pixel)
    return np.maximum(covered, 0) * (BOX / side)
