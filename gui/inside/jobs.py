"""What the pane asks the worker for: the pictures of all layers, and how one number came about. No Tk."""

import dataclasses

import numpy as np

from gui.inside import passes
from gui.inside.colours import extent
from gui.inside.explained import told_of
from gui.inside.layout import BARS, Column, Position
from gui.inside.messages import Frame, Shown, Told, Wish
from gui.inside.mosaic import legend_data, picture, ppm
from gui.recognition.recogniser import Recogniser
from tinycnn.layers.explanation import Explanation


class Inside:
    """Looks into the model that reads the drawing.

    Args:
        recogniser: that has the model.
    """

    def __init__(self, recogniser: Recogniser) -> None:
        self._recogniser = recogniser
        self._pass: passes.Pass | None = None  # of the last drawing; None on blank paper

    def frame(self, wish: Wish) -> Frame:
        """Run a drawing through the net, and back if a label is given; return the pictures."""
        model = self._recogniser.model
        if model is None:
            return Frame(wish)
        with np.errstate(all="ignore"):  # a net that diverged is shown as it is
            return self._frame(model, wish)

    def _frame(self, model: object, wish: Wish) -> Frame:
        wish = self._run(model, wish)
        layers = passes.layer_infos(model)
        shown = self._pass.shown if self._pass else [np.zeros(info.shape) for info in layers]
        columns = {
            column.layer: drawn(shown[column.layer + 1], column, wish)
            for column in wish.columns
            if column.layer + 1 < len(layers) and layers[column.layer + 1].shape == column.shape
        }
        loss = self._pass.loss if self._pass else ""
        return Frame(wish, layers, self._pass is None, loss, columns)

    def explain(self, layer: int, position: Position) -> Told | None:
        """Return how one number of the last drawing came about, or its gradient; None on blank paper.

        Args:
            layer: its place in `model.layers`; -1: the input.
            position: in its output, without the axis of the samples.
        """
        last = self._pass
        if last is None or not fits(last, layer, position):
            return None  # a newer model or drawing has come in between
        with np.errstate(all="ignore"):
            return told_of(last, layer, position)

    def weights(self, layer: int, name: str) -> np.ndarray | None:
        """Return a parameter of a layer, or on the way back the gradient of the loss by it.

        Args:
            layer: its place in `model.layers`.
            name: such as "kernel".
        """
        last = self._pass
        model = last.model if last else self._recogniser.model
        if model is None or name not in model.layers[layer].params:
            return None
        if last is None or last.label is None:
            return model.layers[layer].params[name].copy()
        return last.weight_gradients(layer)[name]

    def explain_weight(self, layer: int, name: str, position: Position) -> Explanation | None:
        """Return how the gradient of the loss by one weight came about; None on the way forward."""
        last = self._pass
        if last is None or last.label is None:
            return None
        full_name = f"{last.model.layers[layer].name}/{name}"
        return last.model.explain_weight_gradient(last.x, last.target, full_name, position)

    def _run(self, model: object, wish: Wish) -> Wish:
        """Make the pass that a wish is about, or of a newer drawing that was recognised; return its wish."""
        self._pass = None
        if not wish.items:
            return wish
        reading = self._recogniser.read(wish.version, wish.items)
        there = passes.done(model, reading.x, reading.outputs)
        back = wish.label is not None
        self._pass = passes.with_way_back(there, wish.label) if back else there
        return dataclasses.replace(wish, version=reading.version, items=reading.items)


def drawn(values: np.ndarray, column: Column, wish: Wish) -> Shown:
    """Return the pictures of one layer."""
    scale = extent(values)
    image = picture(values, scale[1], column, wish.palette)
    size = column.size[0], wish.strip
    legend = legend_data(scale[0] < 0, size, wish.palette)
    bars = tuple(map(float, values)) if column.kind == BARS else ()
    return Shown(ppm(image), legend, scale, bars)


def fits(last: passes.Pass, layer: int, position: Position) -> bool:
    """Return whether there is a number at this place."""
    if not -1 <= layer < len(last.values) - 1:
        return False
    shape = passes.layer_infos(last.model)[layer + 1].shape
    inside = (0 <= each < size for each, size in zip(position, shape, strict=False))
    return len(position) == len(shape) and all(inside)
