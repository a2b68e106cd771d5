"""What convolution and pooling share: a window that slides over images."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tinycnn import ops
from tinycnn.layers.base import Layer, Shape
from tinycnn.utils.geometry import NO_PADDING, Padding, Pair


def padding_name(value: str) -> str:
    """Return "valid" or "same", in small letters."""
    if not isinstance(value, str) or value.lower() not in ("valid", "same"):
        raise ValueError(f"padding must be 'valid' or 'same'. Received: padding={value!r}")
    return value.lower()


def padding_of(name: str, size: Pair, window: Pair, strides: Pair) -> Padding:
    """Return ((top, bottom), (left, right)) for a padding's name."""
    return ops.same_padding(size, window, strides) if name == "same" else NO_PADDING


def output_of(layer: Layer, input_shape: Shape, window: Pair) -> Pair:
    """Return (oh, ow) of a layer whose window slides over images.

    Raises:
        ValueError: if the input is no image, or smaller than the window.
    """
    if len(input_shape) != 4 or None in input_shape[1:]:
        raise ValueError(
            f"{type(layer).__name__} takes images, (samples, height, width, channels). "
            f"Received: input_shape={tuple(input_shape)}"
        )
    size = input_shape[1:3]
    padding = padding_of(layer.padding, size, window, layer.strides)
    return ops.conv2d_output(size, window, layer.strides, padding)


class Window(NamedTuple):
    """The part of an image that one output looks at: rows and columns, and what is cut off at the border."""

    rows: slice
    columns: slice
    cut: Padding  # ((top, bottom), (left, right))

    def inside(self, size: Pair) -> tuple[slice, slice]:
        """Return the rows and columns of a window of this size that lie in the image."""
        (top, bottom), (left, right) = self.cut
        return slice(top, size[0] - bottom), slice(left, size[1] - right)


def window_at(layer: Layer, window: Pair, x_shape: tuple, place: Sequence[int]) -> Window:
    """Return where the window of an output lies in the layer's input.

    Args:
        layer: with strides and padding.
        window: its size.
        x_shape: of the input, (h, w, c).
        place: (row, column) of the output.
    """
    starts = padding_of(layer.padding, x_shape[:2], window, layer.strides)
    sides, cuts = [], []
    for axis in (0, 1):
        first = place[axis] * layer.strides[axis] - starts[axis][0]
        behind, size = first + window[axis], x_shape[axis]
        sides.append(slice(max(first, 0), min(behind, size)))
        cuts.append((max(-first, 0), max(behind - size, 0)))
    return Window(*sides, tuple(cuts))


def windows_over(
    layer: Layer, window: Pair, shapes: tuple, place: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Return all outputs whose window holds a pixel, and where in their windows it lies.

    Args:
        layer, window: see `window_at`.
        shapes: of input (h, w, c) and output (oh, ow, f).
        place: (row, column) of the pixel.

    Returns:
        (k, 2) rows and columns of the outputs, and (k, 2) rows and columns in their windows.
    """
    x_shape, y_shape = shapes
    starts = padding_of(layer.padding, x_shape[:2], window, layer.strides)
    outputs = []
    for axis in (0, 1):
        every = np.arange(y_shape[axis])
        offset = place[axis] + starts[axis][0] - every * layer.strides[axis]
        outputs.append(every[(offset >= 0) & (offset < window[axis])])
    where = np.stack(np.meshgrid(*outputs, indexing="ij"), axis=-1).reshape(-1, 2)  # (k, 2)
    top_left = np.array([start for start, _ in starts])
    return where, np.array(place) + top_left - where * np.array(layer.strides)
