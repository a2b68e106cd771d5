"""`ElementwiseLoss`, the base of losses that are the mean of an error of each number."""

import numpy as np

from tinycnn.losses.base import MEAN, Loss, predictions


class ElementwiseLoss(Loss):
    """Base: a sample's loss is the mean over its numbers, each of which has an error of its own.

    Args:
        reduction, dtype: see `Loss`.
        name: None for that of the class, in small letters.
        options: see `Loss`.
    """

    def __init__(
        self,
        reduction: str = MEAN,
        name: str | None = None,
        dtype: object = None,
        **options: object,
    ):
        super().__init__(name, reduction, dtype, **options)

    def errors(
        self, target: np.ndarray, y_pred: np.ndarray, from_logits: bool
    ) -> tuple[np.ndarray, object]:
        """Return the error of each number, (n, ...), and ctx: what `slopes` needs."""
        raise TypeError(f"{type(self).__name__} does not say what the error of a number is")

    def slopes(self, target: np.ndarray, ctx: object, from_logits: bool) -> np.ndarray:
        """Return the gradient of each number's error with respect to y_pred, (n, ...)."""
        raise TypeError(f"{type(self).__name__} does not say what the slope of an error is")

    def forward(
        self, target: np.ndarray, y_pred: np.ndarray, from_logits: bool
    ) -> tuple[np.ndarray, object]:
        """Return the loss of each sample (n,), the mean of its errors, and ctx: see `Loss.forward`."""
        errors, ctx = self.errors(target, y_pred, from_logits)
        return errors.reshape(len(errors), -1).mean(axis=1), ctx

    def backward(self, target: np.ndarray, ctx: object, from_logits: bool) -> np.ndarray:
        """Return the gradient of the *mean* loss with respect to y_pred, (n, ...)."""
        # forward: the mean of all errors
        return self.slopes(target, ctx, from_logits) / target.dtype.type(target.size)

    def of_last_axis(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Return the mean error over the last axis, (n,) for predictions (n, k), as Keras's functions do."""
        y_pred = predictions(y_pred)
        target = self.target(y_true, y_pred)
        return self.errors(target, y_pred, self.from_logits)[0].mean(axis=-1)
