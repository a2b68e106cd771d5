"""Translates the arguments of `compile` from Keras's form in a file to the plain form, and back.

The plain form is that of `SavedModel.training_config`. Files of Keras 3 and tf.keras 2 are read.
"""

import functools
from collections.abc import Callable, Mapping

from tinycnn import losses, metrics, optimizers
from tinycnn.optimizers import schedules
from tinycnn.optimizers.options import CHECKS, CLIPS, DEFAULTS
from tinycnn.saving.options import (
    ANYTHING,
    NOTHING,
    UnsupportedError,
    checks_of,
    choice,
    class_and_config,
    number,
    plain_object,
    scalars,
    select,
    shown,
    text,
)
from tinycnn.saving.options import name as name_of
from tinycnn.utils.naming import snake_case
from tinycnn.utils.registration import Classes, get_registered_object
from tinycnn.utils.validation import of_one_output
from tinycnn.utils.warning import warn

LOSSES = {name: cls.__name__ for name, cls in (losses.NAMES | losses.SHORT_NAMES).items()}
LOSS_CLASSES = {name: name for name in losses.CLASSES}
METRICS = {name: cls.__name__ for name, cls in (metrics.NAMES | metrics.SHORT_NAMES).items()}
METRICS |= {name: name for name in metrics.CLASSES}
MOST_METRICS = 100
BY_DEFAULT = "rmsprop"  # of Keras's `compile`: some of its files leave the optimizer out
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
    **dict.fromkeys(("jit_compile", "is_legacy_optimizer", "schedule_decay"), ANYTHING)
}
SCHEDULES = "keras.optimizers.schedules"  # the module that Keras 3 needs to be told
COMPILE_DEFAULTS = {
    **dict.fromkeys(("loss_weights", "sample_weight_mode"), (None,)),
    **dict.fromkeys(("run_eagerly", "steps_per_execution", "jit_compile"), ANYTHING),
    "auto_scale_loss": ANYTHING,  # only of effect together with loss_scale_factor
}


def plain_training(described: dict, say: Callable[[str], None] = warn) -> dict:
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
    listed = functools.partial(_metrics, say=say)
    checks = {"loss": _loss, "metrics": listed, "weighted_metrics": listed}
    checks["optimizer_config"] = lambda value: None if value is None else _optimizer(value)
    training = select("its training configuration", described, checks, COMPILE_DEFAULTS)
    if training.get("loss") is None:
        raise UnsupportedError("its training configuration has no loss")
    weighted = training.get("weighted_metrics")
    return {
        "loss": training["loss"],
        "metrics": training.get("metrics", []),
        **({"weighted_metrics": weighted} if weighted else {}),
        "optimizer": training.get("optimizer_config") or _optimizer(BY_DEFAULT),
    }


def _function_name(value: object) -> object:
    """Return the name of a function that Keras 3 describes as {"class_name": "function", "config": name}.

    Anything else is returned as it is.
    """
    if isinstance(value, dict) and value.get("class_name") == "function":
        return text(value.get("config"))
    return value


def _loss(value: object) -> str | dict:
    """Return a loss in the plain form: its name, or {"class_name", "config"}."""
    value = _function_name(of_one_output(value))
    if not isinstance(value, dict):
        return choice((LOSSES | LOSS_CLASSES).keys())(value)
    class_name, config = class_and_config(value)
    function = _function_name(config.get("fn"))
    if class_name == "LossFunctionWrapper":  # how Keras wraps a function
        class_name = choice(LOSSES)(function)
    config = config | ({"fn": function} if "fn" in config else {})
    return _plain(losses.CLASSES, class_name, config)


def _plain(
    classes: Classes, class_name: object, config: dict, supported: Mapping[str, object] = NOTHING
) -> dict:
    """Return a loss or a metric in the plain form, {"class_name", "config"}; a name of null is none."""
    cls = classes.get(class_name) if isinstance(class_name, str) else None
    fixed = {**cls.fixed_options, "fn": (snake_case(class_name),)} if cls else {}
    checks = {"name": name_of}
    return plain_object(classes, class_name, _named(config), checks, {**fixed, **supported})


def _named(config: dict) -> dict:
    """Return a configuration without a name of null."""
    return {name: value for name, value in config.items() if (name, value) != ("name", None)}


def _metrics(value: object, say: Callable[[str], None]) -> list[str | dict]:
    """Return the metrics in the plain form, each as its name or {"class_name", "config"}.

    One that is not there is left out, and `say` gets a sentence about it.
    """
    value = of_one_output(value)
    if value is None:
        return []
    value = value if isinstance(value, list) else [value]
    if len(value) > MOST_METRICS:
        raise ValueError(f"it has {len(value)} metrics, and {MOST_METRICS} are the most")
    plain = []
    for metric in value:
        try:
            plain.append(_metric(metric))
        except UnsupportedError as error:
            say(f"its metric {shown(metric)} is left out ({error}).")
    return plain


def _metric(value: object) -> str | dict:
    """Return a metric in the plain form, given as a name or as Keras's description of an object."""
    value, title = _function_name(value), None
    if isinstance(value, dict):
        class_name, config = class_and_config(value)
        if class_name == metrics.WRAPPER:  # how tf.keras 2 wraps a function
            value, title = _unwrapped(config), config.get("name")
    if isinstance(value, str) and get_registered_object(value) is not None:  # somebody's own
        title = None if title is None else name_of(title)
        return {"class_name": metrics.WRAPPER, "config": {"fn": value, "name": title}}
    if not isinstance(value, dict):
        return choice((*metrics.BY_SHAPE, *METRICS))(value)
    class_name, config = class_and_config(value)
    # A loss that is a metric has a reduction.
    supported = {"dtype": ANYTHING, "reduction": losses.Loss.fixed_options["reduction"]}
    return _plain(metrics.CLASSES, class_name, config, supported | {"axis": (-1,)})


def _unwrapped(config: dict) -> object:
    """Return a metric as its name or {"class_name", "config"}, given a MeanMetricWrapper's configuration."""
    wrapped = _function_name(config.get("fn"))
    if wrapped is None:  # Keras 2.3 left the function out
        return config.get("name")
    if isinstance(wrapped, str) and get_registered_object(wrapped) is not None:
        return wrapped
    if isinstance(wrapped, dict):  # a loss
        class_name, inner = class_and_config(wrapped)
    else:
        class_name, inner = choice(METRICS)(wrapped), {}
    outer = {name: value for name, value in config.items() if name != "fn"}
    return {"class_name": class_name, "config": inner | outer}


def _optimizer(value: object) -> dict:
    """Return an optimizer in the plain form, {"class_name", "config"}, the learning rate always in it."""
    class_name, config = (value, {}) if isinstance(value, str) else class_and_config(value)
    if class_name not in optimizers.CLASSES:
        class_name = choice(OPTIMIZERS)(class_name)
    config = {name: value for name, value in config.items() if (name, value) != ("epsilon", None)}
    if "lr" in config:  # before Keras 2.3
        config["learning_rate"] = config.pop("lr")
    decay = config.pop("decay", None)
    cls = optimizers.CLASSES[class_name]
    # What all optimizers have is checked by the optimizer itself.
    checks = checks_of(cls, optimizers.CLASSES, config) | dict.fromkeys(CHECKS, scalars)
    checks |= {"name": text, "learning_rate": _learning_rate}
    supported = cls.fixed_options | OPTIMIZER_DEFAULTS
    settings = select(class_name, config, checks, supported)
    if class_name in LEARNING_RATES:
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


def _learning_rate(value: object) -> float | dict:
    """Return a learning rate: a number, or a schedule in the plain form, {"class_name", "config"}."""
    if not isinstance(value, dict):
        return number(value)
    class_name, config = class_and_config(value)
    checks = dict.fromkeys(("boundaries", "values"), _short_list)
    return plain_object(schedules.CLASSES, class_name, _named(config), checks)


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
    rate = optimizer["config"].get("learning_rate", LEARNING_RATES.get(optimizer["class_name"]))
    config = _without_defaults(optimizer["config"])
    if "use_ema" not in config:  # then these have no effect
        config = {k: v for k, v in config.items() if not k.startswith("ema_")}
    if isinstance(rate, dict):
        config["learning_rate"] = {"module": SCHEDULES, **rate, "registered_name": None}
    elif rate is not None:  # Keras accepts only a float
        config["learning_rate"] = float(rate)
    return {
        "loss": _keras_loss(plain["loss"]),
        "metrics": [_keras_metric(metric) for metric in plain["metrics"]],
        "weighted_metrics": [_keras_metric(metric) for metric in plain.get("weighted_metrics", [])]
        or None,
        "loss_weights": None,
        "optimizer_config": {"class_name": optimizer["class_name"], "config": config},
    }


def _keras_loss(loss: str | dict) -> str | dict:
    """Return a loss as its name if all its options have their defaults, else {"class_name", "config"}."""
    if isinstance(loss, str):
        return snake_case(LOSSES.get(loss, loss))
    if losses.CLASSES.is_own(losses.CLASSES[loss["class_name"]]):
        return loss
    name = snake_case(loss["class_name"])
    usual = {"name": name, "from_logits": False, "label_smoothing": 0.0}
    if all(value == usual.get(option) for option, value in loss["config"].items()):
        return name
    return {"class_name": loss["class_name"], "config": dict(loss["config"])}


def _keras_metric(metric: str | dict) -> str | dict:
    """Return a metric as {"class_name", "config"}: of a text, tf.keras takes one-hot labels for granted."""
    if metric in metrics.BY_SHAPE:
        return metric
    if isinstance(metric, str):
        metric = {"class_name": METRICS[metric], "config": {"name": metric}}
    return {"class_name": metric["class_name"], "config": metric["config"] | {"dtype": "float32"}}
