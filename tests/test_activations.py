"""Activation functions: values by hand, slopes by differences, names, and what is none."""

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
}


@pytest.mark.parametrize("name", activations.ACTIVATIONS)
def test_values_and_slopes(name):
    function = activations.get(name)
    y = function(X)
    np.testing.assert_allclose(y, VALUES[name], rtol=1e-14)
    dy = np.array([[1.0, -2, 3], [0.5, 4, -1]])
    dx = function.backward(dy, y)
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
    for wrong in ("gelu", "", 3, np.tanh):
        with pytest.raises(ValueError, match=r"activation must be one of .*Received"):
            activations.get(wrong)
