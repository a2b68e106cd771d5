"""The losses for numbers instead of classes: squared and absolute error, each as class and as function."""

import numpy as np

from tinycnn.losses.elementwise import ElementwiseLoss
from tinycnn.ops import reference


class MeanSquaredError(ElementwiseLoss):
    """The mean of (y_pred - y_true)² over all numbers.

    Args:
        reduction, name, dtype, options: see `Loss`.

    Example:
        >>> MeanSquaredError()([[0.0, 1.0]], [[2.0, 1.0]])
        2.0
    """

    def errors(
        self, target: np.ndarray, y_pred: np.ndarray, from_logits: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return (y_pred - target)², (n, ...), and the differences: see `ElementwiseLoss.errors`."""
        return reference.squared_error_forward(y_pred, target)

    def slopes(self, target: np.ndarray, ctx: np.ndarray, from_logits: bool) -> np.ndarray:
        """Return 2 · (y_pred - target), (n, ...)."""
        return reference.squared_error_backward(ctx, target)


class MeanAbsoluteError(ElementwiseLoss):
    """The mean of |y_pred - y_true| over all numbers.

    Args:
        reduction, name, dtype, options: see `Loss`.

    Example:
        >>> MeanAbsoluteError()([[0.0, 1.0]], [[2.0, 1.0]])
        1.0
    """

    def errors(
        self, target: np.ndarray, y_pred: np.ndarray, from_logits: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return |y_pred - target|, (n, ...), and the differences: see `ElementwiseLoss.errors`."""
        return reference.absolute_error_forward(y_pred, target)

    def slopes(self, target: np.ndarray, ctx: np.ndarray, from_logits: bool) -> np.ndarray:
        """Return 1, -1 or 0, (n, ...)."""
        return reference.absolute_error_backward(ctx, target)


def mean_squared_error(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    """Return the mean squared error of each sample, (n,): see `MeanSquaredError`.

    Example:
        >>> mean_squared_error([[0.0, 1.0]], [[2.0, 1.0]])
        array([2.])
    """
    return MeanSquaredError().of_last_axis(y_true, y_pred)


def mean_absolute_error(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    """Return the mean absolute error of each sample, (n,): see `MeanAbsoluteError`.

    Example:
        >>> mean_absolute_error([[0.0, 1.0]], [[2.0, 1.0]])
        array([1.])
    """
    return MeanAbsoluteError().of_last_axis(y_true, y_pred)
