"""The ELU layer."""

import numpy as np

from tinycnn.layers.base import Gradients, Layer, Rng
from tinycnn.utils.validation import check_number


class ELU(Layer):
    """x where x is positive, alpha · (exp(x) - 1) elsewhere: the mean of the outputs nears 0.

    Args:
        alpha: what very negative numbers become, with a minus; 0 to 1e30.
        options: see `Layer`.

    Raises:
        TypeError, ValueError: for an option that is not there, with its name and value.

    Example:
        >>> ELU().forward(np.float32([0, 2]), training=False, rng=None)[0]
        array([0., 2.], dtype=float32)

    Source: D. Clevert et al., "Fast and Accurate Deep Network Learning by Exponential Linear Units", 2015.
    """

    config_names = (*Layer.config_names, "alpha")
    examples = (({}, (9,)), ({"alpha": 0.5}, (4, 3, 2)))
    elementwise = "x where x > 0, else {alpha} · (exp(x) - 1)"

    def __init__(self, alpha: float = 1.0, **options: object):
        super().__init__(**options)
        self.alpha = check_number("alpha", alpha, 0, 1e30)

    def forward(self, x: np.ndarray, training: bool, rng: Rng) -> tuple[np.ndarray, tuple]:
        """Return y, shaped as x."""
        positive = x > 0
        # Only what is not positive: a large x would overflow on the side that is not used.
        y = np.where(positive, x, x.dtype.type(self.alpha) * np.expm1(np.minimum(x, 0)))
        return y, (positive, y)

    def backward(self, dy: np.ndarray, ctx: tuple, input_gradient: bool = True) -> Gradients:
        """Return dx, shaped as dy."""
        positive, y = ctx
        # forward: y = x where x > 0, else alpha · (exp(x) - 1), whose slope is y + alpha
        return np.where(positive, dy, dy * (y + dy.dtype.type(self.alpha))), {}

    def activation_pattern(self, ctx: tuple) -> tuple[np.ndarray, ...]:
        """Return which inputs are positive."""
        return (ctx[0],)
