"""What the pane of the kernels asks the worker for: tiles, and the digits that excite a map. No Tk."""

import dataclasses

import numpy as np

from gui.inside import kernels
from gui.inside.colours import Palette, extent
from gui.inside.exciting import Search
from gui.inside.kernel_messages import FIELD, MOST, Excited, KernelFrame, KernelWish
from gui.inside.layout import MAPS, Column, Position
from gui.inside.mosaic import legend_strip, picture, ppm
from gui.recognition.recogniser import Recogniser
from tinycnn.models.receptive_field import Frame, receptive_field

SLICE = 0.015  # seconds that a search may take at a time


class Kernels:
    """Looks at the weights of the model that reads, and for digits that excite its maps.

    Args:
        recogniser: that has the model.
    """

    def __init__(self, recogniser: Recogniser) -> None:
        self._recogniser = recogniser
        self._search: Search | None = None
        self._learnt = 0  # see `Recogniser`, when the search began
        self._digits: tuple[np.ndarray, np.ndarray] | None = None

    def show(self, wish: KernelWish) -> KernelFrame:
        """Return the tiles of a layer."""
        model = self._recogniser.model
        layers = () if model is None else kernels.kernel_infos(model)
        if not layers:
            return KernelFrame(wish)
        info = next((each for each in layers if each.layer == wish.layer), layers[0])
        kernel = kernels.kernel_of(model, info.layer)
        choice = wish.choice
        if isinstance(choice, int) and choice >= info.shape[2]:
            choice = kernels.STRONGEST
        values, maps = kernels.tiles(kernel, choice)
        column = kernels.grid(values.shape, wish.area, wish.gap).scrolled(wish.first)
        scale = extent(values)
        image = picture(values, scale[1], column, wish.palette)
        legend = legend_strip(scale[0] < 0, wish.legend, wish.palette)
        biases = model.layers[info.layer].params.get("bias", np.zeros(0)).tolist()
        return KernelFrame(
            wish, layers, info, column, ppm(image), ppm(legend), scale, values, tuple(maps), tuple(biases)
        )  # fmt: skip

    def search(
        self, layer: int, place: int, look: tuple[int, int, Palette, Palette]
    ) -> Excited | None:
        """Search on for a moment; return what is known of one map by now, None if it is not there.

        Args:
            layer, place: of the map.
            look: pixels a pixel of a digit, the gap between digits, the colours of their ink, and the
                colours of which the outline has one.
        """
        model = self._recogniser.model
        if model is None or layer >= len(model.layers):
            return None
        if place >= model.layers[layer].output_shape[-1]:
            return None
        images, labels = self._sample()
        learnt = self._recogniser.learnt
        if self._search is None or (self._search.model, self._learnt) != (model, learnt):
            self._search, self._learnt = Search(model, images, self._recogniser.input), learnt
        search = self._search
        search.advance(SLICE)
        found = search.of_map(layer, place)
        known = Excited(layer, place, search.done, len(images), tuple(found))
        if not found:
            return known
        column = digits_column(look[0], look[1])
        frames = frames_of(model, layer, [(*each.place, place) for each in found], search.margin)
        chosen = [each.digit for each in found]
        image = digits_picture(images[chosen], frames, column, look[2:])
        names = tuple(labels[chosen].tolist())
        return dataclasses.replace(known, labels=names, picture=ppm(image), column=column)

    def _sample(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the digits that are searched: the embedded sample's for testing, and their labels."""
        if self._digits is None:
            from tinycnn.datasets import sample

            self._digits = sample.load_data()[1]
        return self._digits


def frames_of(model: object, layer: int, positions: list[Position], margin: int) -> list[Frame]:
    """Return what part of a digit each number of a layer hangs on; none where samples are no pictures.

    Args:
        model: of digits.
        layer: its place in `model.layers`.
        positions: in its output.
        margin: pixels that the model's input has around a digit.
    """
    if len(model.input_shape) != 4:
        return []
    fields = [receptive_field(model, layer, position) for position in positions]
    return [tuple(within_digit(side, margin) for side in field) for field in fields]


def within_digit(side: slice, margin: int) -> slice:
    """Return rows or columns of a model's input as those of the digit in it.

    Example:
        >>> within_digit(slice(0, 5), 2), within_digit(slice(28, 32), 2)
        (slice(0, 3, None), slice(26, 28, None))
    """
    start, stop = (min(max(0, end - margin), FIELD) for end in (side.start, side.stop))
    return slice(start, stop)


def digits_column(zoom: int, gap: int) -> Column:
    """Return where digits beside each other lie."""
    side, width = zoom * FIELD, MOST * (zoom * FIELD + gap) - gap
    shape = FIELD, FIELD, MOST
    return Column(0, MAPS, shape, 0, 0, width, 0, (side, side), zoom, gap, MOST, 1)


def digits_picture(
    images: np.ndarray, frames: list[Frame], column: Column, palettes: tuple[Palette, Palette]
) -> np.ndarray:
    """Return digits beside each other, uint8 (h, w, 3), a frame outlined in each.

    Args:
        images: uint8 (n, 28, 28).
        frames: rows and columns, one in each.
        column: where they lie.
        palettes: of the ink, and of the outline.
    """
    ink, colours = palettes
    values = np.zeros(column.shape)
    values[..., : len(images)] = np.moveaxis(images, 0, -1) / 255
    canvas = picture(values, 1.0, column, ink)
    for place in range(len(images), column.maps):
        left, top, right, bottom = column.tile_box(place)
        canvas[top:bottom, left:right] = ink.between
    for place, (rows, columns) in enumerate(frames):
        size = rows.stop - rows.start, columns.stop - columns.start
        outline(canvas, column.box((rows.start, columns.start, place), *size), colours.negative)
    return canvas


def outline(
    canvas: np.ndarray, box: tuple[int, int, int, int], colour: tuple[int, int, int]
) -> None:
    """Draw the border of a box inside of it, two pixels wide where it is large enough."""
    left, top, right, bottom = box
    width = 2 if min(right - left, bottom - top) >= 8 else 1
    canvas[top : top + width, left:right] = colour
    canvas[bottom - width : bottom, left:right] = colour
    canvas[top:bottom, left : left + width] = colour
    canvas[top:bottom, right - width : right] = colour
