"""One drawing's way through a net and back: every layer's numbers, and the loss's gradient by them. No Tk."""

import copy
import dataclasses

import numpy as np

from gui.inside.layout import LayerInfo, Position
from tinycnn import activations, losses, models
from tinycnn.layers import Dropout, Flatten
from tinycnn.layers.explaining import backward
from tinycnn.layers.explanation_text import number
from tinycnn.models.explanation import Trace, forward_and_backward, input_layer, prediction_gradient
from tinycnn.pretrained.digit_input import SIDE

SAME = {Dropout: "off when predicting", Flatten: "the same numbers in one row"}


@dataclasses.dataclass(frozen=True, eq=False)
class Pass:
    """What one drawing does in a net.

    model: the net; with the usual loss if it brings none.
    x: the picture, (1, 28, 28, 1) or as the net takes it.
    values: x, and every layer's output, without the axis of the samples.
    label: the digit that the way back starts from; None without a way back.
    gradients: of the loss by each of the values; None without a way back.
    loss: in words, with its formula and its number.
    trace: what the way back left behind; None without one.
    """

    model: models.Sequential
    x: np.ndarray
    values: list[np.ndarray]
    label: int | None = None
    gradients: list[np.ndarray] | None = None
    loss: str = ""
    trace: Trace | None = None

    def weight_gradients(self, layer: int) -> dict[str, np.ndarray]:
        """Return the gradients of the loss by a layer's parameters, on the way back."""
        trace = self.trace
        x, dy = trace.values[layer][0], trace.gradients[layer + 1][0]
        return backward(trace.layers[layer], x, dy)[1]

    @property
    def target(self) -> np.ndarray:
        """The label as the model's loss takes it."""
        return target_of(self.model, self.label)

    @property
    def shown(self) -> list[np.ndarray]:
        """What the tiles show, in the shapes of `layer_infos`."""
        values = self.values if self.gradients is None else self.gradients
        infos = layer_infos(self.model)
        return [each.reshape(info.shape) for each, info in zip(values, infos, strict=True)]


def layer_infos(model: models.Sequential) -> tuple[LayerInfo, ...]:
    """Return what the pane must know of the input and every layer."""
    taken = model.input_shape[1:]
    words = f"{taken[0]} in one row" if len(taken) == 1 else ""
    infos = [LayerInfo(input_layer(model).name, words, digit_shape(taken))]
    for layer in model.layers:
        facts = getattr(getattr(layer, "activation", None), "name", "")
        same = next((why for kind, why in SAME.items() if isinstance(layer, kind)), "")
        infos.append(LayerInfo(layer.name, facts, tiled(layer.output_shape[1:]), same))
    return tuple(infos)


def tiled(shape: Position) -> Position:
    """Return the shape in which a layer's output is shown: rows and columns are one map.

    Example:
        >>> tiled((28, 28)), tiled((12, 12, 64)), tiled((784,))
        ((28, 28, 1), (12, 12, 64), (784,))
    """
    return (*shape, 1) if len(shape) == 2 else shape


def digit_shape(shape: Position) -> Position:
    """Return the shape in which a net's input is shown: a digit in one row is shown as a digit."""
    return (SIDE, SIDE, 1) if shape == (SIDE * SIDE,) else tiled(shape)


def forward(model: models.Sequential, x: np.ndarray) -> Pass:
    """Run a drawing through a net.

    Args:
        model: built.
        x: the drawing as the net takes it, (1, ...).
    """
    with np.errstate(all="ignore"):  # whoever looks at what comes of it sees that a net diverged
        return done(model, x, model.activations(x))


def done(model: models.Sequential, x: np.ndarray, outputs: list[np.ndarray]) -> Pass:
    """Return the pass of a picture x (1, ...) that has been through a net: outputs (1, ...)."""
    return Pass(model, x, [x[0], *(y[0] for y in outputs)])


def with_way_back(there: Pass, label: int) -> Pass:
    """Return a pass with the gradients of the loss, were the drawing this digit.

    A net that nobody compiled gets the usual loss of classes, and stays as it is itself.
    """
    model, own = with_loss(there.model)
    trace = forward_and_backward(model, there.x, target_of(model, label))
    last, _ = prediction_gradient(model, trace)
    gradients = [each[0] for each in (*trace.gradients[:-1], last)]
    loss = loss_text(model, trace, label)
    if not own:
        loss += " (the usual loss: the model brings none)"
    about = {"model": model, "label": label, "gradients": gradients, "loss": loss, "trace": trace}
    return dataclasses.replace(there, **about)


def with_loss(model: models.Sequential) -> tuple[models.Sequential, bool]:
    """Return a compiled model that shares the weights, and whether it is the model itself."""
    if model.objective is not None:
        return model, True
    copied = copy.copy(model)
    scores = getattr(model.layers[-1], "activation", activations.linear) == activations.linear
    soft = model.layers[-1].as_logits() is not None
    copied.compile("sgd", losses.SparseCategoricalCrossentropy(from_logits=scores and not soft))
    return copied, False


def target_of(model: models.Sequential, label: int) -> np.ndarray:
    """Return a label (1, ...) as the model's loss takes it."""
    if isinstance(model.objective.loss, losses.SparseCategoricalCrossentropy):
        return np.array([label])
    return np.eye(model.output_shape[-1])[[label]]


def loss_text(model: models.Sequential, trace: Trace, label: int) -> str:
    """Return the loss with its formula and its number."""
    objective = model.objective
    loss, _ = objective.loss.forward(trace.target, trace.values[-1], objective.from_logits)
    value = float(loss[0])
    if objective.loss.logits_of != "softmax":
        formula = objective.loss.name
    elif getattr(objective.loss, "label_smoothing", 0):
        formula = "−Σ target · log p"
    else:
        formula = f"−log p({label}) = −log {number(np.exp(-value))}"
    return f"Loss = {formula} = {number(value)}"
