"""RMSprop."""

from typing import Unpack

import numpy as np

from tinycnn import ops
from tinycnn.optimizers.base import BELOW_ONE, SMALLEST, Optimizer, Rate
from tinycnn.optimizers.options import Options
from tinycnn.utils.validation import check_bool, check_number


class RMSprop(Optimizer):
    """Steps: the gradient divided by the root of the running mean of its square.

    Args:
        learning_rate: factor of the steps, from 0; or a schedule.
        rho: decay rate of the running means, 0 to below 1.
        momentum: share of the last step that is added to the next, 0 to 1.
        epsilon: added under the root, above 0, so that nothing is divided by 0.
        centered: divide by the root of the variance instead of the mean square.
        name: for `get_config`.
        options: what all optimizers have: see `Optimizer`.

    Raises:
        TypeError, ValueError: for a number out of its range, or an option that is not there.

    Example:
        >>> x = np.array([1.0])
        >>> RMSprop(0.5, rho=0.0).apply([np.array([3.0])], [x])
        >>> round(float(x[0]), 6)
        0.5
    """

    config_names = (*Optimizer.config_names, "rho", "momentum", "epsilon", "centered")
    slots_apart = ("velocity", "momentum", "average_gradient")
    slots_from_0 = ("velocity",)

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        *,
        name: str | None = None,
        **options: Unpack[Options],
    ):
        super().__init__(learning_rate, name, **options)
        self.rho = check_number("rho", rho, 0.0, BELOW_ONE)
        self.momentum = check_number("momentum", momentum, 0.0, 1.0)
        self.epsilon = check_number("epsilon", epsilon, SMALLEST, 1.0)
        self.centered = check_bool("centered", centered)

    @property
    def slot_names(self) -> tuple[str, ...]:
        """The mean square; the last step, if there is momentum; the mean gradient, if centered."""
        kept = True, self.momentum > 0, self.centered
        return tuple(name for name, is_kept in zip(self.slots_apart, kept, strict=True) if is_kept)

    def update(self, param: np.ndarray, grad: np.ndarray, slots: list[np.ndarray]) -> None:
        """Change one weight array in place: see `reference.rmsprop_update`."""
        velocity, *others = slots
        last_step = others.pop(0) if self.momentum else None
        arrays = velocity, last_step, others[0] if others else None
        settings = self.learning_rate, self.rho, self.momentum, self.epsilon
        ops.rmsprop_update(param, grad, *arrays, *settings)
