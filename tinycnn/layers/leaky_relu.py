"""The leaky ReLU layer."""

import numpy as np

from tinycnn.layers.base import Gradients, Layer, Rng
from tinycnn.utils.validation import check_number


class LeakyReLU(Layer):
    """Returns x where x > 0, and negative_slope times x elsewhere, so that the gradient is never 0.

    Args:
        negative_slope: what numbers up to 0 are multiplied with, 0 to 1e30.
        options: alpha, the older name of negative_slope; see `Layer`.

    Raises:
        TypeError, ValueError: for an option that is not there, with its name and value.

    Example:
        >>> y, _ = LeakyReLU(0.5).forward(np.float32([-1, 2]), training=False, rng=None)
        >>> y
        array([-0.5,  2. ], dtype=float32)

    Source: A. Maas et al., "Rectifier Nonlinearities Improve Neural Network Acoustic Models", 2013.
    """

    config_names = (*Layer.config_names, "negative_slope")
    renamed_options = Layer.renamed_options | {"alpha": "negative_slope"}
    examples = (({}, (9,)), ({"negative_slope": 0.1}, (4, 3, 2)))
    elementwise = "x where x > 0, else {negative_slope} · x"

    def __init__(self, negative_slope: float = 0.3, **options: object):
        negative_slope = options.pop("alpha", negative_slope)  # its name in Keras 2
        super().__init__(**options)
        self.negative_slope = check_number("negative_slope", negative_slope, 0, 1e30)

    def forward(self, x: np.ndarray, training: bool, rng: Rng) -> tuple[np.ndarray, np.ndarray]:
        """Return y, shaped as x, and ctx: x > 0."""
        positive = x > 0
        return np.where(positive, x, self.negative_slope * x), positive

    def backward(self, dy: np.ndarray, ctx: np.ndarray, input_gradient: bool = True) -> Gradients:
        """Return dx, shaped as dy, and {}."""
        # forward: y = x where x > 0, else negative_slope · x
        return np.where(ctx, dy, self.negative_slope * dy), {}

    def activation_pattern(self, ctx: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return (x > 0,), bool shaped as x: see `Layer.activation_pattern`."""
        return (ctx,)
