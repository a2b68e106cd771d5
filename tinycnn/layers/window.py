"""What convolution and pooling share: a window that slides over images."""

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
