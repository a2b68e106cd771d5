"""Every number that the pane explains adds up to what its tile shows, and says where it comes from."""

import array

import numpy as np
import pytest

from gui.drawing.drawing import Stroke
from gui.inside import passes
from gui.inside.colours import palette
from gui.inside.explained import told_of
from gui.inside.jobs import Inside
from gui.inside.layout import Lengths, arrange
from gui.inside.messages import Wish
from gui.recognition.recogniser import Recogniser
from gui.widgets.theme import LIGHT
from tests.support.explained import result_of
from tests.support.inside_nets import NAMES, drawing, net
from tests.support.reference_layers import output_of
from tinycnn import Sequential, utils
from tinycnn.layers import Conv2D, Dense, Flatten, Input, Softmax
from tinycnn.layers.explanation import GradientSum
from tinycnn.layers.explanation_text import number
from tinycnn.models.explanation import FromLoss
from tinycnn.pretrained.digit_input import USUAL

LABEL = 2


@pytest.fixture(params=NAMES, scope="module")
def there(request):
    model = net(request.param)
    return passes.forward(model, drawing(model))


@pytest.fixture(scope="module")
def back(there):
    return passes.with_way_back(there, LABEL)


def positions(shape, count=5):
    rng = np.random.default_rng(0)
    inner = [tuple(int(rng.integers(size)) for size in shape) for _ in range(count)]
    return [(0,) * len(shape), tuple(size - 1 for size in shape), *inner]


def test_what_is_shown_adds_up_to_the_maps_value_and_to_the_slow_definition(there):
    kinds = set()
    for place, layer in enumerate(there.model.layers):
        x, y = there.values[place : place + 2]
        slow = output_of(layer, x[None])[0]
        kinds.add(type(layer).__name__)
        for position in positions(y.shape):
            told = told_of(there, place, position)
            assert told.explanation.value == y[position]
            result = result_of(told.explanation, layer, x)
            assert result == pytest.approx(slow[position], rel=1e-5, abs=1e-5)
            assert number(y[position]) in told.head
            assert told.lines
    assert len(kinds) >= 5


def test_the_products_in_the_figures_add_up_to_their_title(there):
    rows = 0
    for place, layer in enumerate(there.model.layers):
        if type(layer).__name__ != "Conv2D":
            continue
        for position in positions(layer.output_shape[1:]):
            for patch, kernel, product in told_of(there, place, position).figures:
                cells = np.array(product.cells)
                assert np.allclose(
                    np.array(patch.cells) * np.array(kernel.cells), cells, atol=1e-12
                )
                shown = float(product.title.removeprefix("Σ = ").replace(" ", ""))
                assert shown == pytest.approx(cells.sum(), rel=1e-3, abs=1e-4)
                rows += 1
    assert rows > 5


def test_gradients_add_up_to_what_the_tiles_show(back):
    for place, gradient in enumerate(back.gradients):
        scale = float(np.abs(gradient).max())
        for position in positions(gradient.shape):
            told = told_of(back, place - 1, position)
            assert told.explanation.value == pytest.approx(gradient[position], 1e-5, 1e-5 * scale)
            if isinstance(told.explanation, GradientSum):
                products = told.explanation.factors * told.explanation.dz
                assert products.sum() == pytest.approx(gradient[position], 1e-5, 1e-5 * scale)
            assert number(told.explanation.value) in told.head


def test_behind_the_last_layer_stands_the_loss(back):
    told = told_of(back, len(back.model.layers) - 1, (LABEL,))
    assert isinstance(told.explanation, FromLoss)
    assert told.marks == ()


def cells_of(mark):
    row, column, place = mark.position
    return {(row + i, column + j, place) for i in range(mark.rows) for j in range(mark.columns)}


def test_marks_are_the_numbers_that_change_the_explained_one(there):
    """What lies outside of all marks of a convolution or a pooling can change without changing it."""
    rng = np.random.default_rng(5)
    tried = 0
    for place, layer in enumerate(there.model.layers):
        if type(layer).__name__ not in ("Conv2D", "MaxPooling2D", "AveragePooling2D"):
            continue
        x, y = there.values[place : place + 2]
        for position in positions(y.shape, 3):
            marks = told_of(there, place, position).marks
            marked = set().union(*map(cells_of, marks))
            other = x + rng.random(x.shape).astype(x.dtype)
            for cell in marked:
                other[cell] = x[cell]
            assert output_of(layer, other[None])[0][position] == pytest.approx(
                float(y[position]), rel=1e-4, abs=1e-4
            )
            tried += 1
    assert tried


def test_marks_lie_on_layers_that_are_seen(there):
    infos = passes.layer_infos(there.model)
    for place, info in enumerate(infos):
        for position in positions(info.shape, 2):
            for mark in told_of(there, place - 1, position).marks:
                assert not infos[mark.layer + 1].same
                assert len(mark.position) == len(infos[mark.layer + 1].shape)


def test_through_flatten_a_mark_finds_its_pixel():
    model = net("classic")
    there = passes.forward(model, drawing(model))
    flatten = next(i for i, layer in enumerate(model.layers) if layer.name == "flatten")
    place = int(there.values[flatten + 1].argmax())
    (mark,) = told_of(there, flatten, (place,)).marks
    assert model.layers[mark.layer].name == "max_pooling2d"
    assert there.values[mark.layer + 1][mark.position] == there.values[flatten + 1].max()


class Reader(Recogniser):
    """Has a model from the beginning."""

    def __init__(self, model):
        super().__init__()
        self.model, self.input = model, USUAL


def test_weights_are_the_parameters_and_their_gradients_on_the_way_back(there, back):
    inside = Inside(Reader(there.model))
    inside._pass = there
    gradients = back.model.gradients(back.x, back.target)
    layers = [(i, layer) for i, layer in enumerate(there.model.layers) if layer.params]
    for place, layer in layers:
        for name, value in layer.params.items():
            assert np.array_equal(inside.weights(place, name), value)
            assert inside.explain_weight(place, name, (0,) * value.ndim) is None
    inside._pass = back
    for place, layer in layers:
        for name in layer.params:
            expected = gradients[f"{layer.name}/{name}"]
            scale = float(np.abs(expected).max())
            np.testing.assert_allclose(inside.weights(place, name), expected, 1e-4, 1e-5 * scale)
            position = np.unravel_index(np.abs(expected).argmax(), expected.shape)
            told = inside.explain_weight(place, name, position)
            assert told.value == pytest.approx(expected[position], rel=1e-4)


def test_on_blank_paper_nothing_is_explained():
    inside = Inside(Reader(net("classic")))
    frame = inside.frame(Wish(1, (), None, (), palette(LIGHT), 5))
    assert frame.blank
    assert len(frame.layers) == 9
    assert inside.explain(0, (0, 0, 0)) is None
    assert inside.weights(0, "kernel") is not None
    assert inside.weights(2, "kernel") is None


def test_without_a_model_there_are_no_layers():
    assert Inside(Reader(None)).frame(Wish(1, (), None, (), palette(LIGHT), 5)).layers == ()


ODD = {
    "no convolution": [Input((28, 28, 1)), Flatten(), Dense(10, activation="softmax")],
    "dense over pixels": [Input((28, 28, 1)), Dense(4), Conv2D(99, 28), Flatten(), Dense(10), Softmax()],
    "float64": [
        *(Input((28, 28, 1), dtype="float64"), Conv2D(2, 3, strides=3, dtype="float64")),
        *(Flatten(dtype="float64"), Dense(10, activation="softmax", dtype="float64")),
    ],
}  # fmt: skip
LENGTHS = Lengths(
    tile=56, unit=9, bar=16, gap=3, between=11, folded=18, bars=130, name=17, number=49, head=46, foot=27
)  # fmt: skip
STROKE = Stroke(array.array("d", [0.2, 0.2, 0.8, 0.8, 0.3, 0.7]), 0.07)


def all_frames(model):
    """Yield the frame of a drawing forward and back, with all columns, and the jobs that made it."""
    inside = Inside(Reader(model))
    infos = passes.layer_infos(model)
    columns = arrange(infos, [50] * len(infos), (900, 400), LENGTHS)
    for label in (None, 3):
        wish = Wish(1, (STROKE,), label, columns, palette(LIGHT), 5)
        yield inside.frame(wish), inside


@pytest.mark.parametrize("name", ODD)
def test_odd_nets_are_shown_and_explained(name):
    utils.set_random_seed(1)
    for frame, inside in all_frames(Sequential(ODD[name])):
        assert set(frame.columns) == set(range(-1, len(frame.layers) - 1))
        for column in frame.wish.columns:
            assert inside.explain(column.layer, tuple(size // 2 for size in column.shape))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("weight", [np.nan, 1e38])
def test_a_net_that_diverged_is_shown_without_complaint(weight):
    model = Sequential(
        [
            Input((28, 28, 1)),
            Conv2D(2, 3, activation="relu"),
            Flatten(),
            Dense(10, activation="softmax"),
        ]
    )
    model.layers[0].params["kernel"][...] = weight
    for frame, inside in all_frames(model):
        assert frame.columns
        for column in frame.wish.columns:
            assert inside.explain(column.layer, tuple(size // 2 for size in column.shape))
