"""Why this digit: which pixels spoke for a guess, or would have to change, laid over the paper. No Tk."""

import io
import types
from collections.abc import Iterator

import numpy as np

from gui.drawing.drawing import Items, Picture
from gui.drawing.number import newest_digit
from gui.inside.colours import Palette
from gui.inside.mosaic import coloured
from gui.inside.why_messages import GRADIENT, Overlay, Question
from gui.recognition.writing import Written, placed
from tinycnn import models
from tinycnn.layers import Reshape
from tinycnn.models import inspection
from tinycnn.models.occlusion import occlusion_of_pixels, occlusion_rows
from tinycnn.preprocessing import place_picture
from tinycnn.preprocessing.placement import Placement
from tinycnn.pretrained.digit_input import USUAL, DigitInput
from tinycnn.pretrained.reading import Digit

FIELD = 28  # pixels a side of what the net sees
SQUARE, STRIDES = 4, 2  # of occlusion: pixels a side of what is covered, and from one to the next
FEW = 0.98  # of the pixels with a colour: the strongest of these has the full colour
STRONG = 0.95  # how much of what lies below the strongest colour hides
VEIL = 0.7  # and how much of a picture everything hides, so that colours are seen on its ink


def place(items: Items, digit: Digit | Written | None = None) -> tuple[np.ndarray, Placement]:
    """Return what the net sees, uint8 (28, 28), and the placement that leads there from the unit square.

    Args:
        items: what is on the paper: strokes, or one picture.
        digit: of `Recogniser.last_digit`; None: all of a picture, of strokes the newest digit.

    Raises:
        ValueError: there is no foreground.
    """
    if not isinstance(items[0], Picture):
        return placed(newest_digit(items)) if digit is None else (digit.image, digit.placement)
    grey = items[0].grey
    image, in_picture = place_picture(grey) if digit is None else (digit.image, digit.placement)
    height, width = grey.shape
    side = max(height, width)  # on the paper it fills a square, with its own ground at two sides
    on_paper = Placement((side, side), ((width - side) / 2, (height - side) / 2))
    return image, on_paper.then(in_picture)


def attribution(
    model: models.Sequential,
    x: np.ndarray,
    guesses: tuple[int, int],
    question: Question,
    taken: DigitInput = USUAL,
) -> np.ndarray:
    """Return what every pixel has to do with a guess, (28, 28).

    Args:
        model: of digits.
        x: what it saw, (1, 28, 28, 1) or as `taken` says.
        guesses: the first and the second.
        question: what is asked.
        taken: how the model wants its digits.
    """
    if question.method == GRADIENT:
        return by_gradient(model, x, guesses, question.towards_second, taken)
    rows = list(covered_rows(model, x, taken))
    return by_occlusion(rows, guesses, question.towards_second, taken)


def by_gradient(
    model: models.Sequential,
    x: np.ndarray,
    guesses: tuple[int, int],
    towards_second: bool,
    taken: DigitInput,
) -> np.ndarray:
    """Return the same by the slope of the scores: of the foreground in a pixel, 0 to 1, whatever x is."""
    first, second = guesses
    blank, full = taken.background, taken.foreground
    if towards_second:
        ends = min(blank, full), max(blank, full)
        changes = inspection.changes_towards(model, x, second, first, ends)
        return taken.pixels(changes if full > blank else -changes)[0]
    return taken.pixels((x - blank) * model.input_gradient(x, first))[0]


def covered_rows(
    model: models.Sequential, x: np.ndarray, taken: DigitInput
) -> Iterator[np.ndarray]:
    """Cover the picture row by row: yield how far the score of every class falls, (squares, classes)."""
    model, x = as_picture(model, x, taken)
    for row in occlusion_rows(model, x, SQUARE, STRIDES, taken.background):
        yield row[0]


def as_picture(
    model: models.Sequential, x: np.ndarray, taken: DigitInput
) -> tuple[object, np.ndarray]:
    """Return a model of pictures (h, w, c), and such a picture, for one whose input has another shape."""
    picture = taken.as_picture(x)
    if picture.shape == x.shape:
        return model, x
    reshape = Reshape(taken.shape)
    reshape.build(picture.shape, None)
    return types.SimpleNamespace(layers=[reshape, *model.layers]), picture


def by_occlusion(
    rows: list[np.ndarray], guesses: tuple[int, int], towards_second: bool, taken: DigitInput
) -> np.ndarray:
    """Return what `attribution` does from all rows of `covered_rows`."""
    first, second = guesses
    falls = np.stack(rows)  # (rows, squares, classes)
    chosen = falls[..., second] - falls[..., first] if towards_second else falls[..., first]
    side = FIELD + 2 * taken.margin
    values = occlusion_of_pixels(chosen, (side, side), SQUARE, STRIDES)
    return values[taken.margin :, taken.margin :][:FIELD, :FIELD]


def overlay(
    values: np.ndarray, placement: Placement, side: int, palette: Palette, veil: float = 0.0
) -> Overlay:
    """Return the numbers of the field's pixels as colours over the paper where they were drawn.

    Args:
        values: (28, 28).
        placement: from the paper's unit square to the field.
        side: of the paper, in pixels.
        palette: colours; what is 0 is transparent.
        veil: how much everything hides at least, 0 to 1, as far as the field reaches.
    """
    most = full_colour(values)
    if most == 0:
        return Overlay(0, 0, b"")
    everything = np.ones(values.shape, bool)
    rows, columns = seen_pixels(everything if veil else np.abs(values) >= most / 255)
    corners = placement.invert([(columns.start, rows.start), (columns.stop, rows.stop)]) * side
    (left, top), (right, bottom) = np.clip(np.rint(corners), 0, side).astype(int).tolist()
    if right <= left or bottom <= top:
        return Overlay(0, 0, b"")
    across, down = np.arange(left, right) + 0.5, np.arange(top, bottom) + 0.5
    x, _ = placement.apply(np.column_stack([across, np.zeros_like(across)]) / side).T
    _, y = placement.apply(np.column_stack([np.zeros_like(down), down]) / side).T
    x, y = (np.clip(np.floor(each), 0, FIELD - 1).astype(int) for each in (x, y))
    return Overlay(left, top, png(translucent(values, palette, veil)[y][:, x]))


def full_colour(values: np.ndarray) -> float:
    """Return from where on a colour is full: a few pixels are far stronger than all others.

    Example:
        >>> round(full_colour(np.array([0.0, 0.0, 1.0, -1.0, 9.0])), 2), full_colour(np.zeros(3))
        (8.68, 0.0)
    """
    sizes = np.abs(np.nan_to_num(values, posinf=0.0, neginf=0.0))
    sizes = sizes[sizes > 0]
    return float(np.quantile(sizes, FEW)) if len(sizes) else 0.0


def seen_pixels(seen: np.ndarray) -> tuple[slice, slice]:
    """Return the rows and columns of the smallest frame around what is seen."""
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def translucent(values: np.ndarray, palette: Palette, veil: float) -> np.ndarray:
    """Return red, green, blue and opacity of numbers (h, w): uint8 (h, w, 4); 0 is transparent."""
    shares = np.abs(np.nan_to_num(values)) / (full_colour(values) or 1.0)
    shares = np.clip(shares, 0, 1)[..., None]
    table = np.frombuffer(palette.table, np.uint8).reshape(-1, 3)
    ends = coloured(np.sign(values), 1.0, table)  # the full colours
    if veil:
        ends = palette.zero + shares * (ends.astype(float) - palette.zero)
    opacity = np.maximum(STRONG * shares, veil) * 255
    return np.rint(np.concatenate([ends, opacity], axis=-1)).astype(np.uint8)


def png(rgba: np.ndarray) -> bytes:
    """Return a picture (h, w, 4) as a PNG file."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(rgba).save(file, "PNG", compress_level=1)
    return file.getvalue()
