"""Optimizers, by their Keras names: they change weight arrays in place, given the gradients.

`Adadelta` has the paper's learning rate of 1.0 as its default. Keras's is 0.001, with which training is a
thousand times slower.
"""

from collections.abc import Mapping

import numpy as np

from tinycnn import ops
from tinycnn.utils.arrays import check_array, check_in_place
from tinycnn.utils.configurable import Configurable, find
from tinycnn.utils.registration import Classes
from tinycnn.utils.validation import check_bool, check_name, check_number

SMALLEST, LARGEST = 1e-30, 1e30  # limits of arguments, within what float32 can hold
BELOW_ONE = 1 - 2**-20  # the largest decay rate of a running mean; with 1 it would never change


def _check_list(name: str, arrays: list[np.ndarray]) -> None:
    """Raise ValueError unless these come as a list or tuple."""
    if not isinstance(arrays, list | tuple):
        raise ValueError(f"{name} must be a list of arrays. Received: {type(arrays).__name__}")


class Optimizer(Configurable):
    """Base of the optimizers; it holds their slots.

    A slot is an array that an optimizer keeps for each weight array, such as a running mean. `slots` is
    {name of the slot: [one array for each weight array]}.

    Args:
        learning_rate: factor of the steps, from 0; may be set between steps.
        name: for `get_config`.
        options: other arguments of Keras's optimizers; accepted only at the value that changes nothing.
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
        self.params: list[np.ndarray] | None = None  # the weight arrays that the slots belong to

    @property
    def learning_rate(self) -> float:
        """Factor of the steps, from 0; may be set between steps."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self._learning_rate = check_number("learning_rate", value, 0.0, LARGEST)

    def build(self, params: list[np.ndarray]) -> None:
        """Make the slots, all 0, for these weight arrays, if there are none yet.

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
            self.slots = {name: [np.zeros_like(p) for p in params] for name in self.slot_names}
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
        self.iterations += 1
        places = {id(param): place for place, param in enumerate(self.params)}
        for param, grad in zip(params, grads, strict=True):
            place = places[id(param)]
            self.update(param, grad, [self.slots[name][place] for name in self.slot_names])

    def update(self, param: np.ndarray, grad: np.ndarray, slots: list[np.ndarray]) -> None:
        """Change one weight array in place; each subclass has its own rule.

        Args:
            param: the weight array.
            grad: gradient of the loss with respect to it, of the same shape.
            slots: its slots, in the order of `slot_names`; they are changed in place, too.
        """
        raise TypeError(f"{type(self).__name__} is only the base of the optimizers")


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum if wanted.

    Args:
        learning_rate: factor of the steps, from 0.
        momentum: share of the last step that is added to the next, 0 to 1.
        nesterov: True for Nesterov's variant of momentum.
        name: for `get_config`.
        options: Keras's other arguments; accepted only at the value that changes nothing.

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
        """Change one weight array in place: see `reference.sgd_update`."""
        ops.sgd_update(param, grad, *slots, self.learning_rate, self.momentum, self.nesterov)


class Adadelta(Optimizer):
    """Steps of the size: gradient · RMS of past steps / RMS of past gradients (root mean squares).

    Args:
        learning_rate: factor of the steps, from 0; 1.0 is the paper's rule.
        rho: decay rate of the running means, 0 to below 1.
        epsilon: added under both roots, above 0; without it the first step would be 0.
        name: for `get_config`.
        options: Keras's other arguments; accepted only at the value that changes nothing.

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
        """Change one weight array in place: see `reference.adadelta_update`."""
        ops.adadelta_update(param, grad, *slots, self.learning_rate, self.rho, self.epsilon)


class Adam(Optimizer):
    """Steps: running mean of the gradient divided by the root of the running mean of its square.

    Args:
        learning_rate: factor of the steps, from 0.
        beta_1, beta_2: decay rates of the two means, 0 to below 1.
        epsilon: added to the root, above 0, so that nothing is divided by 0.
        name: for `get_config`.
        options: Keras's other arguments; accepted only at the value that changes nothing.

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
        """Change one weight array in place: see `reference.adam_update`."""
        step, beta_1, beta_2 = self.iterations, self.beta_1, self.beta_2
        # The means begin with 0, and are too small in the first steps: this corrects both at once.
        rate = self.learning_rate * (1 - beta_2**step) ** 0.5 / (1 - beta_1**step)
        ops.adam_update(param, grad, *slots, rate, beta_1, beta_2, self.epsilon)


CLASSES = Classes(Optimizer, {cls.__name__: cls for cls in Optimizer.__subclasses__()})


def get(identifier: str | dict | Optimizer) -> Optimizer:
    """Return an optimizer, given its name, a dict {"class_name": ..., "config": ...}, or itself.

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
