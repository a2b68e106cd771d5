"""Every number explained: what a layer says of its outputs and gradients is what it computes."""

import itertools

import numpy as np
import pytest

from tests.support.explained import case, every_case, result_of
from tinycnn import layers
from tinycnn.layers import Conv2D, Dense, MaxPooling2D, Softmax
from tinycnn.layers.explanation import Explanation, GradientSum

OWN = (
    *("Activation", "AveragePooling2D", "BatchNormalization", "Conv2D", "Dense", "Dropout", "ELU"),
    *("Flatten", "GlobalAveragePooling2D", "GlobalMaxPooling2D", "InputLayer", "LeakyReLU"),
    *("MaxPooling2D", "ReLU", "Rescaling", "Reshape", "Softmax", "ZeroPadding2D"),
)


@every_case
def test_an_output_is_what_its_explanation_adds_up_to(cls, arguments, shape):
    layer, x, y, _ = case(cls, arguments, shape)
    for position in np.ndindex(y.shape):
        told = layer.explain(x, y, position)
        assert told.value == y[position]
        assert told.position == position
        assert result_of(told, layer, x) == pytest.approx(y[position], rel=1e-5, abs=1e-5)


@every_case
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gradients_are_what_their_explanations_add_up_to(cls, arguments, shape, dtype):
    layer, x, y, dy = case(cls, arguments, shape, dtype)
    _, ctx = layer.forward(x[None], False, None)
    dx, grads = layer.backward(dy[None], ctx)
    close = {"rel": 1e-5, "abs": 1e-5} if dtype == "float32" else {"rel": 1e-10, "abs": 1e-10}
    for position in np.ndindex(x.shape):
        told = layer.explain_input_gradient(x, y, dy, position)
        assert told.value == pytest.approx(dx[0][position], **close)
        if isinstance(told, GradientSum):  # the default adds nothing up
            np.testing.assert_array_equal(told.products, told.factors * told.dz)
            assert told.products.sum() == told.value
            assert told.dy.tolist() == [dy[tuple(output)] for output in told.outputs]
    for name, grad in grads.items():
        for position in itertools.islice(np.ndindex(grad.shape), 0, None, 3):
            told = layer.explain_weight_gradient(x, y, dy, name, position)
            assert told.value == pytest.approx(grad[position], **close)
            assert told.what == f"dL/d{name}"


@every_case
def test_only_outputs_that_used_a_number_are_named(cls, arguments, shape):
    """A change of the input changes those outputs, and no others."""
    layer, x, y, dy = case(cls, arguments, shape, "float64")
    for position in itertools.islice(np.ndindex(x.shape), 0, None, 5):
        told = layer.explain_input_gradient(x, y, dy, position)
        if not isinstance(told, GradientSum):
            return  # the default names none
        other = x.copy()
        other[position] += 1e-7
        changed = np.argwhere(layer.forward(other[None], False, None)[0][0] != y)
        named = {tuple(output) for output in told.outputs.tolist()}
        assert {tuple(output) for output in changed.tolist()} <= named
        assert len(named) == len(told.outputs)


@pytest.mark.parametrize("name", OWN)
def test_the_layers_of_the_library_bring_explanations(name):
    layer, x, y, dy = case(layers.CLASSES[name], *layers.CLASSES[name].examples[0])
    assert type(layer.explain(x, y, (0,) * y.ndim)) is not Explanation
    assert isinstance(layer.explain_input_gradient(x, y, dy, (0,) * x.ndim), GradientSum)
    for param_name in layer.gradient_names:
        first = (0,) * layer.params[param_name].ndim
        told = layer.explain_weight_gradient(x, y, dy, param_name, first)
        assert isinstance(told, GradientSum)


# --- worked examples ---------------------------------------------------------------------------------


def test_a_window_in_the_corner_is_cut():
    layer = Conv2D(1, 3, padding="same", name="conv2d")
    layer.build((None, 4, 4, 1), np.random.default_rng(0))
    layer.set_weights([np.arange(1, 10).reshape(3, 3, 1, 1), [0]])
    x = np.ones((4, 4, 1), np.float32)
    told = layer.explain(x, layer.forward(x[None], False, None)[0][0], (0, 3, 0))
    assert told.corner == (0, 2, 0)
    assert told.weights[..., 0].tolist() == [[4, 5], [7, 8]]
    assert told.padding == ((1, 0), (0, 1))
    assert "the rest lies in the padding" in str(told)


def test_a_pooling_hands_its_gradient_to_the_argmax():
    layer = MaxPooling2D(name="pool")
    layer.build((None, 2, 2, 1), None)
    x, dy = np.float32([[1, 5], [5, 2]]).reshape(2, 2, 1), np.float32([[[3]]])
    y = layer.forward(x[None], False, None)[0][0]
    assert layer.explain(x, y, (0, 0, 0)).argmax == (0, 1, 0)  # the first of two equal ones
    values = [layer.explain_input_gradient(x, y, dy, (i, j, 0)).value for i, j in np.ndindex(2, 2)]
    assert values == [0, 3, 0, 0]
    text = str(layer.explain_input_gradient(x, y, dy, (1, 0, 0)))
    assert "1 with factor 0" in text


def test_a_relu_that_is_off_stops_the_gradient():
    layer = Dense(1, activation="relu", name="dense")
    layer.build((None, 1), np.random.default_rng(0))
    layer.set_weights([[[-2]], [0]])
    x, y, dy = np.float32([1]), np.float32([0]), np.float32([7])
    told = layer.explain_input_gradient(x, y, dy, (0,))
    assert (told.value, told.dy.item(), told.dz.item()) == (0, 7, 0)
    assert "1 with dL/dz = 0: their activation has no slope" in str(told)


def test_scores_far_from_zero_do_not_overflow():
    layer = Softmax(name="softmax")
    x = np.float32([1000, 999])
    told = layer.explain(x, layer.forward(x[None], False, None)[0][0], (1,))
    assert told.step.y == pytest.approx(1 / (1 + np.e))
    assert "exp(999.0000 - 1000.0000) = 0.3679" in str(told)
