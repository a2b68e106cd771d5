"""Translates the arguments of `compile` from Keras's form in a file to the plain form, and back.

The plain form is that of `SavedModel.training_config`. Files of Keras 3 and tf.keras 2 are read.
"""

from tinycnn import losses, optimizers
from tinycnn.metrics import METRICS
from tinycnn.optimizers import schedules
from tinycnn.optimizers.options import CLIPS, DEFAULTS
from tinycnn.saving.options import (
    ANYTHING,
    Check,
    UnsupportedError,
    boolean,
    checks_of,
    choice,
    dictionary,
    number,
    scalars,
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
# Keras takes the names in lower case, too; "Custom>" is how tf.keras 2.11 begins them.
OPTIMIZERS |= {known.lower(): known for known in OPTIMIZERS}
OPTIMIZERS |= {f"Custom>{known}": known for known in optimizers.CLASSES}
# A file without a learning rate was written with Keras's default. Ours are the same but for Adadelta's.
LEARNING_RATES = {name: cls().learning_rate for name, cls in optimizers.CLASSES.items()}
LEARNING_RATES["Adadelta"] = 0.001
# Further options that a file may have besides an optimizer's `fixed_options`: see `options.select`.
OPTIMIZER_DEFAULTS = {
    # Only of effect on how the program runs; Nadam's are constants of its rule.
    **dict.fromkeys(("jit_compile", "is_legacy_optimizer", "schedule_decay"), ANYTHING),
}
SCHEDULES = "keras.optimizers.schedules"  # the module that Keras 3 needs to be told
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
    return described.get("class_name"), described.get("config", {})


def _loss(value: object) -> str | dict:
    """Return a loss in the plain form: its name, or {"class_name", "config"}."""
    if not isinstance(value, dict):
        return choice(LOSSES.keys())(value)
    class_name, config = _class_and_config(value)
    if class_name not in LOSSES.values():
        raise UnsupportedError(f"only {sorted(LOSSES)} are there")
    cls = losses.CLASSES[class_name]
    supported = cls.fixed_options | {"fn": tuple(LOSSES)}
    kept = select("it", config, checks_of(cls), supported)
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
    class_name, config = (value, {}) if isinstance(value, str) else _class_and_config(value)
    class_name = choice(OPTIMIZERS)(class_name)
    config = {name: value for name, value in config.items() if (name, value) != ("epsilon", None)}
    if "lr" in config:  # before Keras 2.3
        config["learning_rate"] = config.pop("lr")
    decay = config.pop("decay", None)
    cls = optimizers.CLASSES[class_name]
    checks = checks_of(cls) | OPTION_CHECKS | {"learning_rate": _learning_rate}
    supported = cls.fixed_options | OPTIMIZER_DEFAULTS
    settings = select(class_name, config, checks, supported)
    settings.setdefault("learning_rate", LEARNING_RATES[class_name])
    if decay and class_name != "Nadam":
        settings["learning_rate"] = _decayed(settings["learning_rate"], number(decay))
    clips = [name for name in CLIPS if settings.get(name) is not None]
    if len(clips) > 1:
        raise UnsupportedError(f"{class_name} has {' and '.join(clips)}: only one is there")
    plain = {"class_name": class_name, "config": _without_defaults(settings)}
    try:
        optimizers.get(plain)  # raises what is out of its range
    except TypeError as error:
        raise ValueError(str(error)) from error
    return plain


def _without_defaults(config: dict) -> dict:
    """Return a configuration without those options of all optimizers that have their default.

    Older Keras does not know all of them.
    """
    return {k: v for k, v in config.items() if k not in DEFAULTS or v != DEFAULTS[k]}


def _or_none(check: Check) -> Check:
    """Return a check that lets None pass."""
    return lambda value: None if value is None else check(value)


OPTION_CHECKS: dict[str, Check] = {  # of what all optimizers have
    "name": text,
    **dict.fromkeys(("weight_decay", *CLIPS), _or_none(number)),
    "use_ema": boolean,
    "ema_momentum": number,
    "ema_overwrite_frequency": _or_none(scalars),
}


def _learning_rate(value: object) -> float | dict:
    """Return a learning rate: a number, or a schedule in the plain form, {"class_name", "config"}."""
    if not isinstance(value, dict):
        return number(value)
    class_name, config = _class_and_config(value)
    cls = schedules.CLASSES[choice(schedules.CLASSES.keys())(class_name)]
    checks = checks_of(cls) | dict.fromkeys(("boundaries", "values"), _short_list)
    config = {name: value for name, value in config.items() if (name, value) != ("name", None)}
    return {"class_name": class_name, "config": select(class_name, config, checks, {})}


def _short_list(value: object) -> list:
    """Return a list of as many numbers as a schedule may have; ValueError for anything else."""
    if not isinstance(value, list) or len(value) > schedules.MOST_VALUES:
        raise ValueError("a short list is needed")
    return [number(each) for each in value]


def _decayed(rate: float | dict, decay: float) -> dict:
    """Return the schedule that the option `decay` meant before Keras 3: rate / (1 + decay · step)."""
    if isinstance(rate, dict):
        raise UnsupportedError("a schedule and decay together are not there")
    config = {"initial_learning_rate": rate, "decay_steps": 1.0, "decay_rate": decay}
    return {"class_name": "InverseTimeDecay", "config": config}


def keras_training(plain: dict) -> dict:
    """Return a training configuration in the form that tf.keras 2 and Keras 3 read, given the plain one."""
    optimizer = plain["optimizer"]
    rate = optimizer["config"].get("learning_rate", LEARNING_RATES[optimizer["class_name"]])
    config = _without_defaults(optimizer["config"])
    config["learning_rate"] = _keras_schedule(rate) if isinstance(rate, dict) else float(rate)
    return {
        "loss": _keras_loss(plain["loss"]),
        "metrics": list(plain["metrics"]),
        "weighted_metrics": None,
        "loss_weights": None,
        "optimizer_config": {"class_name": optimizer["class_name"], "config": config},
    }


def _keras_schedule(schedule: dict) -> dict:
    """Return a schedule as Keras 3 and tf.keras read it."""
    return {"module": SCHEDULES, **schedule, "registered_name": None}


def _keras_loss(loss: str | dict) -> str | dict:
    """Return a loss as its name if all its options have their defaults, else {"class_name", "config"}."""
    if isinstance(loss, str):
        return loss
    by_class = {known: name for name, known in LOSSES.items()}
    name = by_class[loss["class_name"]]
    usual = {"name": name, "from_logits": False, "label_smoothing": 0.0}
    if all(value == usual.get(option) for option, value in loss["config"].items()):
        return name
    return {"class_name": loss["class_name"], "config": dict(loss["config"])}
