"""One step of learning at a time, on one drawing: taken, undone and forgotten to the last bit. No Tk in here.

Everything heavy is imported inside of the functions: they run on a worker, behind the open window.
"""

import copy
import dataclasses
import math
from collections import deque

KEPT = 10  # states to go back to at once; from an older one on, the steps are taken anew
SMALLEST = 1e-7  # probability, as in the loss itself
ROOM = 300_000_000  # bytes that those may take


@dataclasses.dataclass(frozen=True)
class View:
    """What can be seen of a net and a drawing.

    loss: cross-entropy of the right digit, -log of its probability; None where no digit was named.
    shares: the probabilities of the ten digits; empty if the net computes no numbers any more.
    kernels: of the first convolution, (filters, kh, kw), as lists; empty if there is none.
    """

    loss: float | None
    shares: list[float]
    kernels: list


@dataclasses.dataclass(frozen=True)
class Change:
    """A net before and after something was done to it.

    before, after: what was to be seen.
    count: steps that the net is away from the loaded one.
    """

    before: View
    after: View
    count: int


@dataclasses.dataclass(frozen=True)
class Step:
    """One step of an optimizer: on which picture x (1, 28, 28, 1), for which digit, at which rate."""

    x: object
    digit: int
    rate: float


class Steps:
    """A copy of a model, which learns step by step; the model itself is never touched.

    Args:
        model: takes (28, 28, 1), returns ten probabilities or scores. The copy goes on with the optimizer
            that it was compiled with, and that optimizer's state; without one, with Adadelta.

    Example:
        >>> import numpy as np
        >>> from tinycnn.pretrained.nets import lenet5
        >>> steps = Steps(lenet5())
        >>> change = steps.take(np.ones((1, 28, 28, 1), np.float32), digit=7, rate=1.0)
        >>> change.before.loss > change.after.loss, change.count
        (True, 1)
        >>> steps.undo(), steps.undo()
        (True, False)
    """

    def __init__(self, model: object) -> None:
        self.loaded = model
        self.model = to_learn(model)
        self._taken: list[Step] = []
        kept = max(1, min(KEPT, ROOM // max(1, size(self.model))))
        self._states: deque[tuple] = deque(maxlen=kept)  # before each of the last steps

    @property
    def count(self) -> int:
        """How many steps were taken and not undone."""
        return len(self._taken)

    def take(self, x: object, digit: int, rate: float, times: int = 1) -> Change:
        """Take some steps on one picture.

        Args:
            x: float32 (1, 28, 28, 1), 0 to 1.
            digit: what it is, 0 to 9.
            rate: the optimizer's learning rate, above 0.
            times: how many steps.
        """
        before = view(self.model, x, digit)
        for _ in range(times):
            step = Step(x, digit, rate)
            self._take(step, len(self._taken))
            self._taken.append(step)
        return Change(before, view(self.model, x, digit), self.count)

    def undo(self) -> bool:
        """Take the last step back, weights and optimizer; return whether there was one."""
        if not self._taken:
            return False
        self._taken.pop()
        if self._states:
            restore(self.model, self._states.pop())
            return True
        restore(self.model, state(to_learn(self.loaded)))
        for place, step in enumerate(self._taken):
            self._take(step, place)
        return True

    def _take(self, step: Step, place: int) -> None:
        """Take one step, the same whenever it is taken: its dropout is drawn from its place."""
        import numpy as np

        from tinycnn.models.training import train_step

        self._states.append(state(self.model))
        self.model.optimizer.learning_rate = step.rate
        dtype = self.model.dtype  # kernels take one kind of numbers
        x, label = np.asarray(step.x, dtype), np.eye(10, dtype=dtype)[[step.digit]]
        train_step(self.model, x, label, np.random.default_rng(place), lambda losses: None)


def to_learn(model: object) -> object:
    """Return a copy of a model that is compiled with cross-entropy, and goes on with its own optimizer."""
    from tinycnn.losses import CategoricalCrossentropy

    copied = copy.deepcopy(model)
    scores = copied.layers[-1].as_logits() is None  # it does not end in a softmax
    loss = CategoricalCrossentropy(from_logits=scores)
    optimizer = with_settable_rate(copied.optimizer) if copied.optimizer else "adadelta"
    copied.compile(optimizer, loss, metrics=["accuracy"])
    return copied


def with_settable_rate(optimizer: object) -> object:
    """Return an optimizer in the same state, with a number as learning rate where there was a schedule."""
    config = optimizer.get_config() | {"learning_rate": optimizer.learning_rate}
    settable = type(optimizer).from_config(config)
    settable.iterations = optimizer.iterations
    settable.slots, settable.params = optimizer.slots, optimizer.params
    return settable


def size(model: object) -> int:
    """Return how many bytes the weights and the optimizer's slots take, once there are slots."""
    slots = sum(len(group) for group in model.optimizer.slot_groups)
    return sum(weight.nbytes for weight in model.weights) * (1 + slots)


def state(model: object) -> tuple:
    """Return copies of all that a step changes: weights, slots, iterations, learning rate."""
    optimizer = model.optimizer
    slots = {name: [array.copy() for array in slot] for name, slot in optimizer.slots.items()}
    return model.get_weights(), slots, optimizer.iterations, optimizer.learning_rate


def restore(model: object, kept: tuple) -> None:
    """Make a model again what `state` told of it."""
    weights, slots, iterations, rate = kept
    for weight, old in zip(model.weights, weights, strict=True):
        weight[...] = old
    optimizer = model.optimizer
    if slots:
        for name, slot in slots.items():
            for array, old in zip(optimizer.slots[name], slot, strict=True):
                array[...] = old
    else:
        optimizer.slots, optimizer.params = {}, None
    optimizer.iterations, optimizer.learning_rate = iterations, rate


def view(model: object, x: object, digit: int | None) -> View:
    """Return what is to be seen of a model and a picture x (1, 28, 28, 1)."""
    from tinycnn.pretrained.digit_model import probabilities
    from tinycnn.utils.errors import ModelFileError

    try:
        shares = [float(p) for p in probabilities(model, "", x)[0]]
    except ModelFileError:
        return View(None, [], [])
    loss = None if digit is None else -math.log(max(shares[digit], SMALLEST))
    return View(loss, shares, first_kernels(model.layers))


def first_kernels(layers: list) -> list:
    """Return the kernels of the first convolution, (filters, kh, kw), the mean over channels, as lists."""
    for layer in layers:
        kernel = layer.params.get("kernel")
        if kernel is not None and kernel.ndim == 4:
            return kernel.mean(axis=2).transpose(2, 0, 1).tolist()  # (kh, kw, f) -> (f, kh, kw)
    return []
