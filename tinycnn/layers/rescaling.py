"""The rescaling layer."""

import numpy as np

from tinycnn.layers.base import Gradients, Layer, Rng
from tinycnn.utils.validation import check_number


class Rescaling(Layer):
    """x · scale + offset, for pixels that come as 0 to 255.

    Args:
        scale: what numbers are multiplied with, such as 1 / 255.
        offset: what is added then.
        options: see `Layer`.

    Raises:
        TypeError, ValueError: for an option that is not there, with its name and value.

    Example:
        >>> Rescaling(1 / 255).forward(np.float32([0, 255]), training=False, rng=None)[0]
        array([0., 1.], dtype=float32)
    """

    config_names = (*Layer.config_names, "scale", "offset")
    examples = (({"scale": 0.25, "offset": -1.0}, (3, 2, 2)),)
    elementwise = "x · {scale:.6g} + {offset:.6g}"

    def __init__(self, scale: float, offset: float = 0.0, **options: object):
        super().__init__(**options)
        self.scale = check_number("scale", scale, -1e30, 1e30)
        self.offset = check_number("offset", offset, -1e30, 1e30)

    def forward(self, x: np.ndarray, training: bool, rng: Rng) -> tuple[np.ndarray, None]:
        """Return y, shaped as x."""
        return x * x.dtype.type(self.scale) + x.dtype.type(self.offset), None

    def backward(self, dy: np.ndarray, ctx: None, input_gradient: bool = True) -> Gradients:
        """Return dx, shaped as dy."""
        # forward: y = x · scale + offset
        return dy * dy.dtype.type(self.scale), {}
