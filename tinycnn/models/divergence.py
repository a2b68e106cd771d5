"""A warning when a loss becomes NaN or infinite, with the likely cause; once for each training."""

import dataclasses

import numpy as np

from tinycnn.layers.weights import named_weights, not_finite
from tinycnn.models.pixel_scale import warn_of_bytes
from tinycnn.utils.warning import warn


def likely_cause(model: object, x: np.ndarray, y: np.ndarray, samples: np.ndarray) -> str:
    """Return why a loss of this batch is NaN or infinite, and what to do, as text for a warning.

    It looks, in this order, for such numbers in x, in y and in the weights; if all are finite, the
    numbers grew too large inside the net.

    Args:
        model: compiled and built; its weights are those that the loss was computed with.
        x: the batch (n, ...), of the model's dtype.
        y: its labels, (n, ...).
        samples: the indices of these samples in the whole data, (n,), for the text.
    """
    with np.errstate(over="ignore"):
        labels = np.asarray(y).astype(model.dtype)
    for name, array in (("x", x), ("y", labels)):
        bad = ~np.isfinite(array.reshape(len(array), -1)).all(axis=1)
        if bad.any():
            return (
                f"{name}[{samples[bad.argmax()]}] holds NaN, infinity or a number too large for "
                f"{model.dtype}, one of {bad.sum()} such samples in this batch. Correct the data."
            )
    weights = named_weights(model.layers)
    if names := not_finite(weights):
        cause = f"x and y are finite, but NaN or infinity is in the weights {', '.join(names)}."
    else:
        largest_x = np.abs(x).max(initial=0)
        largest_weight = max(np.abs(w).max(initial=0) for w in weights.values())
        cause = (
            f"numbers grow too large on the way: x reaches {largest_x:.3g}, "
            f"weights {largest_weight:.3g}."
        )
        if largest_x > largest_weight:
            return f"{cause} Scale x, to numbers round 1."
    if not model.optimizer.iterations:
        return f"{cause} They were so before the first step: begin with other weights."
    rate = model.optimizer.learning_rate
    return f"{cause} The training has diverged: begin again, with a learning rate below {rate:g}."


@dataclasses.dataclass
class Watch:
    """Checks the losses of a training or an evaluation; warns at the first that is NaN or infinite.

    Args:
        model: compiled and built.
        warned: whether it has warned already; then it checks no more.
        looked: whether it has looked at a batch's pixels.
    """

    model: object
    warned: bool = False
    looked: bool = False

    def look(self, x: np.ndarray) -> None:
        """Warn if the first batch that is shown, (n, ...), looks like pixels from 0 to 255."""
        if not self.looked and len(x):
            self.looked = True
            warn_of_bytes(self.model, x)

    def check(
        self,
        x: np.ndarray,
        y: np.ndarray,
        samples: np.ndarray | slice,
        place: str,
        losses: np.ndarray,
    ) -> None:
        """Warn if a loss of this batch is NaN or infinite; to be called before the weights change.

        Args:
            x, y: the batch: samples (n, ...) and labels.
            samples: the indices of these samples in the whole data, (n,), or a slice with start and stop.
            place: where in the training this is, for the text, such as "epoch 1, batch 3".
            losses: the loss of each sample, (n,).
        """
        if self.warned or np.isfinite(losses).all():
            return
        self.warned = True
        bad = losses[~np.isfinite(losses)][0]
        if isinstance(samples, slice):
            samples = np.arange(samples.stop)[samples]
        cause = likely_cause(self.model, x, y, samples)
        warn(f"The loss is {bad} in {place}: {cause}")
