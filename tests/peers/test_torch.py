"""PyTorch does the same: layers and their gradients, losses, ten steps of training. Skipped without torch.

Every tensor is (n, h, w, c) here, as in tinycnn; only inside of one layer it is turned to PyTorch's order.
"""

import numpy as np
import pytest

from tests.support.peers import import_torch
from tinycnn import losses, optimizers
from tinycnn.layers import (
    Activation,
    AveragePooling2D,
    Conv2D,
    Dense,
    Flatten,
    MaxPooling2D,
)
from tinycnn.models import Sequential

RELATIVE = {"float64": 1e-10, "float32": 1e-5}
OF_THE_CHANGE = {"float64": 1e-9, "float32": 1e-3}


@pytest.fixture(scope="module")
def torch():
    return import_torch()


def assert_close(actual, wanted, limit):
    """Compare by the largest difference, measured by the largest number."""
    wanted = wanted.detach().numpy()
    assert actual.dtype == wanted.dtype
    assert actual.shape == wanted.shape
    assert np.abs(actual - wanted).max() <= limit * np.abs(wanted).max()


def padding_same(size, window, strides):
    """Return (left, right, top, bottom) so that there are ceil(size / stride) windows."""
    sides = []
    for length, width, stride in reversed(list(zip(size, window, strides, strict=True))):
        lacking = max(((length - 1) // stride) * stride + width - length, 0)
        sides += [lacking // 2, lacking - lacking // 2]
    return sides


def channels_first(torch, layer, x, window, value=0.0):
    """Return x as (n, c, h, w), padded as the layer says.

    Copied to PyTorch's own layout: PyTorch 2.13 now and then returns a wrong gradient of a 1 x 1 kernel with
    strides for a view, on a CPU with AVX2 (22 of 600 were not those of float64, by far; copied, none).
    """
    x = x.permute(0, 3, 1, 2).clone(memory_format=torch.contiguous_format)
    if layer.padding == "valid":
        return x
    sides = padding_same(x.shape[2:], window, layer.strides)
    return torch.nn.functional.pad(x, sides, value=value)


def conv2d(torch, layer, x, params):
    x = channels_first(torch, layer, x, layer.kernel_size)
    kernel = params["kernel"].permute(3, 2, 0, 1)  # (f, c, kh, kw)
    kernel = kernel.clone(memory_format=torch.contiguous_format)
    y = torch.nn.functional.conv2d(x, kernel, params.get("bias"), layer.strides)
    return y.permute(0, 2, 3, 1)


def max_pooling2d(torch, layer, x, params):
    x = channels_first(torch, layer, x, layer.pool_size, -torch.inf)
    y = torch.nn.functional.max_pool2d(x, layer.pool_size, layer.strides)
    return y.permute(0, 2, 3, 1)


def average_pooling2d(torch, layer, x, params):
    pool = torch.nn.functional.avg_pool2d
    total, share = (
        pool(channels_first(torch, layer, each, layer.pool_size), layer.pool_size, layer.strides)
        for each in (x, torch.ones_like(x))
    )
    return (total / share).permute(0, 2, 3, 1)  # share: how much of each window lies in the image


def dense(torch, layer, x, params):
    return torch.nn.functional.linear(x, params["kernel"].T, params.get("bias"))


def flatten(torch, layer, x, params):
    return x.flatten(1)


def identity(torch, layer, x, params):
    return x


SAME_IN_TORCH = {
    Conv2D: conv2d,
    MaxPooling2D: max_pooling2d,
    AveragePooling2D: average_pooling2d,
    Dense: dense,
    Flatten: flatten,
    Activation: identity,
}


def in_torch(torch, layer, x, params):
    """Run one layer in PyTorch, its activation included."""
    functions = {
        "linear": lambda z: z,
        "relu": torch.relu,
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "softmax": lambda z: torch.softmax(z, -1),
    }
    z = SAME_IN_TORCH[type(layer)](torch, layer, x, params)
    return functions[layer.activation.name if hasattr(layer, "activation") else "linear"](z)


def leaves(torch, params):
    """Return copies of arrays as tensors that collect gradients, by name."""
    return {name: torch.tensor(array, requires_grad=True) for name, array in params.items()}


def check_layer(torch, layer, shape):
    """Compare output and every gradient of one layer."""
    rng = np.random.default_rng(9)
    x = rng.normal(size=shape).astype(layer.dtype)
    layer.build((None, *shape[1:]), rng)
    layer.set_weights([rng.normal(size=weight.shape) for weight in layer.get_weights()])
    y, ctx = layer.forward(x, True, rng)
    dy = rng.normal(size=y.shape).astype(layer.dtype)
    dx, grads = layer.backward(dy, ctx)

    params = leaves(torch, layer.params)
    x = torch.tensor(x, requires_grad=True)
    wanted = in_torch(torch, layer, x, params)
    wanted.backward(torch.tensor(dy))
    limit = RELATIVE[layer.dtype]
    assert_close(y, wanted, limit)
    assert_close(dx, x.grad, limit)
    assert grads.keys() == params.keys()
    for name, param in params.items():
        assert_close(grads[name], param.grad, limit)


WINDOWS = [  # (h, w), window, strides
    ((8, 8), (3, 3), (1, 1)),
    ((9, 7), (2, 3), (1, 1)),
    ((8, 9), (3, 3), (2, 2)),
    ((9, 8), (2, 2), (2, 3)),
    ((7, 7), (4, 5), (3, 1)),
    ((6, 6), (1, 1), (2, 2)),
    ((5, 6), (2, 2), (4, 3)),
    ((5, 4), (5, 4), (1, 1)),
]
both_dtypes = pytest.mark.parametrize("dtype", RELATIVE)
windows = pytest.mark.parametrize(("size", "window", "strides"), WINDOWS)
paddings = pytest.mark.parametrize("padding", ["valid", "same"])


@both_dtypes
@windows
@paddings
def test_conv2d(torch, size, window, strides, padding, dtype):
    for channels, filters in ((1, 5), (3, 17)):
        layer = Conv2D(filters, window, strides, padding, activation="tanh", dtype=dtype)
        check_layer(torch, layer, (3, *size, channels))


@both_dtypes
@windows
@paddings
def test_max_pooling2d(torch, size, window, strides, padding, dtype):
    check_layer(torch, MaxPooling2D(window, strides, padding, dtype=dtype), (3, *size, 4))


@both_dtypes
@windows
@paddings
def test_average_pooling2d(torch, size, window, strides, padding, dtype):
    check_layer(torch, AveragePooling2D(window, strides, padding, dtype=dtype), (3, *size, 4))


@both_dtypes
@pytest.mark.parametrize("activation", ["linear", "relu", "sigmoid", "tanh", "softmax"])
def test_dense_conv2d_and_activations(torch, activation, dtype):
    check_layer(torch, Dense(11, activation, dtype=dtype), (5, 40))
    check_layer(torch, Dense(4, activation, use_bias=False, dtype=dtype), (2, 3, 6))
    check_layer(torch, Conv2D(6, 3, activation=activation, dtype=dtype), (2, 6, 5, 3))
    check_layer(torch, Conv2D(6, 3, use_bias=False, dtype=dtype), (2, 6, 5, 3))
    check_layer(torch, Activation(activation, dtype=dtype), (4, 3, 5))


@both_dtypes
def test_flatten(torch, dtype):
    check_layer(torch, Flatten(dtype=dtype), (3, 4, 5, 2))


@both_dtypes
@pytest.mark.parametrize("scale", [1, 30])
@pytest.mark.parametrize("label_smoothing", [0.0, 0.1, 1.0])
def test_cross_entropy_of_logits(torch, label_smoothing, scale, dtype):
    rng = np.random.default_rng(2)
    logits = (rng.normal(size=(12, 10)) * scale).astype(dtype)
    classes = rng.integers(10, size=12)
    tensor = torch.tensor(logits, requires_grad=True)
    wanted = torch.nn.functional.cross_entropy(
        tensor, torch.tensor(classes), reduction="none", label_smoothing=label_smoothing
    )
    wanted.mean().backward()
    loss = losses.CategoricalCrossentropy(from_logits=True, label_smoothing=label_smoothing)
    target = loss.target(np.eye(10)[classes], logits)
    values, ctx = loss.forward(target, logits, True)
    assert_close(values, wanted, RELATIVE[dtype])
    assert_close(loss.backward(target, ctx, True), tensor.grad, RELATIVE[dtype])


@both_dtypes
def test_cross_entropy_of_soft_labels(torch, dtype):
    rng = np.random.default_rng(3)
    logits = rng.normal(size=(7, 5)).astype(dtype)
    soft = rng.dirichlet(np.ones(5), size=7).astype(dtype)
    tensor = torch.tensor(logits, requires_grad=True)
    wanted = torch.nn.functional.cross_entropy(tensor, torch.tensor(soft), reduction="none")
    wanted.mean().backward()
    loss = losses.CategoricalCrossentropy(from_logits=True)
    target = loss.target(soft, logits)
    values, ctx = loss.forward(target, logits, True)
    assert_close(values, wanted, RELATIVE[dtype])
    assert_close(loss.backward(target, ctx, True), tensor.grad, RELATIVE[dtype])


@both_dtypes
def test_cross_entropy_of_class_numbers_and_probabilities(torch, dtype):
    rng = np.random.default_rng(4)
    probabilities = rng.dirichlet(np.ones(6), size=8).astype(dtype)
    classes = rng.integers(6, size=8)
    tensor = torch.tensor(probabilities, requires_grad=True)
    scaled = tensor / tensor.sum(-1, keepdim=True)
    wanted = torch.nn.functional.nll_loss(
        scaled.log(), torch.tensor(classes), reduction="none"
    )  # the negative logarithm of each sample's own class
    wanted.mean().backward()
    loss = losses.SparseCategoricalCrossentropy()
    target = loss.target(classes, probabilities)
    values, ctx = loss.forward(target, probabilities, False)
    assert_close(values, wanted, RELATIVE[dtype])
    assert_close(loss.backward(target, ctx, False), tensor.grad, RELATIVE[dtype])


NETS = {
    "maximum": lambda dtype: [
        Conv2D(4, 3, activation="relu", dtype=dtype, input_shape=(10, 10, 2)),
        MaxPooling2D(2, dtype=dtype),
        Conv2D(6, 3, strides=2, padding="same", activation="relu", dtype=dtype),
        Flatten(dtype=dtype),
        Dense(12, activation="relu", dtype=dtype),
        Dense(5, activation="softmax", dtype=dtype),
    ],
    "mean": lambda dtype: [
        Conv2D(5, (3, 2), activation="tanh", dtype=dtype, input_shape=(10, 10, 2)),
        AveragePooling2D(3, 2, "same", dtype=dtype),
        Flatten(dtype=dtype),
        Dense(5, dtype=dtype),
        Activation("softmax", dtype=dtype),
    ],
}


def torch_adam(torch, tensors, rate):
    """Return PyTorch's Adam, which adds epsilon elsewhere: to √(velocity / (1 - beta_2**step))."""
    optimizer = torch.optim.Adam(tensors, rate)

    def place_epsilon_as_keras_does(optimizer, args, kwargs):
        optimizer.step_number += 1
        group = optimizer.param_groups[0]
        group["eps"] = 1e-7 / (1 - group["betas"][1] ** optimizer.step_number) ** 0.5

    optimizer.step_number = 0
    optimizer.register_step_pre_hook(place_epsilon_as_keras_does)
    return optimizer


OPTIMIZERS = {
    "sgd": (
        lambda: optimizers.SGD(0.1),
        lambda torch, tensors: torch.optim.SGD(tensors, 0.1),
    ),
    "momentum": (
        lambda: optimizers.SGD(0.05, momentum=0.9),
        lambda torch, tensors: torch.optim.SGD(tensors, 0.05, momentum=0.9),
    ),
    "nesterov": (
        lambda: optimizers.SGD(0.05, momentum=0.9, nesterov=True),
        lambda torch, tensors: torch.optim.SGD(tensors, 0.05, momentum=0.9, nesterov=True),
    ),
    "adadelta": (
        lambda: optimizers.Adadelta(1.0, rho=0.95, epsilon=1e-7),
        lambda torch, tensors: torch.optim.Adadelta(tensors, 1.0, rho=0.95, eps=1e-7),
    ),
    "adam": (
        lambda: optimizers.Adam(0.01, epsilon=1e-7),
        lambda torch, tensors: torch_adam(torch, tensors, 0.01),
    ),
}


def torch_step(torch, model, tensors, optimizer, x, classes):
    """Take one training step in PyTorch, the softmax at the end left to its cross-entropy."""
    x = torch.tensor(x)
    for layer, params in zip(model.layers, tensors, strict=True):
        x = in_torch(torch, layer.as_logits() or layer, x, params)
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(x, torch.tensor(classes))
    loss.backward()
    optimizer.step()
    return loss.item()


@pytest.mark.parametrize(
    ("optimizer", "dtype"),
    [*((name, "float64") for name in OPTIMIZERS), ("adadelta", "float32")],
)
@pytest.mark.parametrize("net", NETS)
def test_ten_steps_of_training(torch, net, optimizer, dtype):
    rng = np.random.default_rng(11)
    make_ours, make_theirs = OPTIMIZERS[optimizer]
    model = Sequential(NETS[net](dtype))
    model.compile(make_ours(), "sparse_categorical_crossentropy")
    model.set_weights([rng.normal(scale=0.2, size=weight.shape) for weight in model.weights])
    start = model.get_weights()
    tensors = [leaves(torch, layer.params) for layer in model.layers]
    flat = [tensor for params in tensors for tensor in params.values()]
    theirs = make_theirs(torch, flat)
    for count in [16] * 9 + [5]:
        x = rng.normal(size=(count, 10, 10, 2)).astype(dtype)
        classes = rng.integers(5, size=count)
        loss = torch_step(torch, model, tensors, theirs, x, classes)
        assert model.train_on_batch(x, classes) == pytest.approx(loss, rel=1e-4)
    for actual, tensor, before in zip(model.weights, flat, start, strict=True):
        wanted = tensor.detach().numpy()
        change = np.linalg.norm(wanted - before)
        assert change > 0
        assert np.linalg.norm(actual - wanted) <= OF_THE_CHANGE[dtype] * change
