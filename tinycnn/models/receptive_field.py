"""Receptive fields: which part of a picture a number in a layer hangs on."""

import numpy as np

from tinycnn.layers import Flatten, Layer
from tinycnn.layers.explaining import check_position
from tinycnn.layers.explanation import Position
from tinycnn.layers.window import window_at

Frame = tuple[slice, slice]  # rows and columns


def receptive_field(model: object, layer_index: int, position: Position) -> Frame:
    """Return the rows and columns of the model's input that a number of a layer's output hangs on.

    Args:
        model: built, for pictures (h, w, c).
        layer_index: in `model.layers`.
        position: in the layer's output, without the axis of the samples.

    Raises:
        ValueError: the model takes no pictures, or there is nothing at this position.

    Example:
        >>> from tinycnn.layers import Conv2D, Input, MaxPooling2D
        >>> from tinycnn.models import Sequential
        >>> model = Sequential([Input((8, 8, 1)), Conv2D(2, 3), MaxPooling2D()])
        >>> receptive_field(model, 1, (2, 0, 1))
        (slice(4, 8, None), slice(0, 4, None))
    """
    layers = model.layers[: range(len(model.layers))[layer_index] + 1]
    if len(model.input_shape) != 4:
        raise ValueError(f"only pictures have receptive fields. Received: {model.input_shape[1:]}")
    corners = np.array([check_position("position", position, layers[-1].output_shape[1:])] * 2)
    # corners (2, axes): the first and the last position that matters
    for layer in reversed(layers):
        corners = seen_by(layer, corners)
    (top, left, _), (bottom, right, _) = corners.tolist()
    return slice(top, bottom + 1), slice(left, right + 1)


def seen_by(layer: Layer, corners: np.ndarray) -> np.ndarray:
    """Return the first and the last position of a layer's input that a block of its output hangs on.

    Args:
        layer: built.
        corners: (2, axes): the first and the last position of the block.
    """
    shape = layer.input_shape[1:]
    window = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
    if window is not None:
        first, last = (window_at(layer, window, shape, corner[:2].tolist()) for corner in corners)
        top_left = first.rows.start, first.columns.start, 0
        return np.array([top_left, (last.rows.stop - 1, last.columns.stop - 1, shape[2] - 1)])
    alone = (corners[0] == corners[1]).all()
    if isinstance(layer, Flatten) and alone:
        return np.array([np.unravel_index(int(corners[0, 0]), shape)] * 2)
    if not layer.params and not isinstance(layer, Flatten) and layer.output_shape[1:] == shape:
        return corners  # each number hangs on the one at its own place, or on its pixel's channels
    return np.array([(0,) * len(shape), tuple(size - 1 for size in shape)])
