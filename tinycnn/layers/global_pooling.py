"""The global pooling layers: of each channel's map one number is left."""

import numpy as np

from tinycnn import ops
from tinycnn.layers.base import DATA_FORMAT, Gradients, Layer, Rng, Shape, flat_size
from tinycnn.layers.explaining import check_position, gradient_sum, label
from tinycnn.layers.explanation import Explanation, Pooled, Position
from tinycnn.layers.window import check_images
from tinycnn.utils.geometry import NO_PADDING
from tinycnn.utils.validation import check_bool


class GlobalPooling2D(Layer):
    """What both global pooling layers share.

    Args:
        data_format: only at Keras's default.
        keepdims: whether the output is (samples, 1, 1, channels) instead of (samples, channels).
        options: see `Layer`.
    """

    config_names = (*Layer.config_names, "keepdims")
    fixed_options = Layer.fixed_options | {"data_format": DATA_FORMAT}
    examples = (({}, (4, 3, 2)), ({"keepdims": True}, (3, 5, 3)))

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **options: object):
        super().__init__(data_format=data_format, **options)
        self.keepdims = check_bool("keepdims", keepdims)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (n, c), or (n, 1, 1, c)."""
        n, _, _, c = check_images(self, input_shape)
        return (n, 1, 1, c) if self.keepdims else (n, c)

    def shaped(self, y: np.ndarray) -> np.ndarray:
        """Return y (n, 1, 1, c) as the layer hands it on."""
        return y if self.keepdims else y.reshape(len(y), y.shape[3])

    def share(self, map_: np.ndarray, place: tuple[int, int]) -> float:
        """Return the share that the output takes of the number at a place of its map (h, w)."""
        raise TypeError(f"{type(self).__name__} does not say what it makes of a map")

    def explain_input_gradient(
        self, x: np.ndarray, y: np.ndarray, dy: np.ndarray, position: Position
    ) -> Explanation:
        """Return what the output hands back to a number: see `Layer.explain_input_gradient`."""
        *place, c = position = check_position("position", position, x.shape)
        output = (0, 0, c) if self.keepdims else (c,)
        uses = [output], np.array([self.share(x[..., c], tuple(place))])
        return gradient_sum(self, "dL/dx", position, uses, (dy, dy))

    def operations(self) -> int:
        """Return how many operations one sample takes: 1 for each number."""
        return flat_size(self.input_shape)


class GlobalAveragePooling2D(GlobalPooling2D):
    """The mean of every channel.

    Args: see `GlobalPooling2D`.

    Input shape: (samples, height, width, channels). Output shape: (samples, channels).

    Example:
        >>> GlobalAveragePooling2D().compute_output_shape((None, 7, 7, 64))
        (None, 64)
    """

    def forward(self, x: np.ndarray, training: bool, rng: Rng) -> tuple[np.ndarray, tuple]:
        """Return the mean of each channel, (n, c)."""
        size = x.shape[1:3]
        return self.shaped(ops.average_pool2d_forward(x, size, size, NO_PADDING)), x.shape

    def backward(self, dy: np.ndarray, ctx: tuple, input_gradient: bool = True) -> Gradients:
        """Return dx (n, h, w, c): every number of a map receives the same."""
        n, h, w, c = ctx
        dy = dy.reshape(n, 1, 1, c)
        return ops.average_pool2d_backward(dy, ctx, (h, w), (h, w), NO_PADDING), {}

    def explain(self, x: np.ndarray, y: np.ndarray, position: Position) -> Explanation:
        """Return the map, whose mean is the output: see `Layer.explain`."""
        *_, c = position = check_position("position", position, y.shape)
        about = label(self), "y", position, float(y[position])
        return Pooled(*about, (0, 0, c), x[..., c].astype(np.float64))

    def share(self, map_: np.ndarray, place: tuple[int, int]) -> float:
        """Return the same share for every number."""
        # forward: y = mean of the map
        return 1 / map_.size


class GlobalMaxPooling2D(GlobalPooling2D):
    """The largest number of every channel.

    Args: see `GlobalPooling2D`.

    Input shape: (samples, height, width, channels). Output shape: (samples, channels).

    Example:
        >>> GlobalMaxPooling2D(keepdims=True).compute_output_shape((None, 7, 7, 64))
        (None, 1, 1, 64)
    """

    def forward(self, x: np.ndarray, training: bool, rng: Rng) -> tuple[np.ndarray, tuple]:
        """Return the largest number of each channel, (n, c)."""
        size = x.shape[1:3]
        y, argmax = ops.max_pool2d_forward(x, size, size, NO_PADDING)
        return self.shaped(y), (argmax, x.shape)

    def backward(self, dy: np.ndarray, ctx: tuple, input_gradient: bool = True) -> Gradients:
        """Return dx (n, h, w, c): only the argmax of each map receives anything."""
        argmax, x_shape = ctx
        return ops.max_pool2d_backward(dy.reshape(argmax.shape), argmax, x_shape), {}

    def activation_pattern(self, ctx: tuple) -> tuple[np.ndarray, ...]:
        """Return (argmax of each map,), which changes at a kink: see `Layer.activation_pattern`."""
        return (ctx[0],)

    def explain(self, x: np.ndarray, y: np.ndarray, position: Position) -> Explanation:
        """Return the map and its argmax: see `Layer.explain`."""
        *_, c = position = check_position("position", position, y.shape)
        about = label(self), "y", position, float(y[position])
        return Pooled(*about, (0, 0, c), x[..., c], (*argmax_of(x[..., c]), c))

    def share(self, map_: np.ndarray, place: tuple[int, int]) -> float:
        """Return 1 for the argmax of the map, else 0."""
        # forward: y = x[argmax]
        return float(argmax_of(map_) == place)


def argmax_of(map_: np.ndarray) -> tuple[int, int]:
    """Return the place of a map's maximum; of equal numbers that of the first.

    Example:
        >>> argmax_of(np.array([[1, 3], [3, 2]]))
        (0, 1)
    """
    row, column = np.unravel_index(int(map_.argmax()), map_.shape)
    return int(row), int(column)
