"""Nadam."""

import numpy as np

from tinycnn import ops
from tinycnn.optimizers.adam import MomentOptimizer

WARM = 1000  # steps after which 1 - 0.96ᵗ / 2 is 1 in float64


class Nadam(MomentOptimizer):
    """Adam with Nesterov's momentum.

    Args:
        learning_rate: factor of the steps, from 0; or a schedule.
        beta_1, beta_2: decay rates of the two means, 0 to below 1.
        epsilon: added to the root, above 0, so that nothing is divided by 0.
        name: for `get_config`.
        options: what all optimizers have: see `Optimizer`.

    Raises:
        TypeError, ValueError: for a number out of its range, or an option that is not there.

    Example:
        >>> Nadam(0.01).get_config()["beta_2"]
        0.999
    """

    slot_names = ("momentum", "velocity")
    slots_from_0 = ("velocity",)

    def scalars(self) -> dict[str, float]:
        """Return the product of the momenta of all steps so far, as Keras stores it."""
        return {"variable": self._product(self.iterations)}

    def _momentum(self, step: int) -> float:
        """Return the momentum of a step, counted from 1: it rises from half of beta_1 to beta_1."""
        return self.beta_1 * (1 - 0.5 * 0.96**step)

    def _product(self, step: int) -> float:
        """Return the product of the momenta of the steps 1 to `step`."""
        warming = 1 - 0.5 * 0.96 ** np.arange(1, min(step, WARM) + 1)
        return self.beta_1**step * float(warming.prod())

    def update(self, param: np.ndarray, grad: np.ndarray, slots: list[np.ndarray]) -> None:
        """Change one weight array in place: see `reference.nadam_update`."""
        step, rate = self.iterations + 1, self.learning_rate
        now, ahead, product = self._momentum(step), self._momentum(step + 1), self._product(step)
        rates = rate * ahead / (1 - product * ahead), rate * (1 - now) / (1 - product)
        correction = 1 / (1 - self.beta_2**step)
        betas = self.beta_1, self.beta_2
        ops.nadam_update(param, grad, *slots, *rates, *betas, correction, self.epsilon)
