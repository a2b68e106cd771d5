"""How a number came about, as the pane shows it: sentences, what it comes from, small pictures. No Tk."""

import dataclasses

import numpy as np

from gui.inside.figures import figures_of, tables_of
from gui.inside.layout import Position
from gui.inside.messages import Mark, Told
from gui.inside.passes import Pass, layer_infos
from tinycnn.layers.explanation import (
    ActivationStep,
    Elementwise,
    Explanation,
    GradientSum,
    Pooled,
    WeightedSum,
)
from tinycnn.layers.explanation_text import index_text, number
from tinycnn.models.explanation import input_layer

MOST_UNITS = 8  # of a vector, that are outlined as counting most for a number, and as many against
WEAK = 0.1  # of the strongest: what counts less is outlined faintly


def told_of(last: Pass, layer: int, position: Position) -> Told:
    """Return how a number of a pass came about: its gradient, if the pass has a way back.

    Args:
        last: there, or there and back.
        layer: its place in `model.layers`; -1: the input.
        position: in its output, as that is shown.
    """
    infos = layer_infos(last.model)
    if last.gradients is None:
        explanation = forward_explanation(last, layer, own_position(last, layer, position))
        head, *lines = str(explanation).split("\n")
        behind = layer - 1
    else:
        behind, far = skipped(last, layer, position)
        far = own_position(last, behind, far)
        asked = last.model.layers[behind] if behind >= 0 else input_layer(last.model).name
        explanation = last.model.explain_gradient(last.x, last.target, asked, far)
        name = infos[layer + 1].name
        own = own_position(last, layer, position)
        head = f"{name}: dL/dy{index_text(own)} = {number(explanation.value)}"
        lines = [f"handed back by {explanation.layer}:", *explanation.lines()]
        behind += 1
    marks = tuple(unfolded(last, shown_mark(last, mark)) for mark in marks_of(explanation, behind))
    lines = tuple(line.strip() for line in lines)
    figures = figures_of(explanation)
    about = layer, position, explanation, head, lines, marks
    return Told(*about, figures, tables_of(explanation))


def forward_explanation(last: Pass, layer: int, position: Position) -> Explanation:
    """Return how a number of a layer's output came about."""
    if layer < 0:
        return input_layer(last.model).explain(last.values[0], last.values[0], position)
    x, y = last.values[layer : layer + 2]
    return last.model.layers[layer].explain(x, y, position)


def own_position(last: Pass, layer: int, position: Position) -> Position:
    """Return where a number stands in a layer's output, given where it is shown."""
    shape, shown = last.values[layer + 1].shape, layer_infos(last.model)[layer + 1].shape
    return position if shown == shape else moved(position, shown, shape)


def shown_mark(last: Pass, mark: Mark) -> Mark:
    """Return a mark on a number where that is shown, given where it stands."""
    shape, shown = last.values[mark.layer + 1].shape, layer_infos(last.model)[mark.layer + 1].shape
    if shown == shape:
        return mark
    return dataclasses.replace(mark, position=moved(mark.position, shape, shown))


def skipped(last: Pass, layer: int, position: Position) -> tuple[int, Position]:
    """Return the last layer behind one that has the same numbers, and where a number stands there."""
    infos = layer_infos(last.model)
    while layer + 2 < len(infos) and infos[layer + 2].same:
        position = moved(position, infos[layer + 1].shape, infos[layer + 2].shape)
        layer += 1
    return layer, position


def moved(position: Position, shape: Position, other: Position) -> Position:
    """Return where a number stands in the same numbers of another shape.

    Example:
        >>> moved((1, 2, 0), (2, 3, 4), (24,)), moved((20,), (24,), (2, 3, 4))
        ((20,), (1, 2, 0))
    """
    place = np.ravel_multi_index(position, shape)
    return tuple(int(each) for each in np.unravel_index(place, other))


def unfolded(last: Pass, mark: Mark) -> Mark:
    """Return a mark on the layer whose tiles are seen, where its own only repeats those."""
    infos = layer_infos(last.model)
    while infos[mark.layer + 1].same:
        shapes = infos[mark.layer + 1].shape, infos[mark.layer].shape
        position = moved(mark.position, *shapes)
        mark = dataclasses.replace(mark, layer=mark.layer - 1, position=position)
    return mark


def marks_of(told: Explanation, layer: int) -> list[Mark]:
    """Return what a number comes from.

    Args:
        told: its explanation.
        layer: where that looks: the layer before on the way forward, the one behind on the way back.
    """
    if isinstance(told, WeightedSum):
        if told.padding is None:
            return units(layer, told.products.ravel(), told.source)
        rows, columns, channels = told.inputs.shape
        signs = signs_of(told.channel_sums)
        row, column, _ = told.corner
        return [
            Mark(layer, (row, column, place), rows, columns, *signs[place])
            for place in range(channels)
        ]
    if isinstance(told, Pooled):
        winner = [] if told.argmax is None else [Mark(layer, told.argmax, sign=1)]
        return [Mark(layer, told.corner, *told.inputs.shape), *winner]
    if isinstance(told, Elementwise):
        return [Mark(layer, told.source)] if layer >= -1 else []
    if isinstance(told, ActivationStep):
        alone = told.step.exponentials is None
        others = [] if alone else range(len(told.step.exponentials))
        return [Mark(layer, (place,), strong=False) for place in others] + [
            Mark(layer, told.position, sign=1)
        ]
    if isinstance(told, GradientSum):
        return users(told, layer)
    return []


def signs_of(sums: np.ndarray) -> list[tuple[int, bool]]:
    """Return of every sum its sign, and whether it is not small among them."""
    most = np.abs(sums).max(initial=0)
    return [(sign_of(each), bool(abs(each) > WEAK * most)) for each in sums]


def sign_of(value: float) -> int:
    """Return 1, -1 or 0; of NaN 0."""
    return int(value > 0) - int(value < 0)


def units(layer: int, products: np.ndarray, position: object) -> list[Mark]:
    """Return marks of the products that count most, for and against."""
    order = np.argsort(products, kind="stable")
    chosen = dict.fromkeys([*order[:MOST_UNITS].tolist(), *order[-MOST_UNITS:].tolist()])
    return [
        Mark(layer, position(place), sign=sign_of(products[place]))
        for place in chosen
        if products[place] != 0
    ]


def users(told: GradientSum, layer: int) -> list[Mark]:
    """Return marks of the outputs that used a number: a window in every map, or units of a vector."""
    if told.outputs.shape[1] < 3:
        return units(
            layer, told.products, lambda place: tuple(int(each) for each in told.outputs[place])
        )
    sent = told.products != 0
    outputs, products = told.outputs[sent], told.products[sent]
    maps = np.unique(outputs[:, 2])
    signs = signs_of(np.array([products[outputs[:, 2] == one].sum() for one in maps]))
    marks = []
    for one, sign in zip(maps, signs, strict=True):
        inside = outputs[outputs[:, 2] == one]
        (top, left), (bottom, right) = inside[:, :2].min(axis=0), inside[:, :2].max(axis=0)
        corner = int(top), int(left), int(one)
        marks.append(Mark(layer, corner, int(bottom - top) + 1, int(right - left) + 1, *sign))
    return marks
