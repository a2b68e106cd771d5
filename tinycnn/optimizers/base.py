"""`Optimizer`: the base of all optimizers, with what happens around every step."""

import math
from collections.abc import Callable, Mapping
from typing import Unpack

import numpy as np

from tinycnn.optimizers import options as extras
from tinycnn.optimizers import schedules
from tinycnn.optimizers.options import LARGEST, Options
from tinycnn.optimizers.schedules import LearningRateSchedule
from tinycnn.optimizers.together import update_together
from tinycnn.utils.arrays import check_array, check_in_place
from tinycnn.utils.configurable import Configurable
from tinycnn.utils.validation import check_name, check_number

SMALLEST = 1e-30  # of an epsilon; and `LARGEST`: limits of arguments, within what float32 can hold
BELOW_ONE = 1 - 2**-20  # the largest decay rate of a running mean; with 1 it would never change

Rate = float | LearningRateSchedule | Callable[[], float]


def _check_list(name: str, arrays: list[np.ndarray]) -> None:
    """Raise ValueError unless these come as a list or tuple."""
    if not isinstance(arrays, list | tuple):
        raise ValueError(f"{name} must be a list of arrays. Received: {type(arrays).__name__}")


class Optimizer(Configurable):
    """Base of the optimizers; it holds their slots.

    A slot is an array that an optimizer keeps for each weight array, such as a running mean. `slots` is
    {name of the slot: [one array for each weight array]}.

    Args:
        learning_rate: factor of the steps, from 0, may be set between steps; or a schedule, of
            `tinycnn.optimizers.schedules` or an own one; or a function without arguments that returns it.
        name: for `get_config`; None: that of the class.
        options: weight_decay: before each step weights shrink by learning_rate · weight_decay of themselves;
            clipnorm, clipvalue, global_clipnorm, of which one may be given: the largest norm of each array of
            gradients, size of each number, or norm of all gradients together; use_ema: keep running means
            of the weights, with decay ema_momentum, which replace the weights after every
            ema_overwrite_frequency steps, and at the end of `fit`; the others of Keras's only at the
            value that changes nothing.

    Raises:
        TypeError, ValueError: for a number out of its range, or an option that is not there.
    """

    config_names: tuple[str, ...] = ("name", "learning_rate", *extras.DEFAULTS)
    fixed_options: Mapping[str, tuple] = {
        "loss_scale_factor": (None,),
        "gradient_accumulation_steps": (None, 1),
    }
    loss_scale_factor = gradient_accumulation_steps = None
    slot_names: tuple[str, ...] = ()  # what `update` gets for each weight array
    slots_apart: tuple[str, ...] = ()  # those that Keras stores each by itself: see `slot_groups`
    slots_from_0: tuple[str, ...] = ()  # those that hold means of squares: a file's must, too
    _learning_rate: Rate = 0.0

    def __init__(self, learning_rate: Rate, name: str | None = None, **options: Unpack[Options]):
        own = {*extras.CHECKS, "decay"}
        if "lr" in options:
            rate = f"learning_rate={options['lr']!r}"
            raise TypeError(f"{type(self).__name__} has no option 'lr' any more: write {rate}.")
        self.check_options({key: value for key, value in options.items() if key not in own})
        for option, value in extras.checked(options).items():
            setattr(self, option, value)
        self.learning_rate = learning_rate
        self.name = check_name("name", type(self).__name__ if name is None else name)
        self.iterations = 0  # steps so far
        self.slots: dict[str, list[np.ndarray]] = {}
        self.params: list[np.ndarray] | None = None  # the weight arrays that the slots belong to
        self._without_decay: list[np.ndarray] = []

    @property
    def learning_rate(self) -> float:
        """Factor of the next step, from 0; may be set between steps, unless a schedule says it."""
        rate = self._learning_rate
        if type(rate) is float:
            return rate
        try:
            rate = rate(self.iterations) if isinstance(rate, LearningRateSchedule) else rate()
        except OverflowError:  # of a power
            rate = math.inf
        return check_number("learning_rate", rate, 0.0, LARGEST)

    @learning_rate.setter
    def learning_rate(self, value: Rate) -> None:
        if isinstance(value, Mapping):
            value = schedules.deserialize(value)
        if not callable(value):
            if isinstance(self._learning_rate, LearningRateSchedule):
                raise TypeError(
                    "The learning rate cannot be set: this optimizer was made with a schedule. Make it with "
                    f"a number, or set another schedule. Received: learning_rate={value!r}"
                )
            value = check_number("learning_rate", value, 0.0, LARGEST)
        self._learning_rate = value

    @property
    def slot_groups(self) -> list[tuple[str, ...]]:
        """All slots in Keras 3's order: those of a group stand together, weight array by weight array."""
        apart = [name for name in self.slot_names if name in self.slots_apart]
        together = tuple(name for name in self.slot_names if name not in apart)
        groups = ["average"] * self.use_ema, [together] if together else [], apart
        return [(name,) if isinstance(name, str) else name for group in groups for name in group]

    def new_slot(self, name: str, param: np.ndarray) -> np.ndarray:
        """Return what a slot of a weight array begins with: zeros of its shape and dtype."""
        return np.zeros_like(param)

    def scalars(self) -> dict[str, float]:
        """Return numbers that follow from the settings and `iterations`, and that Keras stores, by name."""
        return {}

    def get_config(self) -> dict:
        """Return the arguments of this object by name, as plain values; a schedule as a dict."""
        rate = self._learning_rate
        described = rate.serialize() if hasattr(rate, "serialize") else rate
        return super().get_config() | {"learning_rate": described}

    def exclude_from_weight_decay(
        self, var_list: list[np.ndarray] | None = None, var_names: None = None
    ) -> None:
        """Leave weight arrays out of weight decay.

        Args:
            var_list: such as `[layer.params["bias"]]`; those of earlier calls are no longer left out.
            var_names: only None.

        Raises:
            ValueError: for names.
        """
        if var_names:
            raise ValueError(
                "Weight arrays have no names here: pass the arrays, var_list=[layer.params['bias'], ...]. "
                f"Received: var_names={var_names!r}"
            )
        self._without_decay = list(var_list or ())

    def build(self, params: list[np.ndarray]) -> None:
        """Make the slots for these weight arrays, if there are none yet.

        Args:
            params: the weight arrays, float32 or float64, writeable; later calls need the very same ones,
                or some of them.

        Raises:
            ValueError: if this optimizer belongs to other weights, or these cannot be changed in place.
        """
        _check_list("params", params)
        for param in params:
            check_in_place("param", param)
        if not self.slots:
            names = [name for group in self.slot_groups for name in group]
            self.slots = {name: [self.new_slot(name, param) for param in params] for name in names}
        if self.params is None:
            shapes = [param.shape for param in params]
            if any([a.shape for a in slot] != shapes for slot in self.slots.values()):
                raise ValueError(
                    "This optimizer already moves the weights of another model: make a new one for each."
                )
            self.params = list(params)
        known = {id(param) for param in self.params}
        if any(id(param) not in known for param in params):
            raise ValueError(
                "This optimizer already moves other arrays: those of another model, for which there must "
                "be another optimizer, or arrays of this model that were replaced, or trainable, only "
                "since. Copy new numbers into the arrays that are there, layer.set_weights([...]), or "
                "compile again."
            )

    def apply(self, grads: list[np.ndarray], params: list[np.ndarray]) -> None:
        """Take one step: change the weight arrays in place.

        Args:
            grads: gradient of the loss with respect to each of params.
            params: the weights; those of the first call, or some of them.

        Raises:
            ValueError: for other shapes or dtypes, or weights that this optimizer does not belong to;
                nothing is changed then.
        """
        _check_list("grads", grads)
        _check_list("params", params)
        shapes = [[getattr(a, "shape", None) for a in arrays] for arrays in (grads, params)]
        if shapes[0] != shapes[1]:
            raise ValueError(f"Gradients and weights must have the same shapes. Received: {shapes}")
        self.build(params)
        for param, grad in zip(params, grads, strict=True):
            check_array("grad", grad, param.shape, param.dtype)
        if self.clipnorm or self.clipvalue or self.global_clipnorm:
            grads = self._clipped(grads)
        if self.weight_decay is not None:
            kept = set(map(id, self._without_decay))
            decayed = [param for param in params if id(param) not in kept]
            extras.decay_weights(decayed, self.weight_decay, self.learning_rate)
        places = {id(param): place for place, param in enumerate(self.params)}
        rows = [
            (param, grad, *(self.slots[name][places[id(param)]] for name in self.slot_names))
            for param, grad in zip(params, grads, strict=True)
        ]
        if type(self).update.__module__.startswith("tinycnn."):
            update_together(self.update, rows)
        else:  # somebody's own rule may look at a whole array, and keep it
            for param, grad, *slots in rows:
                self.update(param, grad.copy(), slots)  # the next step may write over what it keeps
        if self.use_ema:
            self._average()
        self.iterations += 1

    def update(self, param: np.ndarray, grad: np.ndarray, slots: list[np.ndarray]) -> None:
        """Change one weight array in place; each subclass has its own rule.

        Args:
            param: the weight array.
            grad: gradient of the loss with respect to it, of the same shape.
            slots: its slots, in the order of `slot_names`; they are changed in place, too.
        """
        raise TypeError(f"{type(self).__name__} is only the base of the optimizers")

    def finalize_variable_values(self, var_list: list[np.ndarray]) -> None:
        """Put the running means into the weights, in place, if there are such; `fit` ends with that.

        Args:
            var_list: weight arrays of this optimizer.
        """
        averages = self.slots.get("average", []) if self.use_ema else []
        by_param = dict(zip(map(id, self.params or []), averages, strict=False))
        for param in var_list:
            if id(param) in by_param:
                param[...] = by_param[id(param)]

    def _clipped(self, grads: list[np.ndarray]) -> list[np.ndarray]:
        """Return gradients of the sizes that are allowed, in new arrays."""
        if self.clipnorm:
            return extras.clip_by_norm(grads, self.clipnorm)
        if self.global_clipnorm:
            return extras.clip_by_global_norm(grads, self.global_clipnorm)
        return extras.clip_by_value(grads, self.clipvalue)

    def _average(self) -> None:
        """Move the running means of the weights; the first ones are the weights themselves."""
        momentum = self.ema_momentum if self.iterations else 0.0
        extras.follow(self.slots["average"], self.params, momentum)
        if self.ema_overwrite_frequency and not (
            (self.iterations + 1) % self.ema_overwrite_frequency
        ):
            self.finalize_variable_values(self.params)
