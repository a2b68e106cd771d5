"""The plan: what really runs, step by step. Every prediction and every training step goes through here.

A step keeps the contract of a layer: `forward` returns y and ctx, `backward` takes ctx back. `tape` is the
list of all ctx. A step is one layer, or neighbours that are faster run as one: see `fusion.py`.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from tinycnn.layers import Dropout, Layer
from tinycnn.models.fusion import FusedStep, Grads, fused


@dataclasses.dataclass(frozen=True, repr=False)
class Step:
    """One layer as a step.

    Args:
        layer: built, whose forward and backward steps these are.
    """

    layer: Layer

    def forward(
        self, x: np.ndarray, training: bool, rng: np.random.Generator | None
    ) -> tuple[np.ndarray, object]:
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

    def backward(
        self, dy: np.ndarray, ctx: object, input_gradient: bool
    ) -> tuple[np.ndarray | None, Grads]:
        """Return dx, and the gradients of each of the step's layers: see `Layer.backward`.

        Raises:
            ValueError: if dx is wanted and has not the shape of x, or not the dtype of dy.
        """
        dx, grads = self.layer.backward(dy, ctx, input_gradient)
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

    def activation_pattern(self, ctx: object) -> tuple[np.ndarray, ...]:
        """Return which ReLUs were on, and each window's argmax: see `Layer.activation_pattern`."""
        return self.layer.activation_pattern(ctx)

    def __repr__(self) -> str:
        return f"<{type(self.layer).__name__}: {self.layer.name}>"


AnyStep = Step | FusedStep


def plan(
    layers: Sequence[Layer], logits: bool = False, fuse: bool = True, prediction: bool = False
) -> list[AnyStep]:
    """Decide what runs.

    Args:
        layers: of a built model, in order.
        logits: leave out a softmax at the end, because the loss wants the scores before it. The last
            step then still uses the last layer's own parameters.
        fuse: run neighbours as one step where that is faster; False: every layer by itself.
        prediction: leave out dropout, and keep what is made of a kernel until the kernel changes.

    Returns:
        The steps, in order.

    Raises:
        ValueError: if a layer's options were changed so that it no longer gives what it was built for.
    """
    for layer in layers:
        _check_as_built(layer)
    layers = [layer for layer in layers if not (prediction and type(layer) is Dropout)]
    scores = layers[-1].as_logits() if logits and layers else None
    if scores is not None:
        layers[-1] = scores
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
    steps: list[AnyStep], x: np.ndarray, training: bool, rng: np.random.Generator | None
) -> tuple[np.ndarray, list[object]]:
    """Run all steps.

    Args:
        steps: from `plan`.
        x: (n, ...), C-contiguous, of the model's dtype.
        training: whether this is a training step.
        rng: where dropout's chance comes from; may be None unless training.

    Returns:
        The last y, and the tape for `backward`.
    """
    tape = []
    for step in steps:
        x, ctx = step.forward(x, training, rng)
        tape.append(ctx)
    return x, tape


def backward(
    steps: list[AnyStep], dy: np.ndarray, tape: list[object], input_gradient: bool = True
) -> tuple[np.ndarray | None, Grads]:
    """Run all steps backwards.

    Args:
        steps, tape: those of `forward`.
        dy: gradient of the loss with respect to the last y.
        input_gradient: False to save the work for the gradient with respect to the first x.

    Returns:
        dx (None if not wanted), and the gradients of each layer, in the order of the layers.
    """
    grads: Grads = []
    for place in reversed(range(len(steps))):
        dy, step_grads = steps[place].backward(dy, tape[place], input_gradient or place > 0)
        grads = step_grads + grads
    return dy, grads
