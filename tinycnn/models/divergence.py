"""Why a loss is not finite: sought only once it is not, and said once, as a warning."""

import dataclasses

import numpy as np

from tinycnn.layers.weights import named_weights, not_finite
from tinycnn.utils.warning import warn


def likely_cause(model: object, x: np.ndarray, y: np.ndarray, samples: np.ndarray) -> str:
    """Return what makes a loss of this batch NaN or infinite, and what to do, in sentences.

    Args:
        model: compiled and built; its weights are those that the loss was computed with.
        x: the batch, of the model's dtype.
        y: its labels, (n, ...).
        samples: which samples of the data these are, (n,).
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
        sizes = [max(np.abs(w).max(initial=0) for w in some) for some in ([x], weights.values())]
        cause = (
            f"numbers grow too large on the way: x reaches {sizes[0]:.3g}, weights {sizes[1]:.3g}."
        )
        if sizes[0] > sizes[1]:
            return f"{cause} Scale x, to numbers round 1."
    if not model.optimizer.iterations:
        return f"{cause} They were so before the first step: begin with other weights."
    rate = model.optimizer.learning_rate
    return f"{cause} The training has diverged: begin again, with a learning rate below {rate:g}."


@dataclasses.dataclass
class Watch:
    """Checks the losses of a training or an evaluation, and warns once when one is not finite.

    Args:
        model: compiled and built.
    """

    model: object
    warned: bool = False

    def check(
        self,
        x: np.ndarray,
        y: np.ndarray,
        samples: np.ndarray | slice,
        place: str,
        losses: np.ndarray,
    ) -> None:
        """Check a batch, before the weights change.

        Args:
            x, y: the batch.
            samples: which samples of the data these are.
            place: where this is, for the warning, such as "epoch 1, batch 3".
            losses: of every sample, (n,).
        """
        if self.warned or np.isfinite(losses).all():
            return
        self.warned = True
        bad = losses[~np.isfinite(losses)][0]
        if isinstance(samples, slice):
            samples = np.arange(samples.stop)[samples]
        cause = likely_cause(self.model, x, y, samples)
        warn(f"The loss is {bad} in {place}: {cause}")
