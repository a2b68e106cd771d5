"""The cross-entropies over classes, each as class and as function.

If a model ends in a softmax, training leaves it out and passes the scores to the loss, with
`from_logits` True.
"""

import numpy as np

from tinycnn.losses.base import Loss
from tinycnn.ops import reference
from tinycnn.utils.validation import check_bool, check_number, plain_array

EPSILON = 1e-7  # Keras's: probabilities are clipped to this and 1 minus this before the logarithm


def _check_labels(y_true: np.ndarray, y_pred: np.ndarray, wanted: tuple) -> None:
    """Raise ValueError unless y_pred is (n, classes), n above 0, and y_true has the shape `wanted`."""
    if y_pred.ndim != 2:
        raise ValueError(
            "Predictions must be (n, classes): let the model end in Dense or Flatten. "
            f"Received: {y_pred.shape}"
        )
    if not len(y_pred):
        raise ValueError("There are no samples to compute a loss of.")
    if y_true.shape != wanted:
        raise ValueError(
            f"y_true of shape {y_true.shape} does not go with predictions of shape {y_pred.shape}: "
            f"wanted {wanted}. One-hot labels go with categorical_crossentropy, class numbers with "
            "sparse_categorical_crossentropy."
        )


class Crossentropy(Loss):
    """Base of the cross-entropies over classes: one-hot labels, one number for each sample.

    Args:
        from_logits: True if predictions are scores before the softmax, not probabilities.
        name: for `get_config`.
        options: Keras's other arguments; accepted only at the value that changes nothing.
    """

    config_names: tuple[str, ...] = ("from_logits", "name")
    fixed_options = Loss.fixed_options | {"axis": (-1,)}
    logits_of = "softmax"

    def __init__(self, from_logits: bool, name: str, **options: object):
        super().__init__(name, **options)
        self.from_logits = check_bool("from_logits", from_logits)

    def target(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Return the labels in the form that `forward` takes: (n, classes), in the dtype of y_pred.

        Args:
            y_true: (n, classes), not negative; a row that sums to 2 counts twice, as in Keras.
            y_pred: (n, classes); only its shape and dtype are used.

        Raises:
            ValueError: for another shape, negative numbers, or a row of zeros.
        """
        y_true = plain_array("Labels", y_true)
        _check_labels(y_true, y_pred, y_pred.shape)
        total = y_true.sum(axis=-1, keepdims=True, dtype=np.float64)
        if y_true.size and (not np.isfinite(total).all() or y_true.min() < 0 or total.min() <= 0):
            raise ValueError("y_true must be probabilities: not negative, no NaN, no row of zeros.")
        return y_true.astype(y_pred.dtype)

    def random_labels(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Return one-hot labels of random classes: see `Loss.random_labels`."""
        return np.eye(shape[-1])[rng.integers(shape[-1], size=shape[:-1])]

    def forward(
        self, target: np.ndarray, y_pred: np.ndarray, from_logits: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the loss of each sample (n,), and ctx: what `backward` needs.

        Args:
            target: from the method `target`, (n, classes).
            y_pred: predictions (n, classes), of the same dtype.
            from_logits: True if y_pred are scores before the softmax.
        """
        if from_logits:
            return reference.cross_entropy_forward(y_pred, target)
        probabilities = y_pred / y_pred.sum(axis=-1, keepdims=True)
        clipped = np.clip(probabilities, EPSILON, 1 - EPSILON)
        return -(target * np.log(clipped)).sum(axis=-1), (y_pred, clipped)

    def backward(self, target: np.ndarray, ctx: object, from_logits: bool) -> np.ndarray:
        """Return the gradient of the *mean* loss with respect to y_pred, (n, classes).

        Args:
            target, from_logits: those of `forward`.
            ctx: from `forward`.
        """
        if from_logits:
            return reference.cross_entropy_backward(ctx, target) / target.dtype.type(len(target))
        y_pred, clipped = ctx
        # forward: losses = -Σ target · log(clip(y_pred / Σ y_pred))
        total = y_pred.sum(axis=-1, keepdims=True)
        inside = clipped == y_pred / total  # the clip has slope 1 inside and 0 outside
        slope = np.where(inside, -target / clipped, 0)
        # p = y_pred / total, so dp[j]/dy_pred[i] = ((i == j) - p[j]) / total
        mean_slope = (slope * y_pred).sum(axis=-1, keepdims=True) / total
        return (slope - mean_slope) / total / target.dtype.type(len(target))


class CategoricalCrossentropy(Crossentropy):
    """Cross-entropy for one-hot labels, -Σ y_true log y_pred; calling it returns the mean over samples.

    Args:
        from_logits: True if predictions are scores before the softmax, not probabilities.
        label_smoothing: share of each label to spread evenly over all classes, 0 to 1.
        name: for `get_config`.
        options: Keras's other arguments; accepted only at the value that changes nothing.

    Raises:
        TypeError, ValueError: for a label_smoothing outside 0 to 1, or an option that is not there.

    Example:
        >>> loss = CategoricalCrossentropy()
        >>> round(loss([[0, 1]], [[0.5, 0.5]]), 4)
        0.6931
    """

    config_names = ("from_logits", "label_smoothing", "name")

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        *,
        name: str = "categorical_crossentropy",
        **options: object,
    ):
        super().__init__(from_logits, name, **options)
        self.label_smoothing = check_number("label_smoothing", label_smoothing, 0, 1)

    def target(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Return the true probabilities, smoothed, (n, classes): see `Loss.target`."""
        target = super().target(y_true, y_pred)
        if not self.label_smoothing:
            return target
        share = target.dtype.type(self.label_smoothing)
        return target * (1 - share) + share / y_pred.shape[-1]


class SparseCategoricalCrossentropy(Crossentropy):
    """The same cross-entropy for labels that are class numbers.

    Args:
        from_logits: True if predictions are scores before the softmax, not probabilities.
        name: for `get_config`.
        options: Keras's other arguments; accepted only at the value that changes nothing.

    Example:
        >>> loss = SparseCategoricalCrossentropy()
        >>> round(loss([1], [[0.5, 0.5]]), 4)
        0.6931
    """

    fixed_options = Crossentropy.fixed_options | {"ignore_class": (None,)}

    def __init__(
        self,
        from_logits: bool = False,
        *,
        name: str = "sparse_categorical_crossentropy",
        **options: object,
    ):
        super().__init__(from_logits, name, **options)

    def target(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Return one-hot labels (n, classes) in the dtype of y_pred.

        Args:
            y_true: class numbers (n,) or (n, 1), whole, from 0 to classes - 1.
            y_pred: (n, classes); only its shape and dtype are used.

        Raises:
            ValueError: for another shape, or a number that is no class.
        """
        y_true = plain_array("Labels", y_true)
        if y_true.shape == (*y_pred.shape[:-1], 1):
            y_true = y_true[..., 0]
        _check_labels(y_true, y_pred, y_pred.shape[:-1])
        classes = y_pred.shape[-1]
        good = np.isin(y_true, np.arange(classes))
        if not good.all():
            raise ValueError(
                f"Labels must be whole numbers from 0 to {classes - 1}. Received: {y_true[~good][0]!r}"
            )
        target = np.zeros(y_pred.shape, y_pred.dtype)
        np.put_along_axis(target, y_true[..., None].astype(np.intp), 1, axis=-1)
        return target

    def random_labels(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Return random class numbers: see `Loss.random_labels`."""
        return rng.integers(shape[-1], size=shape[:-1])


def categorical_crossentropy(
    y_true: np.ndarray, y_pred: np.ndarray, from_logits: bool = False, label_smoothing: float = 0.0
) -> np.ndarray:
    """Return the cross-entropy of each sample, (n,): see `CategoricalCrossentropy`."""
    return CategoricalCrossentropy(from_logits, label_smoothing).of_samples(y_true, y_pred)


def sparse_categorical_crossentropy(
    y_true: np.ndarray, y_pred: np.ndarray, from_logits: bool = False
) -> np.ndarray:
    """Return the cross-entropy of each sample, (n,): see `SparseCategoricalCrossentropy`."""
    return SparseCategoricalCrossentropy(from_logits).of_samples(y_true, y_pred)
