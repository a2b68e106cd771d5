"""Schedules: learning rates that depend on the number of steps so far, by their Keras names."""

import math
from collections.abc import Mapping, Sequence

from tinycnn.utils.configurable import Configurable, subclasses
from tinycnn.utils.registration import Classes
from tinycnn.utils.validation import check_bool, check_name, check_number

LARGEST = 1e30
MOST_VALUES = 1_000  # of a `PiecewiseConstantDecay`


class LearningRateSchedule(Configurable):
    """Base of the schedules: `schedule(step)` is the learning rate after `step` steps.

    Example:
        >>> class Halving(LearningRateSchedule):
        ...     def __call__(self, step):
        ...         return 0.5**step
        >>> from tinycnn.optimizers import SGD
        >>> SGD(Halving()).learning_rate
        1.0
    """

    def __call__(self, step: int) -> float:
        """Return the learning rate, given the number of steps so far, from 0."""
        raise NotImplementedError(f"{type(self).__name__} has no __call__(self, step)")


def _check(owner: LearningRateSchedule, **numbers: float) -> None:
    """Keep numbers from 0 as attributes; ValueError for others, and for steps that are 0."""
    for name, value in numbers.items():
        low = 1e-9 if name.endswith("decay_steps") else 0.0
        setattr(owner, name, check_number(name, value, low, LARGEST))


class ExponentialDecay(LearningRateSchedule):
    """initial_learning_rate · decay_rate ^ (step / decay_steps).

    Args:
        initial_learning_rate: from 0.
        decay_steps: above 0.
        decay_rate: from 0.
        staircase: round step / decay_steps down.
        name: for `get_config`.

    Raises:
        ValueError: for a number out of its range.

    Example:
        >>> ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5)(20)
        0.025
    """

    config_names = ("initial_learning_rate", "decay_steps", "decay_rate", "staircase", "name")

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ):
        _check(self, initial_learning_rate=initial_learning_rate, decay_steps=decay_steps)
        _check(self, decay_rate=decay_rate)
        self.staircase = check_bool("staircase", staircase)
        self.name = check_name("name", name)

    def _periods(self, step: int) -> float:
        """Return how many times decay_steps have gone by."""
        periods = step / self.decay_steps
        return math.floor(periods) if self.staircase else periods

    def __call__(self, step: int) -> float:
        """Return the learning rate after `step` steps."""
        return self.initial_learning_rate * self.decay_rate ** self._periods(step)


class InverseTimeDecay(ExponentialDecay):
    """initial_learning_rate / (1 + decay_rate · step / decay_steps); arguments as of `ExponentialDecay`.

    Example:
        >>> InverseTimeDecay(0.1, decay_steps=10, decay_rate=0.5)(20)
        0.05
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ):
        super().__init__(initial_learning_rate, decay_steps, decay_rate, staircase, name)

    def __call__(self, step: int) -> float:
        """Return the learning rate after `step` steps."""
        return self.initial_learning_rate / (1 + self.decay_rate * self._periods(step))


class PiecewiseConstantDecay(LearningRateSchedule):
    """values[0] up to step boundaries[0], then values[1] up to boundaries[1], and so on.

    Args:
        boundaries: steps, in ascending order; up to 999.
        values: learning rates, one more than boundaries.
        name: for `get_config`.

    Raises:
        ValueError: for numbers out of their range, or too few or too many values.

    Example:
        >>> schedule = PiecewiseConstantDecay([100, 200], [1.0, 0.5, 0.1])
        >>> schedule(100), schedule(101), schedule(201)
        (1.0, 0.5, 0.1)
    """

    config_names = ("boundaries", "values", "name")

    def __init__(
        self, boundaries: Sequence[float], values: Sequence[float], name: str = "PiecewiseConstant"
    ):
        for given in (boundaries, values):
            if not isinstance(given, Sequence) or not 0 < len(given) <= MOST_VALUES:
                raise ValueError(
                    f"boundaries and values must be lists of 1 to {MOST_VALUES:,} numbers. "
                    f"Received: {given!r}"
                )
        if len(boundaries) != len(values) - 1:
            raise ValueError(
                "boundaries must be one less than values. Received: "
                f"{len(boundaries)} boundaries, {len(values)} values"
            )
        self.boundaries = [check_number("boundaries", step, 0.0, LARGEST) for step in boundaries]
        if self.boundaries != sorted(self.boundaries):
            raise ValueError(f"boundaries must ascend. Received: boundaries={boundaries!r}")
        self.values = [check_number("values", value, 0.0, LARGEST) for value in values]
        self.name = check_name("name", name)

    def __call__(self, step: int) -> float:
        """Return the learning rate after `step` steps."""
        return self.values[sum(step > boundary for boundary in self.boundaries)]


class PolynomialDecay(LearningRateSchedule):
    """From one learning rate to another: the way that is left is (1 - step / decay_steps) ^ power of it.

    Args:
        initial_learning_rate: from 0.
        decay_steps: above 0.
        end_learning_rate: reached after decay_steps, and kept.
        power: 1 for a straight line.
        cycle: do not keep it, but begin anew after each decay_steps, each time nearer to the end.
        name: for `get_config`.

    Raises:
        ValueError: for a number out of its range.

    Example:
        >>> PolynomialDecay(0.5, decay_steps=10, end_learning_rate=0.25)(5)
        0.375
    """

    config_names = ("initial_learning_rate", "decay_steps", "end_learning_rate", "power", "cycle")
    config_names += ("name",)

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ):
        _check(self, initial_learning_rate=initial_learning_rate, decay_steps=decay_steps)
        _check(self, end_learning_rate=end_learning_rate, power=power)
        self.cycle = check_bool("cycle", cycle)
        self.name = check_name("name", name)

    def __call__(self, step: int) -> float:
        """Return the learning rate after `step` steps."""
        steps = self.decay_steps * (max(1, math.ceil(step / self.decay_steps)) if self.cycle else 1)
        left = 1 - min(step / steps, 1.0)
        way = self.initial_learning_rate - self.end_learning_rate
        return way * left**self.power + self.end_learning_rate


class CosineDecay(LearningRateSchedule):
    """Half a cosine from one learning rate to alpha of it, after a warm-up if wanted.

    Args:
        initial_learning_rate: from 0; with a warm-up that begins there.
        decay_steps: how many steps the cosine takes, above 0.
        alpha: the share of the learning rate that is reached, and kept.
        name: for `get_config`.
        warmup_target: what the learning rate rises to in a straight line before the cosine; None for none.
        warmup_steps: how many steps it rises, from 0.

    Raises:
        ValueError: for a number out of its range.

    Example:
        >>> schedule = CosineDecay(0.0, decay_steps=10, warmup_target=0.5, warmup_steps=10)
        >>> [round(schedule(step), 3) for step in (0, 5, 10, 15, 20)]
        [0.0, 0.25, 0.5, 0.25, 0.0]

    Source: I. Loshchilov, F. Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017.
    """

    config_names = ("initial_learning_rate", "decay_steps", "alpha", "name")
    config_names += ("warmup_target", "warmup_steps")

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: float = 0,
    ):
        _check(self, initial_learning_rate=initial_learning_rate, decay_steps=decay_steps)
        _check(self, alpha=alpha, warmup_steps=warmup_steps)
        self.name, self.warmup_target = check_name("name", name), None
        if warmup_target is not None:
            _check(self, warmup_target=warmup_target)

    def __call__(self, step: int) -> float:
        """Return the learning rate after `step` steps."""
        start = self.initial_learning_rate
        highest, warming = start, 0.0
        if self.warmup_target is not None:
            highest, warming = self.warmup_target, self.warmup_steps
        if step < warming:
            return (highest - start) * (step / warming) + start
        share = min((step - warming) / self.decay_steps, 1.0)
        wave = 0.5 * (1 + math.cos(math.pi * share))  # from 1 to 0
        return highest * ((1 - self.alpha) * wave + self.alpha)


class CosineDecayRestarts(LearningRateSchedule):
    """Half a cosine after the other, each t_mul times as long and m_mul times as high as the last.

    Args:
        initial_learning_rate: from 0.
        first_decay_steps: how many steps the first cosine takes, above 0.
        t_mul: from 1.
        m_mul: from 0.
        alpha: the share of the learning rate that each ends with.
        name: for `get_config`.

    Raises:
        ValueError: for a number out of its range.

    Example:
        >>> schedule = CosineDecayRestarts(0.5, first_decay_steps=10)
        >>> [round(schedule(step), 3) for step in (0, 5, 10, 20)]
        [0.5, 0.25, 0.5, 0.25]

    Source: I. Loshchilov, F. Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017.
    """

    config_names = ("initial_learning_rate", "first_decay_steps", "t_mul", "m_mul", "alpha", "name")

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: float,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ):
        _check(self, initial_learning_rate=initial_learning_rate, m_mul=m_mul, alpha=alpha)
        _check(self, first_decay_steps=first_decay_steps)
        self.t_mul = check_number("t_mul", t_mul, 1.0, LARGEST)
        self.name = check_name("name", name)

    def __call__(self, step: int) -> float:
        """Return the learning rate after `step` steps."""
        periods, ratio = step / self.first_decay_steps, self.t_mul
        if ratio == 1:
            restarts, share = divmod(periods, 1)
        else:  # the lengths are a geometric series
            restarts = math.floor(math.log1p(periods * (ratio - 1)) / math.log(ratio) + 1e-9)
            share = (periods - (ratio**restarts - 1) / (ratio - 1)) / ratio**restarts
        wave = 0.5 * self.m_mul**restarts * (1 + math.cos(math.pi * share))
        return self.initial_learning_rate * ((1 - self.alpha) * wave + self.alpha)


CLASSES = Classes(LearningRateSchedule, subclasses(LearningRateSchedule))


def serialize(learning_rate_schedule: LearningRateSchedule) -> dict:
    """Return {"class_name": ..., "config": ...} of a schedule.

    Example:
        >>> serialize(CosineDecay(0.1, 10))["class_name"]
        'CosineDecay'
    """
    return learning_rate_schedule.serialize()


def deserialize(
    config: Mapping, custom_objects: Mapping[str, type] | None = None
) -> LearningRateSchedule:
    """Return a new schedule, given what `serialize` returned.

    Args:
        config: {"class_name": ..., "config": ...}.
        custom_objects: own classes by their names.

    Raises:
        ValueError: for a schedule that is not there.

    Example:
        >>> deserialize(serialize(ExponentialDecay(0.1, 10, 0.5)))(0)
        0.1
    """
    name = str(config.get("class_name"))
    cls = (custom_objects or {}).get(name) or CLASSES.get(name)
    if cls is None:
        raise ValueError(f"A schedule must be one of {sorted(CLASSES)}. Received: {config!r}")
    return cls.from_config(config.get("config", {}))
