"""The base of all layers: its weights go in and out as copies, and it says what it is."""

import numpy as np
import pytest

from tests.support.layer_calls import built
from tinycnn.layers import (
    Dense,
    Layer,
)


def test_wrong_weights_are_refused_and_nothing_changes():
    layer = built(Dense(3), (2,))
    before = layer.get_weights()
    for bad in (
        [],
        [before[0]],
        [before[0].T, before[1]],
        [before[0].astype(str), before[1]],
        None,
    ):
        with pytest.raises(ValueError, match=r"weight|kernel"):
            layer.set_weights(bad)
        with pytest.raises(ValueError, match="kernel"):
            layer.set_weights([before[0] + 0j, before[1]])
        with pytest.raises(ValueError, match="bias"):
            layer.set_weights([before[0] + 1, before[1][:2]])
        assert all(np.array_equal(a, b) for a, b in zip(before, layer.get_weights(), strict=True))


def test_weights_go_in_and_out_as_copies():
    layer = built(Dense(3), (2,))
    given = [np.ones((2, 3)), np.ones(3)]
    layer.set_weights(given)
    given[0][...] = 5
    layer.get_weights()[0][...] = 6
    np.testing.assert_array_equal(layer.params["kernel"], np.ones((2, 3), np.float32))


def test_the_base_says_that_it_is_one():
    with pytest.raises(TypeError, match="Layer has no forward step"):
        Layer().forward(np.ones(3), False, None)
    with pytest.raises(TypeError, match="Layer has no backward step"):
        Layer().backward(np.ones(3), None)


def test_a_layer_shows_its_name_and_shape():
    assert repr(built(Dense(3, name="d"), (2,))) == "<Dense name=d, output_shape=(None, 3)>"
