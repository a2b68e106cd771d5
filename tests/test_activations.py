"""Activation functions: values by hand, slopes by differences, names, and what is none."""

import math

import numpy as np
import pytest

from tinycnn import activations

X = np.array([[-2.0, 0.5, 0.25], [3.0, -0.125, 1.0]])
E = np.exp(X)
VALUES = {
    "linear": X,
    "relu": [[0, 0.5, 0.25], [3, 0, 1]],
    "sigmoid": E / (1 + E),
    "tanh": (E * E - 1) / (E * E + 1),
    "softmax": E / E.sum(axis=1, keepdims=True),
    "log_softmax": np.log(E / E.sum(axis=1, keepdims=True)),
    "leaky_relu": np.where(X > 0, X, 0.2 * X),
    "elu": np.where(X > 0, X, E - 1),
    "selu": 1.0507009873554805 * np.where(X > 0, X, 1.6732632423543772 * (E - 1)),
    "gelu": [[x * (1 + math.erf(x / math.sqrt(2))) / 2 for x in row] for row in X],
    "silu": X * E / (1 + E),
    "softplus": np.log(1 + E),
}


@pytest.mark.parametrize("name", activations.ACTIVATIONS)
def test_values_and_slopes(name):
    function = activations.get(name)
    y = function(X)
    np.testing.assert_allclose(y, VALUES[name], rtol=1e-14)
    dy = np.array([[1.0, -2, 3], [0.5, 4, -1]])
    dx = function.backward(dy, function.kept(X, y))
    for place in np.ndindex(X.shape):
        step = np.zeros_like(X)
        step[place] = 1e-6
        slope = np.vdot(dy, function(X + step) - function(X - step)) / 2e-6
        assert dx[place] == pytest.approx(slope, abs=1e-8)


@pytest.mark.parametrize("name", activations.ACTIVATIONS)
def test_what_is_called_is_kept_in_shape_and_becomes_floats(name):
    function = activations.get(name)
    assert function(np.array([[[1, 2]]])).dtype == np.float32
    assert function(np.float64([[[1, 2]]])).shape == (1, 1, 2)
    assert activations.get(function) is function
    assert function.serialize() == name


def test_none_is_linear_and_other_names_are_refused():
    assert activations.get(None) is activations.linear
    assert activations.get("swish") is activations.silu
    for wrong in ("mish", "", 3, np.tanh):
        with pytest.raises(ValueError, match=r"activation must be one of .*Received"):
            activations.get(wrong)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", sorted(activations.ACTIVATIONS))
def test_large_numbers_do_not_overflow(name, dtype):
    function, x = activations.get(name), np.array([-1e4, 1e4], dtype)
    with np.errstate(all="raise", under="ignore"):
        y = function(x)
        dx = function.backward(np.ones_like(x), function.kept(x, y))
    assert np.isfinite([y, dx]).all()
    assert y.dtype == dx.dtype == dtype
