"""Every number explained: how it came about on the way forward, and its gradient on the way back.

Each layer explains itself (`Layer.explain...`); here it is handed what it needs for that.
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
    """The gradient of an output of the last layer: it comes straight from the loss.

    Args:
        prediction: the output.
        target: what the label wants it to be.
        dz: the gradient before a softmax that the loss takes together with it; None without one.
    """

    prediction: float
    target: float
    dz: float | None

    def lines(self) -> list[str]:
        """Return prediction and target, and the gradient before the softmax."""
        lines = [
            f"from the loss: {number(self.prediction)} predicted, {number(self.target)} wanted"
        ]
        if self.dz is None:
            return lines
        return [*lines, f"before the softmax, the loss taken with it: dL/dz = {number(self.dz)}"]


class Trace(NamedTuple):
    """What one pass there and back leaves behind."""

    layers: list[Layer]  # as training runs them, without a softmax that the loss takes with it
    values: list[np.ndarray]  # x, and the output of every layer
    gradients: list[np.ndarray]  # of the mean loss with respect to each of them
    target: np.ndarray


def explain(model: object, x: np.ndarray, layer: object, position: Position) -> Explanation:
    """Return how one number of a layer's output came about; it prints as a few lines.

    Args:
        model: built.
        x: one sample (1, ...), of the model's dtype.
        layer: its name, its index in `model.layers`, or the layer; the input layer has a name only.
        position: in the layer's output, without the axis of the samples: (row, column, channel).

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
    """Return how the gradient of the loss with respect to a number of a layer's output came about.

    It comes from the outputs of the next layer that used the number, and the next layer explains it.

    Args:
        model: compiled and built.
        x, layer, position: see `explain`.
        y: the label (1, ...), as the loss takes it.

    Raises:
        ValueError: for a layer or a position that is not there.
    """
    index = index_of(model, layer)
    trace = there_and_back(model, x, y)
    if index + 1 == len(model.layers):
        return from_loss(model, trace, index, position)
    behind = trace.layers[index + 1]
    if behind is not model.layers[index + 1] and not behind.params:
        return from_loss(model, trace, index, position)  # a softmax that the loss takes with it
    x, y = (trace.values[place][0] for place in (index + 1, index + 2))
    return behind.explain_input_gradient(x, y, trace.gradients[index + 2][0], position)


def explain_weight_gradient(
    model: object, x: np.ndarray, y: np.ndarray, name: str, position: Position
) -> Explanation:
    """Return how the gradient of the loss with respect to a weight came about.

    Args:
        model: compiled and built.
        x, y: one sample and its label: see `explain_gradient`.
        name: of the parameter as in `gradients`: "conv2d/kernel".
        position: in the parameter, for a convolution's kernel (row, column, channel, filter).

    Raises:
        ValueError: for a parameter or a position that is not there.
    """
    layer, _, parameter = str(name).rpartition("/")
    index = index_of(model, layer)
    if index < 0:
        raise ValueError(f"The input layer has no parameters. Received: name={name!r}")
    trace = there_and_back(model, x, y)
    x, y = (trace.values[place][0] for place in (index, index + 1))
    return trace.layers[index].explain_weight_gradient(
        x, y, trace.gradients[index + 1][0], parameter, position
    )


def activation_gradients(model: object, x: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
    """Return dL/dy of every layer's output, in the order of `model.layers`, without dropout.

    Args:
        model: compiled and built.
        x: samples (n, ...), of the model's dtype.
        y: labels, as the loss takes them.

    Returns:
        The gradients of the mean loss, each shaped as the layer's output in `activations`.
    """
    trace = there_and_back(model, x, y)
    last, _ = prediction_gradient(model, trace)
    return [gradient.copy() for gradient in (*trace.gradients[1:-1], last)]


def there_and_back(model: object, x: np.ndarray, y: np.ndarray) -> Trace:
    """Run every layer by itself, the loss, and every layer backwards."""
    objective = model.objective
    with_softmax = model.layers[-1].as_logits() is not None
    steps = plan(model.layers, logits=with_softmax, fuse=False)
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
    """Return dL/dy of the model's output, and that output, behind its softmax if there is one."""
    last = model.layers[-1]
    if last.as_logits() is None:
        return trace.gradients[-1], trace.values[-1]
    loss = model.objective.loss
    y_pred, _ = last.forward(trace.values[-2], False, None)
    _, ctx = loss.forward(trace.target, y_pred, False)
    return loss.backward(trace.target, ctx, False), y_pred


def from_loss(model: object, trace: Trace, index: int, position: Position) -> FromLoss:
    """Return the explanation of dL/dy of the model's output, or of the scores that its last layer softens."""
    dy, y_pred = (array[0] for array in prediction_gradient(model, trace))
    if index + 1 < len(model.layers):
        dy = trace.gradients[index + 1][0]
    position = check_position("position", position, y_pred.shape)
    about = label(model.layers[index]), "dL/dy", position, float(dy[position])
    has_softmax = model.layers[-1].as_logits() is not None
    dz = float(trace.gradients[-1][0][position]) if has_softmax else None
    return FromLoss(*about, float(y_pred[position]), float(trace.target[0][position]), dz)


def input_layer(model: object) -> InputLayer:
    """Return the model's input layer, or one like it where the model was made without."""
    first = model._layers[0]
    if isinstance(first, InputLayer):
        return first
    return InputLayer(model.input_shape[1:], dtype=model.dtype, name="input_layer")


def index_of(model: object, layer: object) -> int:
    """Return the index of a layer in `model.layers`, given that, its name or itself; -1 for the input layer.

    Raises:
        ValueError: if there is none.
    """
    first = input_layer(model)
    if layer is first or (isinstance(layer, str) and layer == first.name):
        return -1
    if not isinstance(layer, Layer):
        by_name = isinstance(layer, str)
        layer = model.get_layer(layer) if by_name else model.get_layer(index=layer)
    places = [place for place, each in enumerate(model.layers) if each is layer]
    if not places:
        raise ValueError(f"{label(layer)} is no layer of this model: {model.layers}")
    return places[0]
