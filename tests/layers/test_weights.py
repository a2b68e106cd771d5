"""Weights by name, and a warning that names those that are not finite."""

import warnings

import numpy as np
import pytest

from tests.support.layer_calls import built
from tinycnn.layers import Dense, ReLU
from tinycnn.layers.weights import named_weights, not_finite, warn_of_weights


def layers():
    return [built(Dense(2, name="a"), (3,)), built(ReLU(name="b"), (2,)), built(Dense(1), (2,))]


def test_names_are_those_of_layer_and_parameter_and_nothing_is_copied():
    first, relu, last = layers()
    last.name = "c"
    named = named_weights([first, relu, last])
    assert [*named] == ["a/kernel", "a/bias", "c/kernel", "c/bias"]
    assert named["a/bias"] is first.params["bias"]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_named(bad):
    first = layers()[0]
    first.params["bias"][1] = bad
    assert not_finite(named_weights([first])) == ["a/bias"]
    with pytest.warns(UserWarning, match="NaN or infinity, in a/bias: ") as caught:
        warn_of_weights([first])
    assert caught[0].filename == __file__


def test_finite_weights_are_quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_weights(layers())
