"""What all optimizers can do beside their rule: clip gradients, let weights decay, average weights."""

import math
from collections.abc import Callable, Mapping
from typing import TypedDict

import numpy as np

from tinycnn.utils.validation import check_bool, check_int, check_number
from tinycnn.utils.warning import warn

LARGEST = 1e30
CLIPS = ("clipnorm", "clipvalue", "global_clipnorm")


class Options(TypedDict, total=False):
    """The options of all optimizers, in the order of Keras's `get_config`."""

    weight_decay: float | None
    clipnorm: float | None
    global_clipnorm: float | None
    clipvalue: float | None
    use_ema: bool
    ema_momentum: float
    ema_overwrite_frequency: int | None
    loss_scale_factor: None
    gradient_accumulation_steps: None


DEFAULTS: dict[str, object] = dict.fromkeys(Options.__annotations__)  # None for most
DEFAULTS |= {"use_ema": False, "ema_momentum": 0.99}


def or_none(check: Callable, *limits: float) -> Callable:
    """Return a check(name, value) that lets None pass."""
    return lambda name, value: None if value is None else check(name, value, *limits)


CHECKS: dict[str, Callable] = {
    **dict.fromkeys(("weight_decay", *CLIPS), or_none(check_number, 0.0, LARGEST)),
    "use_ema": check_bool,
    "ema_momentum": lambda name, value: check_number(name, value, 0.0, 1.0),
    "ema_overwrite_frequency": or_none(check_int),
}


def checked(options: Mapping[str, object]) -> dict[str, object]:
    """Return the options that have an effect, all of them, each checked.

    Raises:
        ValueError: for a value out of its range, or two ways of clipping.
    """
    if options.get("decay") is not None:
        warn("decay is ignored, as in Keras 3: use a schedule.")
    values = {
        name: check(name, options.get(name, DEFAULTS[name])) for name, check in CHECKS.items()
    }
    clips = {name: values[name] for name in CLIPS if values[name] is not None}
    if len(clips) > 1:
        raise ValueError(f"Only one of {', '.join(CLIPS)} can be set. Received: {clips}")
    return values


def square_sum(array: np.ndarray) -> float:
    """Return the sum of the squares, in float64: no gradient is too large, and no thread changes a bit."""
    return float(np.square(array, dtype=np.float64).sum())


def clip_by_norm(grads: list[np.ndarray], limit: float) -> list[np.ndarray]:
    """Return the gradients, each made shorter if its norm is above the limit: g · limit / max(norm, ...)."""
    norms = [math.sqrt(square_sum(grad)) for grad in grads]
    # Not max(norm, limit), which is the limit if the norm is NaN.
    factors = [limit / float(np.maximum(norm, limit)) for norm in norms]
    return [g * g.dtype.type(factor) for g, factor in zip(grads, factors, strict=True)]


def clip_by_global_norm(grads: list[np.ndarray], limit: float) -> list[np.ndarray]:
    """Return the gradients, all made shorter alike if the norm of all together is above the limit.

    Is a gradient infinite or NaN, all become NaN.
    """
    norm = math.sqrt(sum(square_sum(grad) for grad in grads))
    factor = limit / float(np.maximum(norm, limit)) if norm < math.inf else math.nan
    return [grad * grad.dtype.type(factor) for grad in grads]


def clip_by_value(grads: list[np.ndarray], limit: float) -> list[np.ndarray]:
    """Return the gradients, each number brought into -limit to limit."""
    return [np.clip(grad, -limit, limit) for grad in grads]


def decay_weights(params: list[np.ndarray], weight_decay: float, learning_rate: float) -> None:
    """Take learning_rate · weight_decay of itself away from every weight, in place."""
    for param in params:
        number = param.dtype.type
        param -= param * number(weight_decay) * number(learning_rate)


def follow(averages: list[np.ndarray], params: list[np.ndarray], momentum: float) -> None:
    """Move the averages of weights, in place: momentum · average + (1 - momentum) · weight."""
    for average, param in zip(averages, params, strict=True):
        share = param.dtype.type(momentum)
        average[...] = share * average + (1 - share) * param
