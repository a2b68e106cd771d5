"""`Loss`, the base class of the losses."""

from collections.abc import Mapping

import numpy as np

from tinycnn.utils.arrays import FLOATS
from tinycnn.utils.configurable import Configurable
from tinycnn.utils.naming import snake_case
from tinycnn.utils.validation import check_name, plain_array

MEAN = "sum_over_batch_size"  # the only reduction: the mean over all samples


class Loss(Configurable):
    """Base of the losses; of somebody's own, too: `forward` and `backward` are all that one needs.

    Args:
        name: None for that of the class, in small letters.
        reduction: only Keras's default, the mean over the samples.
        dtype: of no effect: a loss computes in the dtype of the predictions.
        options: Keras's other arguments; accepted only at the value that changes nothing.

    Raises:
        TypeError: for an unknown option, or a class with Keras's `call` instead of `forward`.
        ValueError: for an option at another value.

    Example:
        >>> class Quartic(Loss):
        ...     '''The sum of (y_pred - target)⁴.'''
        ...     def forward(self, target, y_pred, from_logits):
        ...         difference = y_pred - target
        ...         return (difference**4).sum(axis=-1), difference
        ...     def backward(self, target, ctx, from_logits):
        ...         return 4 * ctx**3 / len(target)
        >>> Quartic()([[0.0, 1.0], [0.0, 0.0]], [[2.0, 1.0], [0.0, 0.0]])
        8.0

    `model.compile("sgd", Quartic())` trains with it, and `tinycnn.gradcheck.check_model(model)` checks it.
    """

    config_names: tuple[str, ...] = ("name",)
    fixed_options: Mapping[str, tuple] = {
        "reduction": (MEAN, "auto", "mean"),
        "dtype": (None, "float32"),
    }
    from_logits = False  # whether predictions are scores before the activation `logits_of`
    # The activation, "softmax" or "sigmoid", that a model's end leaves to the loss while it trains: then the
    # loss gets the scores before it, and from_logits True. "": the loss takes outputs as they are.
    logits_of = ""

    def __init__(
        self,
        name: str | None = None,
        reduction: str = MEAN,
        dtype: object = None,
        **options: object,
    ):
        if hasattr(type(self), "call") and type(self).forward is Loss.forward:
            raise TypeError(
                f"{type(self).__name__} is a loss in Keras's style, with call, and has no gradient here. It "
                "needs forward(target, y_pred, from_logits), which returns (loss of each sample, ctx), and "
                "backward(target, ctx, from_logits), which returns the gradient of the mean loss."
            )
        if reduction is None:
            raise ValueError(
                f"{type(self).__name__}: reduction is only there with the value {MEAN!r}."
            )
        self.check_options(options | {"reduction": reduction, "dtype": dtype})
        self.name = snake_case(type(self).__name__) if name is None else check_name("name", name)

    def __call__(
        self, y_true: np.ndarray, y_pred: np.ndarray, sample_weight: np.ndarray | None = None
    ) -> float:
        """Return the mean loss of all samples.

        Args:
            y_true: labels, as `target` takes them.
            y_pred: predictions (n, ...).
            sample_weight: what each sample's loss is multiplied with, (n,) or (n, 1); None: 1.
        """
        losses = self.of_samples(y_true, y_pred)
        if sample_weight is not None:
            losses = losses * plain_array("sample_weight", sample_weight).reshape(losses.shape)
        return float(losses.mean())

    def of_samples(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Return the loss of each sample, (n,): see `__call__`."""
        y_pred = predictions(y_pred)
        return self.forward(self.target(y_true, y_pred), y_pred, self.from_logits)[0]

    def target(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Return labels in the form that `forward` takes, in the dtype of y_pred.

        This default wants them shaped as the predictions; an axis of one number may be missing at the end
        of either.

        Args:
            y_true: (n, ...).
            y_pred: (n, ...); only its shape and dtype are used.

        Raises:
            ValueError: for another shape.
        """
        y_true = plain_array("Labels", y_true)
        if not len(y_pred):
            raise ValueError("There are no samples to compute a loss of.")
        if y_true.shape in ((*y_pred.shape, 1), y_pred.shape[:-1]) and y_true.size == y_pred.size:
            y_true = y_true.reshape(y_pred.shape)
        if y_true.shape != y_pred.shape:
            raise ValueError(
                f"y_true of shape {y_true.shape} does not go with predictions of shape {y_pred.shape}: "
                f"{self.name} takes labels shaped as the predictions."
            )
        return y_true.astype(y_pred.dtype)

    def random_labels(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Return labels for predictions of this shape, (n, ...), for gradient checks: numbers in 0 to 1."""
        return rng.random(shape)

    def forward(
        self, target: np.ndarray, y_pred: np.ndarray, from_logits: bool
    ) -> tuple[np.ndarray, object]:
        """Return the loss of each sample (n,), and ctx: what `backward` needs.

        Args:
            target: from the method `target`.
            y_pred: predictions (n, ...), of the same dtype.
            from_logits: True if y_pred are scores before the activation `logits_of`; else False.
        """
        raise TypeError(f"{type(self).__name__} is only the base of the losses")

    def backward(self, target: np.ndarray, ctx: object, from_logits: bool) -> np.ndarray:
        """Return the gradient of the *mean* loss with respect to the predictions, (n, ...).

        Args:
            target, from_logits: those of `forward`.
            ctx: from `forward`.
        """
        raise TypeError(f"{type(self).__name__} is only the base of the losses")


def predictions(y_pred: np.ndarray) -> np.ndarray:
    """Return predictions as an array of float32 or float64; other dtypes become float32."""
    y_pred = plain_array("Predictions", y_pred)
    return y_pred if y_pred.dtype in FLOATS else y_pred.astype(np.float32)
