"""What Conv2D and Dense share: bias or none, scores before a softmax, how many operations."""

import numpy as np
import pytest

from tests.support.layer_calls import built
from tinycnn.layers import Conv2D, Dense
from tinycnn.layers.affine import Affine, positions_of


@pytest.mark.parametrize("make", [Dense, lambda units, **o: Conv2D(units, 1, **o)])
def test_without_a_bias_there_is_none(make):
    layer = built(make(3, use_bias=False), (4, 5, 2))
    assert [*layer.params] == ["kernel"]
    kernel, bias = layer.kernel_and_bias()
    assert bias.tolist() == [0, 0, 0]
    assert bias.dtype == kernel.dtype
    assert [*built(make(3), (4, 5, 2)).params] == ["kernel", "bias"]


def test_the_scores_before_a_softmax_use_the_same_parameters():
    layer = built(Dense(3, activation="softmax"), (2,), np.ones((2, 3)), [0, 1, 2])
    scores, x = layer.as_logits(), np.float32([[1, 2]])
    assert scores.params is layer.params
    assert scores.forward(x, False, None)[0].tolist() == [[3, 4, 5]]
    assert layer.forward(x, False, None)[0].sum() == pytest.approx(1)
    assert Dense(3, activation="relu").as_logits() is None


def test_operations_are_two_for_each_weight_and_place():
    assert built(Dense(3), (4,)).operations() == 2 * 12
    assert built(Conv2D(3, 2), (5, 6, 7)).operations() == 2 * (4 * 5) * (2 * 2 * 7 * 3)


def test_a_relu_shows_which_outputs_are_on():
    layer = built(Dense(2, activation="relu"), (1,), [[1, -1]], [0, 0])
    _, ctx = layer.forward(np.float32([[2]]), True, None)
    assert layer.activation_pattern(ctx)[0].tolist() == [[True, False]]
    assert Dense(2, activation="tanh").activation_pattern(ctx) == ()


def test_a_subclass_that_says_nothing_is_told_what_it_lacks():
    layer = Affine(None, True, "zeros", "zeros")
    with pytest.raises(TypeError, match="Affine does not say what its outputs look at"):
        layer.seen_by(np.ones(3), (0,))
    with pytest.raises(TypeError, match="Affine does not say where its inputs go"):
        layer.users_of_input((3,), (2,), (0,))
    with pytest.raises(TypeError, match="Affine does not say where its weights are used"):
        layer.users_of_weight(np.ones(3), (2,), (0, 0))
    assert positions_of((2, 2), 5, 6).tolist() == [
        [0, 0, 5, 6],
        [0, 1, 5, 6],
        [1, 0, 5, 6],
        [1, 1, 5, 6],
    ]
