"""The face of Keras. What models are made of: names, layers, shapes, weights."""

import copy

import numpy as np
import pytest

import tinycnn
from tests.support.nets import IMAGES, Y, conv
from tinycnn import gradcheck
from tinycnn.layers import (
    Dense,
)
from tinycnn.models.sequential import Sequential

# --- names -------------------------------------------------------------------------------------------


def test_the_public_names():
    assert tinycnn.Sequential is tinycnn.models.Sequential is Sequential
    assert tinycnn.load_model is tinycnn.models.load_model
    for name in tinycnn.__all__:
        assert getattr(tinycnn, name) is not None
    assert set(dir(tinycnn)) >= set(tinycnn.__all__)
    with pytest.raises(AttributeError, match="'tinycnn' has no attribute 'Model'"):
        _ = tinycnn.Model


# --- structure ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(None, 0), (None, None), (None, 4, 0)])
def test_a_model_is_not_built_for_samples_of_nothing(shape):
    with pytest.raises(ValueError, match="input_shape must be a whole number from 1"):
        Sequential([Dense(3)]).build(shape)


def test_a_copied_model_learns_like_its_original():
    model = conv()
    copied = copy.deepcopy(model)
    for each in (model, copied):
        each.compile("sgd", "sparse_categorical_crossentropy")
    one, other = (each.gradients(IMAGES * 1000, Y) for each in (model, copied))
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])
    rows = [gradcheck.check_layer(each.layers[0], (8, 8, 1)) for each in (model, copied)]
    assert rows[0] == rows[1]
