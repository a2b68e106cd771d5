"""The dropout layer."""

import numpy as np

from tinycnn import ops
from tinycnn.layers.base import Gradients, Layer, Rng
from tinycnn.utils.validation import check_int, check_number


class Dropout(Layer):
    """In training sets a random share of the inputs to 0 and divides the others by 1 - rate; else returns x.

    Args:
        rate: the share to set to 0, 0 to 1.
        noise_shape: only None.
        seed: None, or a whole number from 0 that is combined with the random numbers of `fit`.
        options: see `Layer`.

    Raises:
        TypeError, ValueError: for an option that is not there, with its name and value.

    Example:
        >>> y, _ = Dropout(0.5).forward(np.ones(3, np.float32), training=False, rng=None)
        >>> y
        array([1., 1., 1.], dtype=float32)
    """

    config_names = (*Layer.config_names, "rate", "seed")
    fixed_options = Layer.fixed_options | {"noise_shape": (None,)}
    examples = (({"rate": 0.4, "seed": 3}, (30,)),)
    elementwise = "x: dropout is off when predicting"

    def __init__(
        self, rate: float, noise_shape: None = None, seed: int | None = None, **options: object
    ):
        super().__init__(noise_shape=noise_shape, **options)
        self.rate = check_number("rate", rate, 0, 1)
        self.seed = None if seed is None else check_int("seed", seed, 0, 2**64 - 1)

    def step_seed(self, rng: np.random.Generator) -> int:
        """Return the seed of a step's mask, from 0 to 2**64 - 1: a random number xor the layer's seed."""
        return int(rng.integers(2**64, dtype=np.uint64)) ^ ((self.seed or 0) % 2**64)

    def forward(self, x: np.ndarray, training: bool, rng: Rng) -> tuple[np.ndarray, int | None]:
        """Return y, shaped as x, and ctx: the seed of the mask, None if dropout is off."""
        if not training or self.rate == 0:
            return x, None
        seed = self.step_seed(rng)
        return ops.dropout_forward(x, self.rate, seed), seed

    def backward(self, dy: np.ndarray, ctx: int | None, input_gradient: bool = True) -> Gradients:
        """Return dx, shaped as dy: 0 where x was set to 0, else dy / (1 - rate); and {}."""
        return (dy if ctx is None else ops.dropout_backward(dy, self.rate, ctx)), {}
