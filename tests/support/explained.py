"""Layers to explain, and the output that an explanation's own numbers lead to, without the library."""

import math

import numpy as np
import pytest

from tests.support.layer_examples import EXAMPLES
from tinycnn.layers import Activation, AveragePooling2D, Conv2D, Dense, MaxPooling2D
from tinycnn.layers.explanation import (
    ActivationStep,
    Elementwise,
    Explanation,
    Normalized,
    Pooled,
    WeightedSum,
)
from tinycnn.layers.zero_padding import Padded


def result_of(told, layer, x):
    """Return the output that an explanation's own numbers lead to, and check where they stand."""
    if isinstance(told, WeightedSum):
        places = range(told.inputs.size)
        assert [x[told.source(place)] for place in places] == told.inputs.ravel().tolist()
        np.testing.assert_array_equal(told.products, told.inputs * told.weights)
        np.testing.assert_allclose(told.products.sum() + told.bias, told.z, 1e-12, 1e-12)
        np.testing.assert_allclose(told.channel_sums.sum(), told.products.sum(), 1e-12, 1e-12)
        z = np.asarray(told.z)
        return step_result(told.activation, z)
    if isinstance(told, Pooled):
        top, left, c = told.corner
        rows, columns = told.inputs.shape
        window = x[top : top + rows, left : left + columns, c]
        np.testing.assert_array_equal(told.inputs, window)
        return x[told.argmax] if told.argmax is not None else told.inputs.mean()
    if isinstance(told, ActivationStep):
        assert told.step.z == x[told.position]
        return step_result(told.step, told.step.z)
    if isinstance(told, Normalized):
        assert told.before == x[told.position]
        spread = np.sqrt(told.variance + told.epsilon)
        return (told.before - told.mean) / spread * told.gamma + told.beta
    if isinstance(told, Padded):
        return 0.0
    if type(told) is Explanation:
        return told.value  # the default claims nothing else
    assert isinstance(told, Elementwise)
    assert told.before == x[told.source]
    if told.formula.startswith("x:"):  # a number of x itself
        return told.before
    return layer.forward(x[None], False, None)[0].reshape(-1)[
        np.ravel_multi_index(told.source, x.shape)
    ]


def step_result(step, z):
    """Return y by the formula of an activation, or by the exponentials and their sum."""
    if step.name == "softmax":
        np.testing.assert_allclose(step.exponentials.max(), 1)
        return np.exp(z - step.highest) / step.total
    return {
        "relu": lambda: max(z, 0),
        "tanh": lambda: np.tanh(z),
        "sigmoid": lambda: 1 / (1 + np.exp(-z)),
        "linear": lambda: z,
        "leaky_relu": lambda: max(z, 0.2 * z),
        "elu": lambda: z if z > 0 else np.exp(z) - 1,
        "selu": lambda: 1.0507009873554805 * (z if z > 0 else 1.6732632423543772 * np.expm1(z)),
        "gelu": lambda: z * (1 + math.erf(z / math.sqrt(2))) / 2,
        "silu": lambda: z / (1 + np.exp(-z)),
        "softplus": lambda: np.log(1 + np.exp(z)),
        "log_softmax": lambda: step.y,
    }[step.name]()


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


every_case = pytest.mark.parametrize(
    ("cls", "arguments", "shape"),
    [*EXAMPLES, *(pytest.param(*case, id=f"{case[0].__name__}-more") for case in MORE)],
)


def case(cls, arguments, shape, dtype="float32"):
    """Return a built layer with random weights, and x, y and dy of one sample."""
    layer, rng = cls(**arguments, dtype=dtype), np.random.default_rng(5)
    layer.name = "layer"
    layer.build((None, *shape), rng)
    weights = {name: rng.normal(size=param.shape) for name, param in layer.params.items()}
    # Running variances are above 0.
    layer.set_weights([np.abs(w) if name in cls.state_names else w for name, w in weights.items()])
    x = rng.normal(size=shape).astype(dtype)
    y = layer.forward(x[None], False, None)[0][0]
    return layer, x, y, rng.normal(size=y.shape).astype(dtype)
