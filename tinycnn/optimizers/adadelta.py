"""Adadelta."""

from typing import Unpack

import numpy as np

from tinycnn import ops
from tinycnn.optimizers.base import BELOW_ONE, SMALLEST, Optimizer, Rate
from tinycnn.optimizers.options import Options
from tinycnn.utils.validation import check_number


class Adadelta(Optimizer):
    """Steps of the size: gradient · RMS of past steps / RMS of past gradients (root mean squares).

    Args:
        learning_rate: factor of the steps, from 0; 1.0 is the paper's rule; or a schedule.
        rho: decay rate of the running means, 0 to below 1.
        epsilon: added under both roots, above 0; without it the first step would be 0.
        name: for `get_config`.
        options: what all optimizers have: see `Optimizer`.

    Raises:
        TypeError, ValueError: for a number out of its range, or an option that is not there.

    Example:
        >>> Adadelta().learning_rate
        1.0
    """

    config_names = (*Optimizer.config_names, "rho", "epsilon")
    slot_names = ("accumulated_grad", "accumulated_delta_var")
    slots_from_0 = slot_names

    def __init__(
        self,
        learning_rate: Rate = 1.0,
        rho: float = 0.95,
        epsilon: float = 1e-7,
        *,
        name: str | None = None,
        **options: Unpack[Options],
    ):
        super().__init__(learning_rate, name, **options)
        self.rho = check_number("rho", rho, 0.0, BELOW_ONE)
        self.epsilon = check_number("epsilon", epsilon, SMALLEST, 1.0)

    def update(self, param: np.ndarray, grad: np.ndarray, slots: list[np.ndarray]) -> None:
        """Change one weight array in place: see `reference.adadelta_update`."""
        ops.adadelta_update(param, grad, *slots, self.learning_rate, self.rho, self.epsilon)
