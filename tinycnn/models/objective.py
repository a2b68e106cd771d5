"""`Objective`: what a training computes with the output of a model's steps."""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from tinycnn.models import penalty
from tinycnn.models.plan import AnyStep
from tinycnn.models.replay import RecordedSteps


@dataclasses.dataclass(frozen=True)
class Objective:
    """What training computes: the steps up to the loss, the loss, the metrics.

    Args:
        steps: from `plan`, without the activation `end`.
        loss: an object of `tinycnn.losses`.
        from_logits: whether the steps end in scores, so that the loss must apply the softmax itself.
        metrics: (name, function) pairs; function(y, y_pred) returns one number a sample, (n,).
        weighted: how many of them, the last ones, take the samples' weights into account.
        end: the activation at the model's end that is left to the loss, "softmax" or "sigmoid", or "".
        probabilities: makes the model's outputs of what the steps end in, for the metrics; None if these
            take that as it is.
        penalties: what regularizers add to the loss.
        training_steps: what computes the same as `steps`, faster where batches are alike; of one training
            at a time.
    """

    steps: list[AnyStep]
    loss: object
    from_logits: bool
    metrics: list[tuple]
    weighted: int = 0
    end: str = ""
    probabilities: Callable[[np.ndarray], np.ndarray] | None = None
    penalties: Sequence[penalty.Penalty] = ()
    training_steps: Sequence[AnyStep | RecordedSteps] = ()

    def names(self) -> list[str]:
        """Return "loss" and the metrics' names."""
        return ["loss", *(name for name, _ in self.metrics)]

    def values(
        self,
        y: np.ndarray,
        y_pred: np.ndarray,
        losses: np.ndarray,
        weights: np.ndarray | None = None,
    ) -> list[np.ndarray]:
        """Return [losses, metric, ...], each (n,), the weighted of them times the samples' weights.

        Penalties are added to the losses.
        """
        if self.probabilities is not None:
            y_pred = self.probabilities(y_pred)
        values = [losses, *(function(y, y_pred) for _, function in self.metrics)]
        if weights is not None:
            for place in (0, *range(len(values) - self.weighted, len(values))):
                values[place] = values[place] * weights.astype(values[place].dtype)
        if self.penalties:
            values[0] = values[0] + losses.dtype.type(penalty.total(self.penalties))
        return values
