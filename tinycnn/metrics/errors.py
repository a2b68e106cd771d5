"""The losses once more, as metrics: they are reported, and nothing learns from them."""

from tinycnn import losses
from tinycnn.metrics.base import FunctionMetric
from tinycnn.utils.validation import check_bool, check_number


class MeanSquaredError(FunctionMetric):
    """The mean of (y_pred - y_true)².

    Args:
        name, dtype, options: see `Metric`.
    """

    function = staticmethod(losses.mean_squared_error)


class MeanAbsoluteError(FunctionMetric):
    """The mean of |y_pred - y_true|.

    Args:
        name, dtype, options: see `Metric`.
    """

    function = staticmethod(losses.mean_absolute_error)


class SparseCategoricalCrossentropy(FunctionMetric):
    """The cross-entropy for labels that are class numbers.

    Args:
        name, dtype, options: see `Metric`.
        from_logits: True if the model's outputs are scores, not probabilities.
    """

    config_names = ("name", "from_logits")
    fixed_options = FunctionMetric.fixed_options | {"axis": (-1,), "ignore_class": (None,)}
    function = staticmethod(losses.sparse_categorical_crossentropy)

    def __init__(
        self,
        name: str | None = None,
        dtype: object = None,
        from_logits: bool = False,
        **options: object,
    ):
        super().__init__(name, dtype, **options)
        self.from_logits = check_bool("from_logits", from_logits)


class CategoricalCrossentropy(FunctionMetric):
    """The cross-entropy for one-hot labels.

    Args:
        name, dtype, options: see `Metric`.
        from_logits: True if the model's outputs are scores, not probabilities.
        label_smoothing: see `losses.CategoricalCrossentropy`.
    """

    config_names = ("name", "from_logits", "label_smoothing")
    fixed_options = FunctionMetric.fixed_options | {"axis": (-1,)}
    function = staticmethod(losses.categorical_crossentropy)

    def __init__(
        self,
        name: str | None = None,
        dtype: object = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        **options: object,
    ):
        super().__init__(name, dtype, **options)
        self.from_logits = check_bool("from_logits", from_logits)
        self.label_smoothing = check_number("label_smoothing", label_smoothing, 0, 1)


class BinaryCrossentropy(CategoricalCrossentropy):
    """The cross-entropy of yes or no.

    Args:
        name, dtype, from_logits, label_smoothing, options: see `CategoricalCrossentropy`.
    """

    function = staticmethod(losses.binary_crossentropy)
