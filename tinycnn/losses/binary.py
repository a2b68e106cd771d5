"""The cross-entropy of yes or no: behind a sigmoid, for one output or for several that exclude nothing."""

import numpy as np

from tinycnn.losses.crossentropy import EPSILON
from tinycnn.losses.elementwise import ElementwiseLoss
from tinycnn.ops import reference
from tinycnn.utils.validation import check_bool, check_number


class BinaryCrossentropy(ElementwiseLoss):
    """The mean of -y_true · log y_pred - (1 - y_true) · log(1 - y_pred) over all numbers.

    Args:
        from_logits: True if predictions are scores before the sigmoid, not probabilities.
        label_smoothing: share of the way from each label to 0.5 that it is moved, 0 to 1.
        name: for `get_config`.
        options: Keras's other arguments; accepted only at the value that changes nothing.

    Raises:
        TypeError, ValueError: for a label_smoothing outside 0 to 1, or an option that is not there.

    Example:
        >>> round(BinaryCrossentropy()([[1], [0]], [[0.5], [0.5]]), 4)
        0.6931
    """

    config_names = ("from_logits", "label_smoothing", "name")
    fixed_options = ElementwiseLoss.fixed_options | {"axis": (-1,)}
    logits_of = "sigmoid"

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        *,
        name: str = "binary_crossentropy",
        **options: object,
    ):
        super().__init__(name=name, **options)
        self.from_logits = check_bool("from_logits", from_logits)
        self.label_smoothing = check_number("label_smoothing", label_smoothing, 0, 1)

    def target(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Return the true probabilities, smoothed, (n, ...): see `Loss.target`.

        Raises:
            ValueError: for another shape, or numbers outside of 0 to 1.
        """
        target = super().target(y_true, y_pred)
        if not ((target >= 0) & (target <= 1)).all():
            raise ValueError(
                "y_true must be probabilities: 0, 1, or a number between them, no NaN."
            )
        share = target.dtype.type(self.label_smoothing)
        return target * (1 - share) + share / 2 if share else target

    def errors(
        self, target: np.ndarray, y_pred: np.ndarray, from_logits: bool
    ) -> tuple[np.ndarray, object]:
        """Return the cross-entropy of each number, (n, ...), and ctx: see `ElementwiseLoss.errors`."""
        if from_logits:
            return reference.binary_cross_entropy_forward(y_pred, target)
        p = np.clip(y_pred, EPSILON, 1 - EPSILON)
        return -(target * np.log(p) + (1 - target) * np.log(1 - p)), (y_pred, p)

    def slopes(self, target: np.ndarray, ctx: object, from_logits: bool) -> np.ndarray:
        """Return the gradient of each number's cross-entropy with respect to y_pred, (n, ...)."""
        if from_logits:
            return reference.binary_cross_entropy_backward(ctx, target)
        y_pred, p = ctx
        # forward: -target · log p - (1 - target) · log(1 - p); the clip has slope 1 inside and 0 outside
        return np.where(p == y_pred, (p - target) / (p * (1 - p)), 0)


def binary_crossentropy(
    y_true: np.ndarray, y_pred: np.ndarray, from_logits: bool = False, label_smoothing: float = 0.0
) -> np.ndarray:
    """Return the cross-entropy of each sample, (n,): see `BinaryCrossentropy`.

    Example:
        >>> binary_crossentropy([[1.0]], [[0.5]]).round(4)
        array([0.6931])
    """
    return BinaryCrossentropy(from_logits, label_smoothing).of_last_axis(y_true, y_pred)
