"""`model.explain`, `explain_gradient` and `explain_weight_gradient`: how one number was computed.

These functions run the model, and hand the arrays x, y and dy of the layer in question to that layer's
own `explain`, `explain_input_gradient` or `explain_weight_gradient`.
"""

import dataclasses
from typing import NamedTuple

import numpy as np

from tinycnn.layers import InputLayer, Layer
from tinycnn.layers.explaining import check_position, label
from tinycnn.layers.explanation import Explanation, Position
from tinycnn.layers.explanation_text import number
from tinycnn.models.inspection import activations
from tinycnn.models.plan import plan


@dataclasses.dataclass(frozen=True, eq=False)
class FromLoss(Explanation):
    """How dL/dy of one number of the model's output came about: the loss computed it.

    Args:
        prediction: that number of the output, after the softmax if there is one.
        target: what the label says that the number should be, for example 0 or 1.
        dz: the gradient with respect to the number before the activation that the loss was taken with; None
            if it was taken of the prediction itself.
        end: that activation, "softmax" or "sigmoid", or "".
    """

    prediction: float
    target: float
    dz: float | None
    end: str = "softmax"

    def lines(self) -> list[str]:
        """Return one line with prediction and target, and one with dz unless that is None."""
        lines = [
            f"from the loss: {number(self.prediction)} predicted, {number(self.target)} wanted"
        ]
        if self.dz is None:
            return lines
        return [*lines, f"before the {self.end}, the loss taken with it: dL/dz = {number(self.dz)}"]


class Trace(NamedTuple):
    """All arrays of one forward and one backward pass, without dropout: k layers, k + 1 arrays."""

    layers: list[Layer]  # without the activation at the end that the loss was taken with
    values: list[np.ndarray]  # x, then the output of each layer, (n, ...)
    gradients: list[np.ndarray]  # of the mean loss with respect to each of `values`, same shapes
    target: np.ndarray  # the labels as the loss compares them with the output, (n, classes)


def explain(model: object, x: np.ndarray, layer: object, position: Position) -> Explanation:
    """Return how one number of a layer's output was computed; `str` of the result is a few lines of text.

    Args:
        model: built.
        x: one sample (1, ...), of the model's dtype.
        layer: its name, its index in `model.layers`, or the layer; the input layer has a name only.
        position: the index of the number in the layer's output for one sample, as (row, column, channel).

    Raises:
        ValueError: for a layer or a position that is not there.
    """
    index = index_of(model, layer)
    values = [x, *activations(model, x)]
    if index < 0:
        return input_layer(model).explain(x[0], x[0], position)
    return model.layers[index].explain(values[index][0], values[index + 1][0], position)


def explain_gradient(
    model: object, x: np.ndarray, y: np.ndarray, layer: object, position: Position
) -> Explanation:
    """Return how dL/dy of one number of a layer's output was computed.

    The number is an input of the next layer, so the next layer explains it. For the last layer the loss
    does.

    Args:
        model: compiled and built.
        x, layer, position: see `explain`.
        y: the label (1, ...), as the loss takes it.

    Raises:
        ValueError: for a layer or a position that is not there.
    """
    index = index_of(model, layer)
    trace = forward_and_backward(model, x, y)
    if index + 1 == len(model.layers):
        return from_loss(model, trace, index, position)
    next_layer = trace.layers[index + 1]
    if next_layer is not model.layers[index + 1] and not next_layer.params:
        # The next layer is a softmax without weights: the loss computed it.
        return from_loss(model, trace, index, position)
    # values[i + 1] is the output of layer i, and so the input of layer i + 1.
    x, y = trace.values[index + 1][0], trace.values[index + 2][0]
    return next_layer.explain_input_gradient(x, y, trace.gradients[index + 2][0], position)


def explain_weight_gradient(
    model: object, x: np.ndarray, y: np.ndarray, name: str, position: Position
) -> Explanation:
    """Return how the gradient of the loss with respect to one number of a parameter was computed.

    The loss is that of the sample, without the penalties of regularizers.

    Args:
        model: compiled and built.
        x, y: one sample and its label, each with a first axis of 1: see `explain_gradient`.
        name: layer and parameter, such as "conv2d/kernel".
        position: the number's index in the parameter, for a kernel (row, column, channel, filter).

    Raises:
        ValueError: for a parameter or a position that is not there.
    """
    layer, _, parameter = str(name).rpartition("/")
    index = index_of(model, layer)
    if index < 0:
        raise ValueError(f"The input layer has no parameters. Received: name={name!r}")
    trace = forward_and_backward(model, x, y)
    x, y = trace.values[index][0], trace.values[index + 1][0]  # input and output of the layer
    return trace.layers[index].explain_weight_gradient(
        x, y, trace.gradients[index + 1][0], parameter, position
    )


def activation_gradients(model: object, x: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
    """Return the gradient of the loss with respect to every layer's output, without dropout.

    Args:
        model: compiled and built.
        x: samples (n, ...), of the model's dtype.
        y: labels, as the loss takes them.

    Returns:
        One array a layer, in the order of `model.layers`, shaped as that layer's output (n, ...). The loss
        is the mean over the n samples.
    """
    trace = forward_and_backward(model, x, y)
    last, _ = prediction_gradient(model, trace)
    return [gradient.copy() for gradient in (*trace.gradients[1:-1], last)]


def forward_and_backward(model: object, x: np.ndarray, y: np.ndarray) -> Trace:
    """Run all layers forward, then the loss, then all layers backward, and return all arrays.

    Args:
        model: compiled and built.
        x: samples (n, ...), of the model's dtype.
        y: labels, as the loss takes them.
    """
    objective = model.objective
    steps = plan(model.layers, objective.end, fuse=False)
    values, tape = [x], []
    for step in steps:
        x, ctx = step.forward(x, False, None)
        values.append(x)
        tape.append(ctx)
    target = objective.loss.target(y, x)
    _, ctx = objective.loss.forward(target, x, objective.from_logits)
    gradients = [objective.loss.backward(target, ctx, objective.from_logits)]
    for step, ctx in zip(reversed(steps), reversed(tape), strict=True):
        gradients.append(step.backward(gradients[-1], ctx, True)[0])
    return Trace([step.layer for step in steps], values, gradients[::-1], target)


def prediction_gradient(model: object, trace: Trace) -> tuple[np.ndarray, np.ndarray]:
    """Return dL/dy of the model's output, and that output y, both (n, classes).

    If the loss was taken with the softmax at the model's end, `trace` holds only the scores before it, so
    softmax and loss are computed once more here, one after the other.
    """
    last = model.layers[-1]
    if not model.objective.end:
        return trace.gradients[-1], trace.values[-1]
    loss = model.objective.loss
    y_pred, _ = last.forward(trace.values[-2], False, None)
    _, ctx = loss.forward(trace.target, y_pred, False)
    return loss.backward(trace.target, ctx, False), y_pred


def from_loss(model: object, trace: Trace, index: int, position: Position) -> FromLoss:
    """Return the explanation of dL/dy of one number of a layer's output that goes straight into the loss.

    Args:
        model: compiled and built.
        trace: from `forward_and_backward`, of one sample.
        index: of the last layer, or of the one before it if the last is a softmax without weights.
        position: the number's index in the layer's output for one sample.
    """
    dy, y_pred = (array[0] for array in prediction_gradient(model, trace))
    if index + 1 < len(model.layers):
        dy = trace.gradients[index + 1][0]
    position = check_position("position", position, y_pred.shape)
    about = label(model.layers[index]), "dL/dy", position, float(dy[position])
    dz = float(trace.gradients[-1][0][position]) if model.objective.end else None
    target, end = float(trace.target[0][position]), model.objective.end
    return FromLoss(*about, float(y_pred[position]), target, dz, end)


def input_layer(model: object) -> InputLayer:
    """Return the model's `InputLayer`; a new one of the same shape and dtype if the model has none."""
    first = model._layers[0]
    if isinstance(first, InputLayer):
        return first
    return InputLayer(model.input_shape[1:], dtype=model.dtype, name="input_layer")


def index_of(model: object, layer: object) -> int:
    """Return the index of a layer in `model.layers`; -1 for the input layer.

    Args:
        model: built.
        layer: the layer's name, its index, or the layer itself.

    Raises:
        ValueError: if the model has no such layer.
    """
    first = input_layer(model)
    if layer is first or (isinstance(layer, str) and layer == first.name):
        return -1
    if not isinstance(layer, Layer):
        by_name = isinstance(layer, str)
        layer = model.get_layer(layer) if by_name else model.get_layer(index=layer)
    indices = [index for index, other in enumerate(model.layers) if other is layer]
    if not indices:
        raise ValueError(f"{label(layer)} is no layer of this model: {model.layers}")
    return indices[0]
