"""Translates the arguments of `compile` from Keras's form in a file to the plain form, and back.

The plain form is that of `SavedModel.training_config`. Files of Keras 3 and tf.keras 2 are read.
"""

from tinycnn import losses, optimizers
from tinycnn.metrics import METRICS
from tinycnn.saving.options import (
    ANYTHING,
    UnsupportedError,
    checks_of,
    choice,
    dictionary,
    registered_name,
    select,
    shown,
    text,
)

LOSSES = {name: cls.__name__ for name, cls in losses.NAMES.items()}
METRIC_CLASSES = {  # Keras's classes of metrics, and our names of the same
    "CategoricalAccuracy": "categorical_accuracy",
    "SparseCategoricalAccuracy": "sparse_categorical_accuracy",
}
OPTIMIZERS = {known: known for known in optimizers.CLASSES}
OPTIMIZERS |= {f"Custom>{known}": known for known in OPTIMIZERS}  # how tf.keras 2.11 names them
# A file without a learning rate was written with Keras's default. Ours are the same but for Adadelta's.
LEARNING_RATES = {name: cls().learning_rate for name, cls in optimizers.CLASSES.items()}
LEARNING_RATES["Adadelta"] = 0.001
# Further options that a file may have besides an optimizer's `fixed_options`, and the values that are
# allowed: see `options.select`.
OPTIMIZER_DEFAULTS = {
    "decay": (None, 0.0),
    # Of no effect without use_ema, or only on how the program runs.
    **dict.fromkeys(("ema_momentum", "ema_overwrite_frequency"), ANYTHING),
    **dict.fromkeys(("jit_compile", "is_legacy_optimizer"), ANYTHING),
}
COMPILE_DEFAULTS = {
    **dict.fromkeys(("loss_weights", "sample_weight_mode"), (None,)),
    "weighted_metrics": (None, []),
    **dict.fromkeys(("run_eagerly", "steps_per_execution", "jit_compile"), ANYTHING),
    "auto_scale_loss": ANYTHING,  # only of effect together with loss_scale_factor
}


def plain_training(described: dict) -> dict:
    """Return {"loss", "metrics", "optimizer"} in the plain form, given the training_config that Keras wrote.

    Raises:
        UnsupportedError: if it is well formed, but asks for what this library does not have.
        ValueError: if it is not well formed.

    Example:
        >>> sgd = {"class_name": "SGD", "config": {}}
        >>> training = plain_training({"loss": "categorical_crossentropy", "optimizer_config": sgd})
        >>> training["optimizer"]
        {'class_name': 'SGD', 'config': {'learning_rate': 0.01}}
    """
    checks = {"loss": _loss, "metrics": _metrics, "optimizer_config": _optimizer}
    training = select("its training configuration", described, checks, COMPILE_DEFAULTS)
    for needed in ("loss", "optimizer_config"):
        if needed not in training:
            raise ValueError(f"its training configuration has no {needed}")
    return {
        "loss": training["loss"],
        "metrics": training.get("metrics", []),
        "optimizer": training["optimizer_config"],
    }


def _class_and_config(value: object) -> tuple[object, dict]:
    """Return (class_name, config) of an object as Keras 3 or tf.keras 2 describes it, a dict."""
    supported = {"module": ANYTHING, "registered_name": ANYTHING}
    described = select("it", value, {"class_name": text, "config": dictionary}, supported)
    return registered_name(value, described.get("class_name")), described.get("config", {})


def _loss(value: object) -> str | dict:
    """Return a loss in the plain form: its name, or {"class_name", "config"}."""
    if not isinstance(value, dict):
        return choice(LOSSES.keys())(value)
    class_name, config = _class_and_config(value)
    if class_name not in losses.CLASSES:
        raise UnsupportedError(f"only {sorted(LOSSES)} are there")
    cls = losses.CLASSES[class_name]
    supported = cls.fixed_options | {"fn": tuple(LOSSES)}
    kept = select("it", config, checks_of(cls, losses.CLASSES, config), supported)
    return {"class_name": class_name, "config": kept}


def _metrics(value: object) -> list[str]:
    """Return the names of the metrics."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise ValueError("a list is needed")
    if len(value) == 1 and isinstance(value[0], list):  # one list for each output
        value = value[0]
    return [_metric(metric) for metric in value]


def _metric(value: object) -> str:
    """Return the name of a metric, given as a name or as Keras's description of an object."""
    if not isinstance(value, dict):
        return choice(METRICS.keys())(value)
    class_name, config = _class_and_config(value)
    if class_name in METRIC_CLASSES:
        select("it", config, {}, {"name": ANYTHING, "dtype": ANYTHING})
        return METRIC_CLASSES[class_name]
    if class_name == "MeanMetricWrapper":  # how tf.keras 2 wraps a function
        kept = {"fn": choice(METRICS.keys())}
        metric = select("it", config, kept, {"name": ANYTHING, "dtype": ANYTHING})
        if "fn" in metric:
            return metric["fn"]
    raise UnsupportedError(f"{shown(class_name)}: only {sorted(METRICS)} are there")


def _optimizer(value: object) -> dict:
    """Return an optimizer in the plain form, {"class_name", "config"}, the learning rate always in it."""
    class_name, config = _class_and_config(value)
    if class_name not in optimizers.CLASSES:
        class_name = choice(OPTIMIZERS)(class_name)
    config = {name: value for name, value in config.items() if (name, value) != ("epsilon", None)}
    if "lr" in config:  # before Keras 2.3
        config["learning_rate"] = config.pop("lr")
    cls = optimizers.CLASSES[class_name]
    checks = checks_of(cls, optimizers.CLASSES, config)
    settings = select(class_name, config, checks, cls.fixed_options | OPTIMIZER_DEFAULTS)
    if class_name in LEARNING_RATES:
        settings.setdefault("learning_rate", LEARNING_RATES[class_name])
    return {"class_name": class_name, "config": settings}


def keras_training(plain: dict) -> dict:
    """Return a training configuration in the form that tf.keras 2 and Keras 3 read, given the plain one."""
    optimizer = plain["optimizer"]
    config = dict(optimizer["config"])
    rate = config.get("learning_rate", LEARNING_RATES.get(optimizer["class_name"]))
    if rate is not None:
        config["learning_rate"] = float(rate)  # Keras accepts only a float
    return {
        "loss": _keras_loss(plain["loss"]),
        "metrics": list(plain["metrics"]),
        "weighted_metrics": None,
        "loss_weights": None,
        "optimizer_config": {"class_name": optimizer["class_name"], "config": config},
    }


def _keras_loss(loss: str | dict) -> str | dict:
    """Return a loss as its name if all its options have their defaults, else {"class_name", "config"}."""
    if isinstance(loss, str):
        return loss
    by_class = {known: name for name, known in LOSSES.items()}
    name = by_class.get(loss["class_name"])
    if name is None:  # somebody's own
        return loss
    usual = {"name": name, "from_logits": False, "label_smoothing": 0.0}
    if all(value == usual.get(option) for option, value in loss["config"].items()):
        return name
    return {"class_name": loss["class_name"], "config": dict(loss["config"])}
