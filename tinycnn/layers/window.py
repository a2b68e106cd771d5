"""Padding, output size and position of windows, for the layers that slide a window over images."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tinycnn import ops
from tinycnn.layers.base import Layer, Shape
from tinycnn.utils.geometry import NO_PADDING, Padding, Pair


def padding_name(value: str) -> str:
    """Return the argument `padding` in small letters; raise ValueError unless it is "valid" or "same"."""
    if not isinstance(value, str) or value.lower() not in ("valid", "same"):
        raise ValueError(f"padding must be 'valid' or 'same'. Received: padding={value!r}")
    return value.lower()


def padding_of(name: str, size: Pair, window: Pair, strides: Pair) -> Padding:
    """Return ((top, bottom), (left, right)), the rows and columns of padding.

    Args:
        name: "valid" or "same".
        size: of the image, (h, w).
        window: its size, (kh, kw).
        strides: (sh, sw).
    """
    return ops.same_padding(size, window, strides) if name == "same" else NO_PADDING


def check_images(layer: Layer, input_shape: Shape) -> Shape:
    """Return the shape of a layer's input, (n, h, w, c); ValueError, with its class, if it is no images'."""
    if len(input_shape) != 4 or None in input_shape[1:]:
        raise ValueError(
            f"{type(layer).__name__} takes images, (samples, height, width, channels). "
            f"Received: input_shape={tuple(input_shape)}"
        )
    return input_shape


def output_of(layer: Layer, input_shape: Shape, window: Pair) -> Pair:
    """Return (oh, ow), the size of a convolution's or pooling's output.

    Args:
        layer: with attributes `padding` and `strides`.
        input_shape: (n, h, w, c).
        window: (kh, kw).

    Raises:
        ValueError: if the input is no image, or smaller than the window.
    """
    size = check_images(layer, input_shape)[1:3]
    padding = padding_of(layer.padding, size, window, layer.strides)
    return ops.conv2d_output(size, window, layer.strides, padding)


class Window(NamedTuple):
    """The part of an image that one output is computed from; what lies outside the image is cut off."""

    rows: slice  # of the image
    columns: slice
    cut: Padding  # ((top, bottom), (left, right)) rows and columns of the window outside the image

    def inside(self, size: Pair) -> tuple[slice, slice]:
        """Return the slices of a kernel of this size, (kh, kw), that lie in the image."""
        (top, bottom), (left, right) = self.cut
        return slice(top, size[0] - bottom), slice(left, size[1] - right)


def window_at(layer: Layer, window: Pair, x_shape: tuple, place: Sequence[int]) -> Window:
    """Return where the window of an output lies in the layer's input.

    Args:
        layer: with attributes `padding` and `strides`.
        window: its size, (kh, kw).
        x_shape: of the input, (h, w, c).
        place: (row, column) of the output.
    """
    padding = padding_of(layer.padding, x_shape[:2], window, layer.strides)
    sides, cuts = [], []
    for axis in (0, 1):
        first = place[axis] * layer.strides[axis] - padding[axis][0]  # below 0: in the padding
        stop, size = first + window[axis], x_shape[axis]
        sides.append(slice(max(first, 0), min(stop, size)))
        cuts.append((max(-first, 0), max(stop - size, 0)))
    return Window(*sides, tuple(cuts))


def windows_over(
    layer: Layer, window: Pair, shapes: tuple, place: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the k outputs whose window holds a given pixel, and where in each window the pixel lies.

    Args:
        layer: with attributes `padding` and `strides`.
        window: its size, (kh, kw).
        shapes: of the input, (h, w, c), and of the output, (oh, ow, f).
        place: (row, column) of the pixel in the input.

    Returns:
        Two int arrays (k, 2): (row, column) of the output, and (row, column) of the pixel in its window.
    """
    x_shape, y_shape = shapes
    padding = padding_of(layer.padding, x_shape[:2], window, layer.strides)
    outputs = []
    for axis in (0, 1):
        indices = np.arange(y_shape[axis])
        offset = place[axis] + padding[axis][0] - indices * layer.strides[axis]  # in the window
        outputs.append(indices[(offset >= 0) & (offset < window[axis])])
    where = np.stack(np.meshgrid(*outputs, indexing="ij"), axis=-1).reshape(-1, 2)  # (k, 2)
    top_left = np.array([before for before, _ in padding])
    return where, np.array(place) + top_left - where * np.array(layer.strides)
