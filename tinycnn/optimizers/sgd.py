"""Gradient descent."""

from typing import Unpack

import numpy as np

from tinycnn import ops
from tinycnn.optimizers.base import Optimizer, Rate
from tinycnn.optimizers.options import Options
from tinycnn.utils.validation import check_bool, check_number


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum if wanted.

    Args:
        learning_rate: factor of the steps, from 0; or a schedule.
        momentum: share of the last step that is added to the next, 0 to 1.
        nesterov: True for Nesterov's variant of momentum.
        name: for `get_config`.
        options: what all optimizers have: see `Optimizer`.

    Raises:
        TypeError, ValueError: for a number out of its range, or an option that is not there.

    Example:
        >>> x = np.array([1.0])
        >>> SGD(0.1).apply([np.array([2.0])], [x])
        >>> x
        array([0.8])
    """

    config_names = (*Optimizer.config_names, "momentum", "nesterov")

    def __init__(
        self,
        learning_rate: Rate = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        *,
        name: str | None = None,
        **options: Unpack[Options],
    ):
        super().__init__(learning_rate, name, **options)
        self.momentum = check_number("momentum", momentum, 0.0, 1.0)
        self.nesterov = check_bool("nesterov", nesterov)

    @property
    def slot_names(self) -> tuple[str, ...]:
        """The last step, if there is momentum."""
        return ("momentum",) if self.momentum else ()

    def update(self, param: np.ndarray, grad: np.ndarray, slots: list[np.ndarray]) -> None:
        """Change one weight array in place: see `reference.sgd_update`."""
        velocity = slots[0] if slots else None
        ops.sgd_update(param, grad, velocity, self.learning_rate, self.momentum, self.nesterov)
