"""Optimizers: they turn gradients into steps. They see pairs of (weights, gradient) and nothing else.

`Adadelta` begins with the paper's learning rate of 1.0. Keras has 0.001 there, with which the classic
script learns a thousand times too slowly.
"""

import operator
from collections.abc import Mapping

import numpy as np

from tinycnn import ops
from tinycnn.utils.arrays import check_array, check_in_place
from tinycnn.utils.configurable import Configurable, find
from tinycnn.utils.validation import check_bool, check_name, check_number

SMALLEST, LARGEST = 1e-30, 1e30  # within what float32 can hold
BELOW_ONE = 1 - 2**-20  # the running means must forget something


def _check_list(name: str, arrays: list[np.ndarray]) -> None:
    """Raise ValueError unless these come as a list or tuple."""
    if not isinstance(arrays, list | tuple):
        raise ValueError(f"{name} must be a list of arrays. Received: {type(arrays).__name__}")


class Optimizer(Configurable):
    """Base: holds the running arrays ("slots") of every weight array, one list a slot.

    Args:
        learning_rate: size of the steps, from 0.
        name: for `get_config`.
        options: anything else that Keras's optimizers take raises, unless it changes nothing.
    """

    config_names: tuple[str, ...] = ("name", "learning_rate")
    fixed_options: Mapping[str, tuple] = {
        **dict.fromkeys(("clipnorm", "clipvalue", "global_clipnorm", "loss_scale_factor"), (None,)),
        "weight_decay": (None, 0.0),
        "use_ema": (False,),
        "gradient_accumulation_steps": (None, 1),
    }
    slot_names: tuple[str, ...] = ()  # in Keras's order
    slots_from_0: tuple[str, ...] = ()  # those that hold means of squares: a file's must, too

    def __init__(self, learning_rate: float, name: str, **options: object):
        self.check_options(options)
        self.learning_rate = learning_rate
        self.name = check_name("name", name)
        self.iterations = 0
        self.slots: dict[str, list[np.ndarray]] = {}
        self.params: list[np.ndarray] | None = None  # whose slots these are

    @property
    def learning_rate(self) -> float:
        """Size of the steps, from 0; may be set between steps."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self._learning_rate = check_number("learning_rate", value, 0.0, LARGEST)

    def build(self, params: list[np.ndarray]) -> None:
        """Make the slots, all 0, if they are not there yet.

        Raises:
            ValueError: if this optimizer already moves other weights, or these cannot be moved.
        """
        _check_list("params", params)
        for param in params:
            check_in_place("param", param)
        if not self.slots:
            self.slots = {name: [np.zeros_like(p) for p in params] for name in self.slot_names}
        shapes = [param.shape for param in params]
        known = params if self.params is None else self.params
        same = len(params) == len(known) and all(map(operator.is_, params, known))
        if any([a.shape for a in slot] != shapes for slot in self.slots.values()):
            raise ValueError(
                "This optimizer already moves the weights of another model: make a new one for each."
            )
        if not same:
            raise ValueError(
                "This optimizer already moves other arrays: those of another model, for which there must "
                "be another optimizer, or arrays of this model that were replaced since. Copy new numbers "
                "into the arrays that are there, layer.set_weights([...]), or compile again."
            )
        self.params = list(params)

    def apply(self, grads: list[np.ndarray], params: list[np.ndarray]) -> None:
        """Take one step: change params in place.

        Args:
            grads: gradient of the loss with respect to each of params.
            params: the weights, always in the same order.

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
        self.iterations += 1
        for place, (param, grad) in enumerate(zip(params, grads, strict=True)):
            self.update(param, grad, [self.slots[name][place] for name in self.slot_names])

    def update(self, param: np.ndarray, grad: np.ndarray, slots: list[np.ndarray]) -> None:
        """Move one weight array."""
        raise TypeError(f"{type(self).__name__} is only the base of the optimizers")


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum if wanted.

    Args:
        learning_rate: size of the steps, from 0.
        momentum: share of the last step that goes on, 0 to 1.
        nesterov: look ahead by one step of momentum.
        name: for `get_config`.
        options: Keras's others raise unless they change nothing.

    Raises:
        TypeError, ValueError: for a number out of its range, or an option that is not there.

    Example:
        >>> x = np.array([1.0])
        >>> SGD(0.1).apply([np.array([2.0])], [x])
        >>> x
        array([0.8])
    """

    config_names = (*Optimizer.config_names, "momentum", "nesterov")
    slot_names = ("momentum",)

    def __init__(
        self,
        learning_rate: float = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        *,
        name: str = "SGD",
        **options: object,
    ):
        super().__init__(learning_rate, name, **options)
        self.momentum = check_number("momentum", momentum, 0.0, 1.0)
        self.nesterov = check_bool("nesterov", nesterov)

    def update(self, param: np.ndarray, grad: np.ndarray, slots: list[np.ndarray]) -> None:
        """Move one weight array: see `reference.sgd_update`."""
        ops.sgd_update(param, grad, *slots, self.learning_rate, self.momentum, self.nesterov)


class Adadelta(Optimizer):
    """Steps whose size follows from past gradients and past steps.

    Args:
        learning_rate: 1.0 is the paper's rule.
        rho: how slowly the running means forget, 0 to below 1.
        epsilon: keeps the first steps from being zero, above 0.
        name: for `get_config`.
        options: Keras's others raise unless they change nothing.

    Raises:
        TypeError, ValueError: for a number out of its range, or an option that is not there.

    Example:
        >>> x = np.array([1.0])
        >>> Adadelta(learning_rate=0.5).apply([np.array([1.0])], [x])
        >>> print(f"{x[0]:.10f}")
        0.9992928939
    """

    config_names = (*Optimizer.config_names, "rho", "epsilon")
    slot_names = slots_from_0 = ("accumulated_grad", "accumulated_delta_var")

    def __init__(
        self,
        learning_rate: float = 1.0,
        rho: float = 0.95,
        epsilon: float = 1e-7,
        *,
        name: str = "Adadelta",
        **options: object,
    ):
        super().__init__(learning_rate, name, **options)
        self.rho = check_number("rho", rho, 0.0, BELOW_ONE)
        self.epsilon = check_number("epsilon", epsilon, SMALLEST, 1.0)

    def update(self, param: np.ndarray, grad: np.ndarray, slots: list[np.ndarray]) -> None:
        """Move one weight array: see `reference.adadelta_update`."""
        ops.adadelta_update(param, grad, *slots, self.learning_rate, self.rho, self.epsilon)


class Adam(Optimizer):
    """Running mean of the gradient over the root of the running mean of its square.

    Args:
        learning_rate: size of the steps, from 0.
        beta_1, beta_2: how slowly the two means forget, 0 to below 1.
        epsilon: keeps the division from 0, above 0.
        name: for `get_config`.
        options: Keras's others raise unless they change nothing.

    Raises:
        TypeError, ValueError: for a number out of its range, or an option that is not there.

    Example:
        >>> x = np.array([1.0])
        >>> Adam(0.1).apply([np.array([5.0])], [x])
        >>> round(float(x[0]), 3)
        0.9
    """

    config_names = (*Optimizer.config_names, "beta_1", "beta_2", "epsilon")
    fixed_options = Optimizer.fixed_options | {"amsgrad": (False,)}
    slot_names = ("momentum", "velocity")
    slots_from_0 = ("velocity",)

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        *,
        name: str = "Adam",
        **options: object,
    ):
        super().__init__(learning_rate, name, **options)
        self.beta_1 = check_number("beta_1", beta_1, 0.0, BELOW_ONE)
        self.beta_2 = check_number("beta_2", beta_2, 0.0, BELOW_ONE)
        self.epsilon = check_number("epsilon", epsilon, SMALLEST, 1.0)

    def update(self, param: np.ndarray, grad: np.ndarray, slots: list[np.ndarray]) -> None:
        """Move one weight array: see `reference.adam_update`."""
        step, beta_1, beta_2 = self.iterations, self.beta_1, self.beta_2
        rate = self.learning_rate * (1 - beta_2**step) ** 0.5 / (1 - beta_1**step)
        ops.adam_update(param, grad, *slots, rate, beta_1, beta_2, self.epsilon)


CLASSES = {cls.__name__: cls for cls in Optimizer.__subclasses__()}  # all in this file


def get(identifier: str | dict | Optimizer) -> Optimizer:
    """Return an optimizer by Keras's name, by {"class_name", "config"}, or as it is.

    Raises:
        ValueError: for an optimizer that is not there.

    Example:
        >>> get("adadelta").learning_rate
        1.0
    """
    by_name = {name.lower(): cls for name, cls in CLASSES.items()}
    if isinstance(identifier, str) and identifier.lower() in by_name:
        identifier = identifier.lower()
    return find("optimizer", Optimizer, CLASSES, by_name, identifier)
