"""Every layer: one worked example with its arithmetic, the shapes it gives, and what it refuses."""

import math

import numpy as np
import pytest

from tests.support.layer_examples import every_example
from tinycnn import layers
from tinycnn.layers import (
    Activation,
    AveragePooling2D,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Input,
    InputLayer,
    LeakyReLU,
    MaxPooling2D,
    ReLU,
    Softmax,
)

IMAGE = np.arange(1, 10, dtype=np.float32).reshape(1, 3, 3, 1)  # rows 1 2 3, 4 5 6, 7 8 9


def built(layer, shape, *weights):
    """Build a layer for samples of this shape, and set its weights if some are given."""
    layer.build((None, *shape), np.random.default_rng(0))
    if weights:
        layer.set_weights([np.float32(weight) for weight in weights])
    return layer


def forward(layer, x, *weights, training=False):
    x = np.float32(x)
    built(layer, x.shape[1:], *weights)
    return layer.forward(x, training, np.random.default_rng(0))


def backward(layer, x, dy, *weights):
    _, ctx = forward(layer, x, *weights, training=True)
    return layer.backward(np.float32(dy), ctx)


# --- worked examples ---------------------------------------------------------------------------------


def test_dense_worked():
    kernel, bias = [[1, 2, 3], [4, 5, 6]], [10, 20, 30]
    y, _ = forward(Dense(3), [[1, -1]], kernel, bias)
    np.testing.assert_array_equal(y, [[1 - 4 + 10, 2 - 5 + 20, 3 - 6 + 30]])
    dx, grads = backward(Dense(3), [[1, -1]], [[1, 0, 2]], kernel, bias)
    np.testing.assert_array_equal(dx, [[1 * 1 + 3 * 2, 4 * 1 + 6 * 2]])
    np.testing.assert_array_equal(
        grads["kernel"], [[1, 0, 2], [-1, 0, -2]]
    )  # x transposed times dy
    np.testing.assert_array_equal(grads["bias"], [1, 0, 2])


def test_dense_with_an_activation_worked():
    layer, kernel = Dense(2, activation="relu"), [[1, -1], [2, -2]]
    np.testing.assert_array_equal(forward(layer, [[1, 1]], kernel, [0, 0])[0], [[3, 0]])
    dx, grads = backward(layer, [[1, 1]], [[10, 10]], kernel, [0, 0])
    np.testing.assert_array_equal(dx, [[10 * 1, 10 * 2]])  # nothing through the unit that is off
    np.testing.assert_array_equal(grads["kernel"], [[10, 0], [10, 0]])


def test_dense_works_on_the_last_axis():
    x = np.arange(12).reshape(2, 2, 3)
    y, _ = forward(Dense(1), x, [[1], [0], [2]], [0])
    np.testing.assert_array_equal(y[..., 0], x[..., 0] + 2 * x[..., 2])


def test_convolution_worked():
    kernel = np.reshape(
        [1, 0, 0, -1], (2, 2, 1, 1)
    )  # upper left minus lower right; not turned round
    y, _ = forward(Conv2D(1, 2), IMAGE, kernel, [100])
    wanted = [[1 - 5 + 100, 2 - 6 + 100], [4 - 8 + 100, 5 - 9 + 100]]
    np.testing.assert_array_equal(y[0, :, :, 0], wanted)
    dy = np.reshape([1, 2, 3, 4], (1, 2, 2, 1))
    dx, grads = backward(Conv2D(1, 2), IMAGE, dy, kernel, [100])
    np.testing.assert_array_equal(dx[0, :, :, 0], [[1, 2, 0], [3, 4 - 1, -2], [0, -3, -4]])
    first = 1 * 1 + 2 * 2 + 4 * 3 + 5 * 4  # the pixels that met the kernel's first number, times dy
    assert grads["kernel"][0, 0, 0, 0] == first
    np.testing.assert_array_equal(grads["bias"], [1 + 2 + 3 + 4])


def test_convolution_with_strides_and_same_padding_worked():
    y, _ = forward(Conv2D(1, 2, strides=2, padding="same"), IMAGE, np.ones((2, 2, 1, 1)), [0])
    # three pixels at steps of two: one zero is lacking, and it goes below and to the right
    np.testing.assert_array_equal(y[0, :, :, 0], [[1 + 2 + 4 + 5, 3 + 6], [7 + 8, 9]])


def test_convolution_sums_over_channels_worked():
    x = np.float32([[[[1, 10]]]])  # one pixel, two channels
    y, _ = forward(Conv2D(2, 1), x, [[[[1, 2], [3, 4]]]], [0, 0])
    np.testing.assert_array_equal(y, [[[[1 * 1 + 10 * 3, 1 * 2 + 10 * 4]]]])


def test_max_pooling_worked():
    y, _ = forward(MaxPooling2D(2, strides=1), IMAGE)
    np.testing.assert_array_equal(y[0, :, :, 0], [[5, 6], [8, 9]])
    dy = np.reshape([1, 2, 3, 4], (1, 2, 2, 1))
    dx, _ = backward(MaxPooling2D(2, strides=1), IMAGE, dy)
    np.testing.assert_array_equal(dx[0, :, :, 0], [[0, 0, 0], [0, 1, 2], [0, 3, 4]])


def test_average_pooling_worked():
    y, _ = forward(AveragePooling2D(2, strides=1), IMAGE)
    wanted = [[(1 + 2 + 4 + 5) / 4, (2 + 3 + 5 + 6) / 4], [(4 + 5 + 7 + 8) / 4, 7]]
    np.testing.assert_array_equal(y[0, :, :, 0], wanted)
    dx, _ = backward(AveragePooling2D(2, strides=1), IMAGE, np.full((1, 2, 2, 1), 4))
    np.testing.assert_array_equal(dx[0, :, :, 0], [[1, 2, 1], [2, 4, 2], [1, 2, 1]])


def test_average_pooling_counts_only_real_pixels_worked():
    y, _ = forward(AveragePooling2D(2, padding="same"), IMAGE)
    wanted = [[(1 + 2 + 4 + 5) / 4, (3 + 6) / 2], [(7 + 8) / 2, 9 / 1]]
    np.testing.assert_array_equal(y[0, :, :, 0], wanted)


def test_max_pooling_never_takes_the_padding_worked():
    y, _ = forward(MaxPooling2D(2, padding="same"), -IMAGE)
    np.testing.assert_array_equal(y[0, :, :, 0], [[-1, -3], [-7, -9]])


def test_flatten_worked():
    x = np.arange(12).reshape(2, 1, 2, 3)
    y, _ = forward(Flatten(), x)
    np.testing.assert_array_equal(y, [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]])
    dx, grads = backward(Flatten(), x, y)
    np.testing.assert_array_equal(dx, x)
    assert grads == {}


def test_dropout_worked():
    x = np.ones((4, 1000))
    y, ctx = forward(Dropout(0.75), x, training=True)
    assert set(np.unique(y)) == {0, 4}  # 1 / (1 - 0.75)
    assert abs(y.mean() - 1) < 0.1
    dx, _ = Dropout(0.75).backward(np.float32(x), ctx)
    np.testing.assert_array_equal(dx, y)  # the gradient passes where the signal passed
    np.testing.assert_array_equal(forward(Dropout(0.75), x)[0], x)


@pytest.mark.parametrize(("rate", "value"), [(0, 1), (1, 0)])
def test_dropout_of_nothing_and_of_everything(rate, value):
    y, _ = forward(Dropout(rate), np.ones((2, 50)), training=True)
    np.testing.assert_array_equal(y, np.full((2, 50), value))


def test_relu_worked():
    for layer in (ReLU(), Activation("relu")):
        np.testing.assert_array_equal(forward(layer, [[-2, 0, 3]])[0], [[0, 0, 3]])
        np.testing.assert_array_equal(backward(layer, [[-2, 0, 3]], [[5, 5, 5]])[0], [[0, 0, 5]])


def test_softmax_worked():
    x = [[0, math.log(3)]]
    for layer in (Softmax(), Activation("softmax")):
        np.testing.assert_allclose(forward(layer, x)[0], [[1 / 4, 3 / 4]], rtol=1e-6)
        dx, _ = backward(layer, x, [[1, 0]])
        np.testing.assert_allclose(dx, [[1 / 4 * (1 - 1 / 4), -3 / 4 * 1 / 4]], rtol=1e-6)


def test_the_other_activations_worked():
    half, three = math.log(1), math.log(3)
    np.testing.assert_allclose(forward(Activation("sigmoid"), [[half, three]])[0], [[1 / 2, 3 / 4]])
    np.testing.assert_allclose(forward(Activation("tanh"), [[0, 1]])[0], [[0, math.tanh(1)]])
    np.testing.assert_array_equal(forward(Activation("linear"), [[-1, 2]])[0], [[-1, 2]])


def test_an_activation_inside_of_a_layer_is_the_same_as_one_behind_it():
    x = np.random.default_rng(1).normal(size=(2, 4, 4, 2))
    inside, _ = forward(Conv2D(3, 2, activation="tanh"), x)
    plain, _ = forward(Conv2D(3, 2), x)
    np.testing.assert_array_equal(inside, forward(Activation("tanh"), plain)[0])
    np.testing.assert_allclose(inside, np.tanh(plain), rtol=1e-6)


def test_the_input_layer_hands_on():
    x = np.ones((2, 3))
    np.testing.assert_array_equal(forward(InputLayer((3,)), x)[0], x)
    np.testing.assert_array_equal(backward(InputLayer((3,)), x, x)[0], x)
    assert Input((28, 28, 1)).batch_shape == Input(batch_shape=(None, 28, 28, 1)).batch_shape


def test_leaky_relu_worked():
    layer, x = LeakyReLU(0.25), [[-2, 0, 3, math.nan]]
    np.testing.assert_array_equal(forward(layer, x)[0], [[-0.5, 0, 3, math.nan]])
    dx, _ = backward(layer, x, [[4, 4, 4, 4]])
    np.testing.assert_array_equal(dx, [[1, 1, 4, 1]])


def test_no_layer_is_without_a_worked_example():
    """In its docstring, at least, where it is run."""
    assert [name for name, cls in layers.CLASSES.items() if ">>>" not in (cls.__doc__ or "")] == []


# --- shapes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "shape", "wanted"),
    [
        (Conv2D(8, 3), (28, 28, 1), (26, 26, 8)),
        (Conv2D(8, (5, 3)), (28, 28, 1), (24, 26, 8)),
        (Conv2D(8, 3, padding="same"), (28, 27, 1), (28, 27, 8)),
        (Conv2D(8, 3, padding="SAME", strides=2), (28, 27, 1), (14, 14, 8)),
        (Conv2D(8, 3, strides=(2, 5)), (28, 28, 1), (13, 6, 8)),
        (Conv2D(8, 2, strides=9), (4, 4, 1), (1, 1, 8)),
        (Conv2D(8, 4), (4, 4, 3), (1, 1, 8)),
        (MaxPooling2D(), (27, 26, 4), (13, 13, 4)),
        (MaxPooling2D(padding="same"), (27, 26, 4), (14, 13, 4)),
        (AveragePooling2D(3, strides=1), (6, 7, 4), (4, 5, 4)),
        (AveragePooling2D((1, 7)), (6, 7, 4), (6, 1, 4)),
        (Dense(9), (5,), (9,)),
        (Dense(9), (4, 5), (4, 9)),
        (Flatten(), (4, 5, 6), (120,)),
        (Flatten(), (5,), (5,)),
        (Dropout(0.5), (4, 5), (4, 5)),
        (Softmax(), (4, 5), (4, 5)),
    ],
    ids=lambda value: str(value) if isinstance(value, tuple) else type(value).__name__,
)
@pytest.mark.parametrize("samples", [0, 1, 5])
def test_the_promised_shape_is_the_real_one(layer, shape, wanted, samples):
    fresh = type(layer)(**layer.get_config())
    assert fresh.compute_output_shape((None, *shape)) == (None, *wanted)
    y, ctx = forward(fresh, np.ones((samples, *shape)), training=True)
    assert y.shape == (samples, *wanted)
    assert y.dtype == np.float32
    dx, grads = fresh.backward(np.ones_like(y), ctx)
    assert dx.shape == (samples, *shape)
    assert {name: grad.shape for name, grad in grads.items()} == fresh.weight_shapes((None, *shape))
    assert all(np.isfinite(grad).all() for grad in grads.values())


@every_example
def test_the_examples_keep_the_promises_of_their_layer(cls, arguments, shape):
    layer = built(cls(**arguments), shape)
    names = list(layer.params)
    assert tuple(names) == cls.weight_names[: len(names)]
    assert {name: w.shape for name, w in layer.params.items()} == layer.weight_shapes(
        (None, *shape)
    )
    x = np.random.default_rng(0).normal(size=(2, *shape)).astype(np.float32)
    x.flags.writeable = False
    before = layer.get_weights()
    y, ctx = layer.forward(x, True, np.random.default_rng(0))
    assert (y.dtype, y.shape[1:]) == (np.float32, layer.output_shape[1:])
    dy = np.ones_like(y)
    dy.flags.writeable = False
    dx, grads = layer.backward(dy, ctx)
    assert (dx.dtype, dx.shape) == (x.dtype, x.shape)
    assert list(grads) == names
    assert all(map(np.array_equal, before, layer.get_weights()))


def test_a_convolution_of_no_channels_gives_its_bias():
    y, _ = forward(Conv2D(2, 3), np.zeros((2, 4, 4, 0)), np.zeros((3, 3, 0, 2)), [7, 8])
    np.testing.assert_array_equal(y, np.broadcast_to(np.float32([7, 8]), (2, 2, 2, 2)))


def test_weights_have_the_layouts_of_keras():
    assert built(Conv2D(8, (3, 2)), (5, 5, 4)).params["kernel"].shape == (3, 2, 4, 8)
    assert built(Dense(7), (5,)).params["kernel"].shape == (5, 7)
    assert list(built(Dense(7), (5,)).params) == ["kernel", "bias"]
    assert list(built(Dense(7, use_bias=False), (5,)).params) == ["kernel"]
    assert built(Conv2D(8, (3, 2)), (5, 5, 4)).count_params() == 3 * 2 * 4 * 8 + 8


def test_the_backward_step_may_leave_out_the_gradient_by_the_input():
    for layer, shape in ((Conv2D(2, 2), (3, 3, 1)), (Dense(2), (3,))):
        y, ctx = forward(layer, np.ones((1, *shape)))
        dx, grads = layer.backward(np.ones_like(y), ctx, input_gradient=False)
        assert dx is None
        assert set(grads) == {"kernel", "bias"}


def test_forward_and_backward_change_nothing_they_are_given():
    for layer in (
        Conv2D(2, 2, activation="relu"),
        MaxPooling2D(),
        AveragePooling2D(),
        Dropout(0.5),
    ):
        x = np.random.default_rng(0).normal(size=(2, 4, 4, 3)).astype(np.float32)
        x.flags.writeable = False
        built(layer, x.shape[1:])
        before = layer.get_weights()
        y, ctx = layer.forward(x, True, np.random.default_rng(0))
        dy = np.ones_like(y)
        dy.flags.writeable = False
        layer.backward(dy, ctx)
        assert all(np.array_equal(a, b) for a, b in zip(before, layer.get_weights(), strict=True))
