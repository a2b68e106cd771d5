"""Every number explained: what a layer says of its outputs and gradients is what it computes."""

import itertools

import numpy as np
import pytest

from tests.support.explained import result_of
from tests.support.layer_examples import EXAMPLES
from tinycnn import layers
from tinycnn.layers import Activation, AveragePooling2D, Conv2D, Dense, Layer, MaxPooling2D, Softmax
from tinycnn.layers.explanation import Explanation, GradientSum

WINDOWS = {"strides": (2, 3), "padding": "same"}
MORE = [
    (Conv2D, {"filters": 3, "kernel_size": (4, 3), **WINDOWS, "activation": "relu"}, (7, 8, 3)),
    (Conv2D, {"filters": 2, "kernel_size": (2, 5), "padding": "same"}, (3, 3, 2)),
    (Conv2D, {"filters": 3, "kernel_size": 2, "activation": "softmax"}, (4, 3, 2)),
    (MaxPooling2D, {"pool_size": 3, "strides": 1, "padding": "same"}, (4, 5, 2)),
    (MaxPooling2D, {"pool_size": (3, 4), **WINDOWS}, (7, 8, 2)),
    (MaxPooling2D, {"pool_size": 2, "strides": 3}, (8, 7, 2)),
    (AveragePooling2D, {"pool_size": (3, 4), **WINDOWS}, (7, 8, 2)),
    (AveragePooling2D, {"pool_size": 3, "strides": 2, "padding": "same"}, (4, 6, 3)),
    (Dense, {"units": 4, "activation": "softmax"}, (2, 5)),
    (Dense, {"units": 3, "activation": "sigmoid"}, (6,)),
    (Activation, {"activation": "softmax"}, (2, 4)),
    (Activation, {"activation": "relu"}, (3, 3)),
]
OWN = (
    *("Activation", "AveragePooling2D", "Conv2D", "Dense", "Dropout", "Flatten", "InputLayer"),
    *("LeakyReLU", "MaxPooling2D", "ReLU", "Softmax"),
)
every_case = pytest.mark.parametrize(
    ("cls", "arguments", "shape"),
    [*EXAMPLES, *(pytest.param(*case, id=f"{case[0].__name__}-more") for case in MORE)],
)


def case(cls, arguments, shape, dtype="float32"):
    """Return a built layer with random weights, and x, y and dy of one sample."""
    layer, rng = cls(**arguments, dtype=dtype), np.random.default_rng(5)
    layer.name = "layer"
    layer.build((None, *shape), rng)
    layer.set_weights([rng.normal(size=param.shape) for param in layer.params.values()])
    x = rng.normal(size=shape).astype(dtype)
    y = layer.forward(x[None], False, None)[0][0]
    return layer, x, y, rng.normal(size=y.shape).astype(dtype)


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
    for param_name, param in layer.params.items():
        told = layer.explain_weight_gradient(x, y, dy, param_name, (0,) * param.ndim)
        assert isinstance(told, GradientSum)


@every_case
def test_explanations_read_well_and_change_nothing(cls, arguments, shape):
    layer, x, y, dy = case(cls, arguments, shape)
    before = [array.tobytes() for array in (x, y, dy, *layer.params.values())]
    last = tuple(size - 1 for size in y.shape), tuple(size - 1 for size in x.shape)
    told = [layer.explain(x, y, last[0]), layer.explain_input_gradient(x, y, dy, last[1])]
    for name, param in layer.params.items():
        told.append(layer.explain_weight_gradient(x, y, dy, name, [0] * param.ndim))
    for text in map(str, told):
        assert text.startswith(f"layer ({cls.__name__}): ")
        assert 2 <= len(text.splitlines()) <= 14
        assert max(map(len, text.splitlines())) <= 100
    assert before == [array.tobytes() for array in (x, y, dy, *layer.params.values())]


# --- worked examples ---------------------------------------------------------------------------------


def test_a_dense_output_reads_like_this():
    layer = Dense(2, activation="softmax", name="dense")
    layer.build((None, 3), np.random.default_rng(0))
    layer.set_weights([[[1, 0], [2, 0], [-4, 0]], [0.5, 0.5]])
    x = np.float32([1, 3, 2])
    told = layer.explain(x, layer.forward(x[None], False, None)[0][0], (0,))
    assert str(told).splitlines() == [
        "dense (Dense): y[0] = 0.2689",
        "  Σ x · kernel of 3 products = -1.0000, of them",
        "  - 8.0000 = 2.0000 · -4.0000   x[2]",
        "  + 6.0000 = 3.0000 · 2.0000   x[1]",
        "  + 1.0000 = 1.0000 · 1.0000   x[0]",
        "  z = -1.0000 + 0.5000 (bias) = -0.5000",
        "  softmax: exp(z - largest z) = exp(-0.5000 - 0.5000) = 0.3679",
        "  y = 0.3679 / 1.3679 = 0.2689, shared among 2 exponentials",
    ]
    assert told.counted_for().tolist() == [1, 0]
    assert told.counted_against().tolist() == [2]


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


# --- a layer that brings none ------------------------------------------------------------------------


class Reverse(Layer):
    """The numbers of the last axis in reverse order, times a weight: no explanation of its own."""

    def weight_shapes(self, input_shape):
        return {"gamma": input_shape[-1:]}

    def initial(self, name, shape, rng):
        return np.arange(1, shape[0] + 1, dtype=self.dtype)

    def forward(self, x, training, rng):
        return x[..., ::-1] * self.params["gamma"], x

    def backward(self, dy, ctx, input_gradient=True):
        # forward: y = reversed x · gamma
        dgamma = (dy * ctx[..., ::-1]).reshape(-1, dy.shape[-1]).sum(axis=0)
        return (dy * self.params["gamma"])[..., ::-1], {"gamma": dgamma}


def test_a_layer_without_an_explanation_says_so():
    layer, x, y, dy = case(Reverse, {}, (3,))
    told = layer.explain(x, y, (1,))
    assert type(told) is Explanation
    assert str(told).splitlines()[1] == "  Reverse brings no explanation of its own."
    dx, grads = layer.backward(dy[None], x[None])
    assert layer.explain_input_gradient(x, y, dy, (2,)).value == dx[0, 2]
    assert layer.explain_weight_gradient(x, y, dy, "gamma", (2,)).value == grads["gamma"][2]


# --- what is refused ---------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [(), (3,), (-1,), (0, 0), "a", None, (0.0,), (True,), [[0]]])
@pytest.mark.parametrize("name", sorted(set(layers.CLASSES) - {"Conv2D"}))
def test_a_position_that_is_not_there(name, wrong):
    cls = layers.CLASSES[name]
    arguments, shape = cls.examples[0]
    layer, x, y, dy = case(cls, arguments, shape)
    axes = (0,) * (y.ndim - 1)
    wrong = (*axes, *(y.shape[-1:] if wrong == (3,) else wrong)) if type(wrong) is tuple else wrong
    with pytest.raises(ValueError, match=r"position must .*Received"):
        layer.explain(x, y, wrong)
    if y.shape == x.shape:
        with pytest.raises(ValueError, match=r"position must .*Received"):
            layer.explain_input_gradient(x, y, dy, wrong)


@pytest.mark.parametrize("wrong", ["gamma", None, 3])
def test_a_weight_that_is_not_there(wrong):
    layer, x, y, dy = case(Dense, {"units": 2}, (3,))
    with pytest.raises(ValueError, match=r"has \['kernel', 'bias'\]. Received"):
        layer.explain_weight_gradient(x, y, dy, wrong, (0, 0))
    with pytest.raises(ValueError, match=r"position must lie in the shape \(3, 2\)"):
        layer.explain_weight_gradient(x, y, dy, "kernel", (0, 2))
