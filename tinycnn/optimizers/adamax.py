"""Adamax."""

import numpy as np

from tinycnn import ops
from tinycnn.optimizers.adam import MomentOptimizer


class Adamax(MomentOptimizer):
    """Steps: running mean of the gradient divided by the largest gradient, where old ones fade.

    Args:
        learning_rate: factor of the steps, from 0; or a schedule.
        beta_1, beta_2: how slowly the mean and the largest gradient fade, 0 to below 1.
        epsilon: added to the largest gradient, above 0, so that nothing is divided by 0.
        name: for `get_config`.
        options: what all optimizers have: see `Optimizer`.

    Raises:
        TypeError, ValueError: for a number out of its range, or an option that is not there.

    Example:
        >>> x = np.array([1.0])
        >>> Adamax(0.1).apply([np.array([5.0])], [x])
        >>> round(float(x[0]), 3)
        0.9
    """

    slot_names = ("momentum", "norm")
    slots_from_0 = ("norm",)

    def update(self, param: np.ndarray, grad: np.ndarray, slots: list[np.ndarray]) -> None:
        """Change one weight array in place: see `reference.adamax_update`."""
        # The mean begins with 0, and is too small in the first steps.
        rate = self.learning_rate / (1 - self.beta_1 ** (self.iterations + 1))
        ops.adamax_update(param, grad, *slots, rate, self.beta_1, self.beta_2, self.epsilon)
