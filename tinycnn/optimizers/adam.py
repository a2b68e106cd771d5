"""Adam, and AdamW, which is Adam with weight decay."""

from typing import Unpack

import numpy as np

from tinycnn import ops
from tinycnn.optimizers.base import BELOW_ONE, SMALLEST, Optimizer, Rate
from tinycnn.optimizers.options import Options
from tinycnn.utils.validation import check_bool, check_number


class MomentOptimizer(Optimizer):
    """Base of Adam, Adamax and Nadam; its arguments are theirs."""

    config_names: tuple[str, ...] = (*Optimizer.config_names, "beta_1", "beta_2", "epsilon")

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        *,
        name: str | None = None,
        **options: Unpack[Options],
    ):
        super().__init__(learning_rate, name, **options)
        self.beta_1 = check_number("beta_1", beta_1, 0.0, BELOW_ONE)
        self.beta_2 = check_number("beta_2", beta_2, 0.0, BELOW_ONE)
        self.epsilon = check_number("epsilon", epsilon, SMALLEST, 1.0)


class Adam(MomentOptimizer):
    """Steps: running mean of the gradient divided by the root of the running mean of its square.

    Args:
        learning_rate: factor of the steps, from 0; or a schedule.
        beta_1, beta_2: decay rates of the two means, 0 to below 1.
        epsilon: added to the root, above 0, so that nothing is divided by 0.
        amsgrad: divide by the root of the largest mean so far.
        name: for `get_config`.
        options: what all optimizers have: see `Optimizer`.

    Raises:
        TypeError, ValueError: for a number out of its range, or an option that is not there.

    Example:
        >>> x = np.array([1.0])
        >>> Adam(0.1).apply([np.array([5.0])], [x])
        >>> round(float(x[0]), 3)
        0.9
    """

    config_names = (*MomentOptimizer.config_names, "amsgrad")
    slots_apart = ("velocity_hat",)
    slots_from_0 = ("velocity", "velocity_hat")

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        *,
        name: str | None = None,
        **options: Unpack[Options],
    ):
        super().__init__(learning_rate, beta_1, beta_2, epsilon, name=name, **options)
        self.amsgrad = check_bool("amsgrad", amsgrad)

    @property
    def slot_names(self) -> tuple[str, ...]:
        """The two means; with amsgrad the largest second one so far."""
        return ("momentum", "velocity", "velocity_hat")[: 3 if self.amsgrad else 2]

    def update(self, param: np.ndarray, grad: np.ndarray, slots: list[np.ndarray]) -> None:
        """Change one weight array in place: see `reference.adam_update`."""
        step, beta_1, beta_2 = self.iterations + 1, self.beta_1, self.beta_2
        # The means begin with 0, and are too small in the first steps: this corrects both at once.
        rate = self.learning_rate * (1 - beta_2**step) ** 0.5 / (1 - beta_1**step)
        arrays = slots if self.amsgrad else (*slots, None)
        ops.adam_update(param, grad, *arrays, rate, beta_1, beta_2, self.epsilon)


class AdamW(Adam):
    """Adam with weight decay: before each step weights shrink by learning_rate · weight_decay of themselves.

    Args:
        learning_rate: factor of the steps, from 0; or a schedule.
        weight_decay: from 0.
        beta_1, beta_2, epsilon, amsgrad, name, options: see `Adam`.

    Raises:
        TypeError, ValueError: for a number out of its range, or an option that is not there.

    Example:
        >>> x = np.array([1.0])
        >>> AdamW(0.1, weight_decay=0.5).apply([np.array([5.0])], [x])
        >>> round(float(x[0]), 3)
        0.85

    Source: I. Loshchilov, F. Hutter, "Decoupled Weight Decay Regularization", 2019, algorithm 2.
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        *,
        name: str | None = None,
        **options: Unpack[Options],
    ):
        if weight_decay is None:
            raise ValueError("weight_decay must be a number. Received: weight_decay=None")
        options["weight_decay"] = weight_decay
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, name=name, **options)
