"""The plan: the list of steps that a model runs, and the two loops over it, `forward` and `backward`.

A step is one layer (`Step`), or several layers computed together (`FusedStep` in `fusion.py`). Like a
layer it has `forward`, which returns y and ctx, and `backward`, which needs that ctx. `tape` is the list
of the ctx of all steps.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from tinycnn.layers import Dropout, Layer
from tinycnn.layers.base import Rng
from tinycnn.models.folding import folded
from tinycnn.models.fusion import FusedStep, Grads, InputAndGrads, fused


@dataclasses.dataclass(frozen=True, repr=False)
class Step:
    """One layer by itself, with the methods of `FusedStep`.

    Args:
        layer: built.
    """

    layer: Layer

    def forward(self, x: np.ndarray, training: bool, rng: Rng) -> tuple[np.ndarray, object]:
        """Return y, and ctx for the backward step: see `Layer.forward`.

        Raises:
            ValueError: if y has not the shape that the layer announced, which NumPy might spread over
                the right one in silence, or not the dtype of x.
        """
        y, ctx = self.layer.forward(x, training, rng)
        shape = (len(x), *self.layer.output_shape[1:])
        if not isinstance(y, np.ndarray) or y.shape != shape or y.dtype != x.dtype:
            raise self._wrong("forward", "output_shape", y, shape, x.dtype)
        return y, ctx

    def backward(self, dy: np.ndarray, ctx: object, input_gradient: bool) -> InputAndGrads:
        """Return dx, and a list of one dict, {parameter: gradient} of the layer: see `Layer.backward`.

        Raises:
            ValueError: if dx is wanted and has not the shape of x, or not the dtype of dy, or the gradient
                of a parameter is missing.
        """
        dx, grads = self.layer.backward(dy, ctx, input_gradient)
        missing = self.layer.params.keys() - grads.keys() - set(self.layer.state_names)
        if missing:
            raise ValueError(
                f"Layer {self.layer.name}: backward must return {{parameter: gradient}} of each of "
                f"{list(self.layer.params)}. Received from {type(self.layer).__name__}.backward, without "
                f"{', '.join(sorted(missing))}: {list(grads)}"
            )
        shape = (len(dy), *self.layer.input_shape[1:])
        good = isinstance(dx, np.ndarray) and dx.shape == shape and dx.dtype == dy.dtype
        if input_gradient and not good:
            raise self._wrong("backward", "input_shape", dx, shape, dy.dtype)
        return dx, [grads]

    def _wrong(
        self, method: str, source: str, array: object, shape: tuple, dtype: np.dtype
    ) -> ValueError:
        received = type(array).__name__
        if isinstance(array, np.ndarray):
            received = f"{array.dtype} of shape {array.shape}"
        return ValueError(
            f"Layer {self.layer.name}: {method} must return {dtype} of shape {shape}, as its {source} "
            f"says. Received from {type(self.layer).__name__}.{method}: {received}"
        )

    def updates(self, ctx: object) -> Grads:
        """Return a list of one dict, {parameter: new value} of the layer: see `Layer.updates`."""
        return [self.layer.updates(ctx)]

    def activation_pattern(self, ctx: object) -> tuple[np.ndarray, ...]:
        """Return the layer's arrays of where its slope changes: see `Layer.activation_pattern`."""
        return self.layer.activation_pattern(ctx)

    def __repr__(self) -> str:
        return f"<{type(self.layer).__name__}: {self.layer.name}>"


AnyStep = Step | FusedStep


def plan(
    layers: Sequence[Layer], logits: bool | str = False, fuse: bool = True, prediction: bool = False
) -> list[AnyStep]:
    """Return the steps that compute these layers.

    Args:
        layers: of a built model, in order.
        logits: "softmax" (or True) or "sigmoid" to leave out this activation at the end, because the loss
            needs the scores before it. A Dense or Conv2D with softmax is then replaced by a copy without,
            which shares its parameters; a softmax that is a layer by one that changes nothing.
        fuse: True to use fused steps where there are such; False: every layer is a step of its own.
        prediction: True to leave out dropout, to fold batch normalizations, and to keep transformed kernels
            from one call to the next.

    Returns:
        The steps, in order.

    Raises:
        ValueError: if a layer's options were changed so that it no longer gives what it was built for.
    """
    for layer in layers:
        _check_as_built(layer)
    layers = list(layers)
    if prediction:
        layers = folded([layer for layer in layers if type(layer) is not Dropout])
    end = "softmax" if logits is True else logits
    without_end = layers[-1].as_logits(end) if end and layers else None
    if without_end is not None:
        layers[-1] = without_end
    steps: list[AnyStep] = []
    while layers:
        step = fused(layers, prediction) if fuse else None
        steps.append(step or Step(layers[0]))
        layers = layers[len(step.layers) if step else 1 :]
    return steps


def _check_as_built(layer: Layer) -> None:
    """Raise ValueError if a built layer's options now make other shapes."""
    output_shape = layer.compute_output_shape(layer.input_shape)
    if tuple(output_shape) != tuple(layer.output_shape):
        raise ValueError(
            f"Layer {layer.name} was built for outputs of {layer.output_shape}, and with its options "
            f"changed it makes {output_shape}: make a new model with a new layer."
        )


def forward(
    steps: list[AnyStep], x: np.ndarray, training: bool, rng: Rng
) -> tuple[np.ndarray, list[object]]:
    """Run all steps in order; the output of one is the input of the next.

    Args:
        steps: from `plan`.
        x: (n, ...), C-contiguous, of the model's dtype.
        training: True: dropout is on.
        rng: random numbers for dropout; may be None unless training.

    Returns:
        The last step's y, and the tape: a list with the ctx of each step.
    """
    tape = []
    for step in steps:
        x, ctx = step.forward(x, training, rng)
        tape.append(ctx)
    return x, tape


def backward(
    steps: list[AnyStep], dy: np.ndarray, tape: list[object], input_gradient: bool = True
) -> InputAndGrads:
    """Run all steps backward, the last first; the dx of one is the dy of the step before it.

    Args:
        steps: those of `forward`.
        dy: gradient of the loss with respect to the last step's y, shaped as that.
        tape: what `forward` returned.
        input_gradient: False to save the work for the gradient with respect to the first x.

    Returns:
        dx (with input_gradient False: None or unspecified), and one dict {parameter: gradient} for each
        layer, in the order of the layers.
    """
    grads: Grads = []
    for i in reversed(range(len(steps))):
        # Only the first step's dx may be left out: the others' are the dy of the step before.
        dy, step_grads = steps[i].backward(dy, tape[i], input_gradient or i > 0)
        grads = step_grads + grads
    return dy, grads


def updates(steps: list[AnyStep], tape: list[object]) -> Grads:
    """Return {parameter: new value} of each layer, in the order of the layers: see `Layer.updates`.

    Args:
        steps, tape: those of `forward`.
    """
    return [new for step, ctx in zip(steps, tape, strict=True) for new in step.updates(ctx)]
