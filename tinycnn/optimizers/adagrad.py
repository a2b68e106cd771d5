"""Adagrad."""

from typing import Unpack

import numpy as np

from tinycnn import ops
from tinycnn.optimizers.base import LARGEST, SMALLEST, Optimizer, Rate
from tinycnn.optimizers.options import Options
from tinycnn.utils.validation import check_number


class Adagrad(Optimizer):
    """Steps: the gradient divided by the root of the sum of all squares so far.

    Args:
        learning_rate: factor of the steps, from 0; or a schedule.
        initial_accumulator_value: what the sum begins with, from 0.
        epsilon: added under the root, above 0, so that nothing is divided by 0.
        name: for `get_config`.
        options: what all optimizers have: see `Optimizer`.

    Raises:
        TypeError, ValueError: for a number out of its range, or an option that is not there.

    Example:
        >>> x = np.array([1.0])
        >>> Adagrad(0.5, initial_accumulator_value=0.0).apply([np.array([3.0])], [x])
        >>> round(float(x[0]), 6)
        0.5
    """

    config_names = (*Optimizer.config_names, "initial_accumulator_value", "epsilon")
    slot_names = ("accumulator",)
    slots_from_0 = slot_names

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        *,
        name: str | None = None,
        **options: Unpack[Options],
    ):
        super().__init__(learning_rate, name, **options)
        self.initial_accumulator_value = check_number(
            "initial_accumulator_value", initial_accumulator_value, 0.0, LARGEST
        )
        self.epsilon = check_number("epsilon", epsilon, SMALLEST, 1.0)

    def new_slot(self, name: str, param: np.ndarray) -> np.ndarray:
        """Return what a slot of a weight array begins with."""
        start = self.initial_accumulator_value if name == "accumulator" else 0
        return np.full_like(param, start)

    def update(self, param: np.ndarray, grad: np.ndarray, slots: list[np.ndarray]) -> None:
        """Change one weight array in place: see `reference.adagrad_update`."""
        ops.adagrad_update(param, grad, *slots, self.learning_rate, self.epsilon)
