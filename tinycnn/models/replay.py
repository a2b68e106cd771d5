"""`RecordedSteps`: the steps of a small net as one, repeated by a native call when a batch size comes again.

After some calls with a batch size the kernels of a call are recorded with their arrays: see
`utils/recording.py`. A recording is used only if it proves complete: all arrays but weights, inputs and what
recorded calls return are overwritten, and the repetition must give the same bytes. What cannot be recorded,
such as dropout, whose mask is another at each step, runs as it did before.
"""

import functools
import math
import operator
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinycnn import ops
from tinycnn.layers import Layer
from tinycnn.layers.base import Rng
from tinycnn.models import plan
from tinycnn.models.fusion import Grads, InputAndGrads
from tinycnn.models.plan import AnyStep
from tinycnn.utils.recording import Call, Recorder, arrays_in, root_of

CALLS = 10  # with a batch size until it is recorded, which takes as long as some steps
MOST = 4  # batch sizes that are recorded
MOST_BYTES = (
    32 * 1024**2
)  # of arrays that a recording holds; where there are more, Python costs little


class Repeated:
    """A computation that was done once, and can be repeated with the same arrays if `program` is not None.

    Args:
        compute: returns arrays, or tuples, lists and dicts of these: `result`.
        known: arrays that `compute` reads and that are there before it, such as weights.
        rng: random numbers that it may draw: then it draws others each time, and is not repeated.
    """

    def __init__(self, compute: Callable[[], Any], known: Sequence[np.ndarray], rng: Rng = None):
        before = None if rng is None else str(rng.bit_generator.state)
        with Recorder(MOST_BYTES).active() as recorder:
            self.result = compute()
        self.arrays, self.program = arrays_in(recorder.entries), None
        drawn = rng is not None and str(rng.bit_generator.state) != before
        # With NaN in the result, the proof below could not tell what is computed from what is not.
        self.undecided = any(np.isnan(array).any() for array in floats_in(self.result))
        if recorder.complete and not drawn and not self.undecided and self._is_recorded(known):
            self.program = ops.program(recorder.entries)
        if self.program is not None and not self._is_complete(known):
            self.program = None

    def _is_recorded(self, known: Sequence[np.ndarray]) -> bool:
        """Return whether all arrays of the result are known, or those of kernels and calls that ran."""
        there = {id(root_of(array)) for array in [*known, *self.arrays]}
        return all(id(root_of(array)) in there for array in arrays_in(self.result))

    def _is_complete(self, known: Sequence[np.ndarray]) -> bool:
        """Return whether the program gives the same bytes again when all that it computes is overwritten."""
        calls = [entry.result for entry in self.program.entries if isinstance(entry, Call)]
        there, returned = ({id(root_of(a)) for a in arrays_in(group)} for group in (known, calls))
        others = [array for array in self.arrays if id(root_of(array)) not in there]
        computed = [array for array in others if array.flags.writeable]
        before = [array.copy() for array in computed]
        expected = [array.tobytes() for array in arrays_in(self.result)]
        for array in computed:
            if id(root_of(array)) not in returned:
                array[...] = math.nan if array.dtype.kind == "f" else 0
        self.program.run()
        if [array.tobytes() for array in arrays_in(self.result)] == expected:
            return True
        for array, numbers in zip(computed, before, strict=True):
            array[...] = numbers
        return False


def floats_in(value: Any) -> list[np.ndarray]:
    """Return the arrays of floating-point numbers in a value: see `arrays_in`."""
    return [array for array in arrays_in(value) if array.dtype.kind == "f"]


class Recording:
    """Forward and backward of all steps for one batch size, each recorded when it first runs.

    Args:
        steps, x, training, rng: see `plan.forward`.
        weights: of all layers.
    """

    def __init__(
        self,
        steps: list[AnyStep],
        x: np.ndarray,
        training: bool,
        rng: Rng,
        weights: list[np.ndarray],
    ):
        self.steps, self.weights, self.x = steps, weights, x.copy()
        run = functools.partial(plan.forward, steps, self.x, training, rng)
        self._forward = Repeated(run, [self.x, *weights], rng)
        self.y, self.tape = self._forward.result
        self.complete, self.undecided = self._forward.program is not None, self._forward.undecided
        self._dy: np.ndarray | None = None
        self._backward: Repeated | None = None

    def holds(self, weights: list[np.ndarray]) -> bool:
        """Return whether these arrays are still those that were recorded."""
        return all(map(operator.is_, self.weights, weights))

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return y for other inputs of the same shape: the array of the first time, with other numbers."""
        self.x[...] = x
        self._forward.program.run()
        return self.y

    def backward(self, dy: np.ndarray) -> Grads:
        """Return the gradients of each layer for the last `forward`, in the arrays of the first time, too."""
        if self._backward is None:
            self._dy = dy.copy()
            known = [self.x, self._dy, *self.weights, *self._forward.arrays, *arrays_in(self.tape)]
            self._backward = Repeated(self._gradients, known)
        else:
            self._dy[...] = dy
            if self._backward.program is None:
                return self._gradients()
            self._backward.program.run()
        return self._backward.result

    def _gradients(self) -> Grads:
        """Return the gradients of each layer, computed step by step."""
        return plan.backward(self.steps, self._dy, self.tape, False)[1]


class RecordedSteps:
    """Several steps as one step, with the methods of `plan.Step`; see the top of this file.

    Args:
        steps: from `plan.plan`.
    """

    def __init__(self, steps: list[AnyStep]):
        self.steps, self._busy = steps, threading.Lock()
        self._kept: dict[tuple, Recording | None] = {}  # by the shape of x; None: in vain
        self._calls: Counter = Counter()

    def __reduce__(self) -> tuple:
        """Let a copy have the same, or copied, steps, and nothing recorded yet."""
        return type(self), (self.steps,)

    def forward(self, x: np.ndarray, training: bool, rng: Rng) -> tuple[np.ndarray, tuple]:
        """Return y and ctx: see `plan.forward`. The next call may overwrite the arrays of both."""
        recording = self._kept.get(x.shape)
        if recording is not None and recording.holds(self._weights()):
            return recording.forward(x), (recording, recording.tape)
        self._calls[x.shape] += 1
        if self._calls[x.shape] == CALLS and len(self._kept) < MOST:
            recording = Recording(self.steps, x, training, rng, self._weights())
            if recording.undecided:
                self._calls[x.shape] = 0  # it is tried again
                return recording.y, (None, recording.tape)
            self._kept[x.shape] = recording if recording.complete else None
            return recording.y, (self._kept[x.shape], recording.tape)
        y, tape = plan.forward(self.steps, x, training, rng)
        return y, (None, tape)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Return y of a forward step outside training; several threads may call this at once."""
        if not self._busy.acquire(blocking=False):
            return plan.forward(self.steps, x, False, None)[0]
        try:
            return self.forward(x, False, None)[0].copy()
        finally:
            self._busy.release()

    def backward(self, dy: np.ndarray, ctx: tuple, input_gradient: bool) -> InputAndGrads:
        """Return dx, or None, and one dict {parameter: gradient} a layer: see `plan.backward`."""
        recording, tape = ctx
        if recording is None or input_gradient:
            return plan.backward(self.steps, dy, tape, input_gradient)
        return None, recording.backward(dy)

    def updates(self, ctx: tuple) -> Grads:
        """Return one dict {parameter: new value} a layer: see `plan.updates`."""
        return plan.updates(self.steps, ctx[1])

    def _weights(self) -> list[np.ndarray]:
        """Return the parameter arrays of all layers."""
        return [array for layer in layers_of(self.steps) for array in layer.params.values()]


def layers_of(steps: list[AnyStep]) -> list[Layer]:
    """Return the layers that these steps compute."""
    return [layer for step in steps for layer in getattr(step, "layers", None) or (step.layer,)]


def recorded_steps(steps: list[AnyStep]) -> list[AnyStep | RecordedSteps]:
    """Return steps that compute the same: one that records, unless a layer is somebody's own class.

    Such a layer might do more than compute, which a repetition would leave out.
    """
    own = any(not type(layer).__module__.startswith("tinycnn.") for layer in layers_of(steps))
    return steps if own or not steps else [RecordedSteps(steps)]
