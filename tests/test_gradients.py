"""Every gradient of every layer against central differences in float64, through the kernels that train."""

import numpy as np
import pytest

from tests.support import algorithms
from tests.support.layer_examples import every_example
from tests.support.marks import needs_kernels
from tinycnn import activations, gradcheck, layers, losses
from tinycnn.layers import (
    Activation,
    AveragePooling2D,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    InputLayer,
    MaxPooling2D,
    ReLU,
    Softmax,
)
from tinycnn.models import Sequential
from tinycnn.models.fusion import FusedStep
from tinycnn.models.plan import plan
from tinycnn.ops import fused as fused_ops
from tinycnn.utils.geometry import FusedConvolution

CASES = [
    (Conv2D(3, (3, 3)), (6, 5, 2)),
    (Conv2D(4, (2, 3), strides=(2, 3), padding="same", activation="tanh"), (7, 8, 3)),
    (Conv2D(2, 3, strides=2, activation="sigmoid"), (8, 8, 1)),
    (Conv2D(17, (5, 4), use_bias=False), (5, 4, 17)),
    (Conv2D(5, 3, padding="same", activation="relu"), (5, 5, 2)),
    (Conv2D(3, 1, activation="softmax"), (3, 3, 4)),
    (Dense(3), (7,)),
    (Dense(70, activation="relu"), (5,)),
    (Dense(4, activation="softmax", use_bias=False), (6,)),
    (Dense(4, activation="sigmoid"), (2, 3, 5)),
    (MaxPooling2D(), (6, 7, 3)),
    (MaxPooling2D((3, 2), strides=(2, 1), padding="same"), (7, 6, 2)),
    (MaxPooling2D((4, 5)), (4, 5, 1)),
    (AveragePooling2D(), (6, 7, 3)),
    (AveragePooling2D((3, 2), strides=(2, 1), padding="same"), (7, 6, 2)),
    (Dropout(0.4), (30,)),
    (Dropout(0.4), (4, 3, 2)),
    (Flatten(), (3, 2, 2)),
    *(
        (Activation(name), (9,))
        for name in ("elu", "gelu", "leaky_relu", "selu", "silu", "softplus")
    ),
    (Activation("log_softmax"), (2, 5)),
    (Dense(4, activation="gelu"), (6,)),
    (Conv2D(3, 2, activation="silu"), (4, 5, 2)),
    (Activation("tanh"), (9,)),
    (Activation("linear"), (9,)),
    (Activation("sigmoid"), (3, 3, 2)),
    (ReLU(), (9,)),
    (Softmax(), (9,)),
    (InputLayer((4,)), (4,)),
]


@pytest.mark.parametrize(
    ("layer", "shape"),
    CASES,
    ids=lambda value: type(value).__name__ + str(getattr(value, "name", "")),
)
def test_every_parameter_and_input_of_a_layer(layer, shape):
    rows = gradcheck.check_layer(layer, shape, samples=3, entries=150)
    names = set(layer.weight_shapes((None, *shape))) - set(layer.state_names)
    assert len(rows) == len(names) + 1
    assert all(row.good for row in rows), gradcheck.table(rows)


@every_example
def test_the_examples_of_every_layer(cls, arguments, shape):
    test_every_parameter_and_input_of_a_layer(cls(**arguments), shape)


def test_no_layer_and_no_activation_is_left_out():
    assert {cls for cls in layers.CLASSES.values() if not cls.examples} == set()
    used = {getattr(layer, "activation", activations.linear).name for layer, _ in CASES}
    assert used == set(activations.ACTIVATIONS)


@pytest.mark.parametrize("from_logits", [True, False])
@pytest.mark.parametrize(
    "loss",
    [
        losses.CategoricalCrossentropy(),
        losses.CategoricalCrossentropy(label_smoothing=0.1),
        losses.SparseCategoricalCrossentropy(),
    ],
    ids=["categorical", "smoothed", "sparse"],
)
def test_losses_by_their_predictions(loss, from_logits):
    rng = np.random.default_rng(3)
    y_pred = rng.random((4, 5)) + 0.1
    labels = rng.integers(5, size=4)
    target = loss.target(
        labels if isinstance(loss, losses.SparseCategoricalCrossentropy) else np.eye(5)[labels],
        y_pred,
    )

    def value():
        return float(loss.forward(target, y_pred, from_logits)[0].mean()), []

    target[0] *= 2  # a row may count twice
    gradient = loss.backward(target, loss.forward(target, y_pred, from_logits)[1], from_logits)
    row = gradcheck.compare("y_pred", y_pred, gradient, value, 20, rng)
    assert row.good, row


def small_model(loss="categorical_crossentropy"):
    model = Sequential(
        [
            Conv2D(3, 3, activation="relu", input_shape=(9, 9, 1)),
            MaxPooling2D(),
            Dropout(0.25),
            Flatten(),
            Dense(8, activation="relu"),
            Dense(4, activation="softmax"),
        ]
    )
    model.compile("adadelta", loss, metrics=["accuracy"])
    return model


@pytest.mark.parametrize("loss", ["categorical_crossentropy", "sparse_categorical_crossentropy"])
def test_a_whole_model(loss):
    rows = gradcheck.check_model(small_model(loss), entries=60)
    assert [row.tensor for row in rows][-2:] == ["x", "loss by logits"]
    assert all(row.good for row in rows), gradcheck.table(rows)


FUSED = {  # the layers of one step, the shape of an image
    "convolution, ReLU": ([Conv2D(3, 3, activation="relu")], (6, 7, 2)),
    "padded, strides, the ReLU a layer": (
        [Conv2D(9, (3, 2), strides=(2, 3), padding="same", use_bias=False), ReLU()],
        (7, 8, 3),
    ),
    "pooling": ([Conv2D(3, 3, activation="relu"), MaxPooling2D()], (7, 6, 2)),
    "pooling that does not divide": ([Conv2D(17, 2), ReLU(), MaxPooling2D((2, 3))], (6, 9, 3)),
    "pooling, dropout": (
        [Conv2D(8, 3, activation="relu", padding="same"), MaxPooling2D(), Dropout(0.25)],
        (8, 6, 9),
    ),
    "strides, pooling, dropout": (
        [Conv2D(5, 4, strides=3, activation="relu"), MaxPooling2D((3, 1)), Dropout(0.5)],
        (14, 11, 1),
    ),
    "tanh, means": (
        [Conv2D(6, 5, padding="same", activation="tanh"), AveragePooling2D()],
        (9, 8, 1),
    ),
    "strides, ReLU, means": (
        [Conv2D(9, (3, 2), strides=(1, 2)), ReLU(), AveragePooling2D((2, 3))],
        (10, 13, 7),
    ),
}
WINOGRAD = {
    "convolution, ReLU": ([Conv2D(9, 3, activation="relu", padding="same")], (9, 7, 8)),
    "pooling, dropout": ([Conv2D(8, 3), ReLU(), MaxPooling2D(), Dropout(0.4)], (10, 11, 9)),
}


def check_fused(layers, shape):
    """Check the gradients of one fused step in float64."""
    rng = np.random.default_rng(12)
    float64_layers, current = [], (None, *shape)
    for layer in layers:
        float64_layer = type(layer)(**{**layer.get_config(), "dtype": "float64"})
        float64_layer.build(current, rng)
        current = float64_layer.output_shape
        float64_layers.append(float64_layer)
    (step,) = steps = plan(float64_layers)
    assert isinstance(step, FusedStep)
    params = float64_layers[0].params
    for param in params.values():
        param[...] = rng.standard_normal(param.shape)
    x = rng.standard_normal((3, *shape))
    rows = list(gradcheck.check_steps(steps, params, x, training=True, entries=120, seed=1))
    assert [row.tensor for row in rows] == [*params, "x"]
    return rows


@pytest.mark.parametrize("name", FUSED)
def test_every_parameter_and_the_input_of_a_fused_step(name):
    rows = check_fused(*FUSED[name])
    assert all(row.good for row in rows), gradcheck.table(rows)


@needs_kernels
@pytest.mark.parametrize("name", WINOGRAD)
def test_fused_steps_and_layers_through_winograd(name, monkeypatch):
    from tinycnn.ops.kernels.convolution import winograd

    transformed, values = set(), winograd.filter_transform
    algorithms.set_winograd(monkeypatch, algorithms.always)
    monkeypatch.setattr(
        winograd, "filter_transform", lambda k: transformed.add(k.shape) or values(k)
    )
    layers, shape = WINOGRAD[name]
    rows = check_fused(layers, shape)
    assert all(row.good for row in rows), gradcheck.table(rows)
    assert (3, 3, shape[-1], layers[0].filters) in transformed
    transformed.clear()
    rows = gradcheck.check_layer(layers[0], shape, entries=120)
    assert all(row.good for row in rows), gradcheck.table(rows)
    assert len(transformed) == 2  # there, and back


@pytest.mark.parametrize("wrong", [False, True])
def test_gray_images_behind_which_no_gradient_is_wanted(wrong):
    """The first step of a net goes back in planes: nobody asks for the gradient by the picture."""
    rng = np.random.default_rng(5)
    x, kernel, bias = (rng.standard_normal(shape) for shape in ((3, 9, 10, 1), (5, 3, 1, 7), (7,)))
    fused = FusedConvolution((1, 1), ((2, 1), (0, 2)), (2, 3), "tanh")
    y, a = fused_ops.conv2d_average_pool2d_forward(x, kernel, bias, fused)
    cotangent = rng.standard_normal(y.shape)
    back = cotangent, a, x, kernel, fused, False
    dx, *gradients = fused_ops.conv2d_average_pool2d_backward(*back)
    assert dx is None

    def loss(number, place, step):
        moved = [kernel.copy(), bias.copy()]
        moved[number].flat[place] += step
        return np.vdot(cotangent, fused_ops.conv2d_average_pool2d_forward(x, *moved, fused)[0])

    for number, gradient in enumerate(gradients):
        gradient = gradient * (1.000001 if wrong else 1)
        differences = [
            (loss(number, place, 1e-5) - loss(number, place, -1e-5)) / 2e-5
            for place in range(gradient.size)
        ]
        error = np.abs(gradient.ravel() - differences).max() / np.abs(gradient).max()
        assert (error <= 1e-7) != wrong


@pytest.mark.parametrize("wrong", [0, 1, 2])
@pytest.mark.parametrize("name", ["convolution, ReLU", "pooling", "tanh, means"])
def test_a_wrong_gradient_of_a_fused_step_is_found(name, wrong, monkeypatch):
    kernel = {"pooling": "conv2d_relu_max_pool2d", "tanh, means": "conv2d_average_pool2d"}
    kernel = f"{kernel.get(name, 'conv2d_relu')}_backward"
    real = getattr(fused_ops, kernel)

    def slightly_off(*arguments):
        gradients = list(real(*arguments))
        gradients[wrong] = gradients[wrong] * 1.000001
        return tuple(gradients)

    monkeypatch.setattr(fused_ops, kernel, slightly_off)
    bad = [row.tensor for row in check_fused(*FUSED[name]) if not row.good]
    assert bad == [("x", "kernel", "bias")[wrong]]
