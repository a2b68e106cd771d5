"""What layers share when they explain: a default that says so, and positions that are not there."""

import numpy as np
import pytest

from tests.support.explained import case
from tinycnn import layers
from tinycnn.layers import Dense, Layer
from tinycnn.layers.explanation import Explanation


class Reverse(Layer):
    """The numbers of the last axis in reverse order, times a weight: no explanation of its own."""

    def weight_shapes(self, input_shape):
        return {"gamma": input_shape[-1:]}

    def initial(self, name, shape, rng):
        return np.arange(1, shape[0] + 1, dtype=self.dtype)

    def forward(self, x, training, rng):
        return x[..., ::-1] * self.params["gamma"], x

    def backward(self, dy, ctx, input_gradient=True):
        # forward: y = reversed x · gamma
        dgamma = (dy * ctx[..., ::-1]).reshape(-1, dy.shape[-1]).sum(axis=0)
        return (dy * self.params["gamma"])[..., ::-1], {"gamma": dgamma}


def test_a_layer_without_an_explanation_says_so():
    layer, x, y, dy = case(Reverse, {}, (3,))
    told = layer.explain(x, y, (1,))
    assert type(told) is Explanation
    assert str(told).splitlines()[1] == "  Reverse brings no explanation of its own."
    dx, grads = layer.backward(dy[None], x[None])
    assert layer.explain_input_gradient(x, y, dy, (2,)).value == dx[0, 2]
    assert layer.explain_weight_gradient(x, y, dy, "gamma", (2,)).value == grads["gamma"][2]


@pytest.mark.parametrize("wrong", [(), (3,), (-1,), (0, 0), "a", None, (0.0,), (True,), [[0]]])
@pytest.mark.parametrize("name", sorted(set(layers.CLASSES) - {"Conv2D"}))
def test_a_position_that_is_not_there(name, wrong):
    cls = layers.CLASSES[name]
    arguments, shape = cls.examples[0]
    layer, x, y, dy = case(cls, arguments, shape)
    axes = (0,) * (y.ndim - 1)
    wrong = (*axes, *(y.shape[-1:] if wrong == (3,) else wrong)) if type(wrong) is tuple else wrong
    with pytest.raises(ValueError, match=r"position must .*Received"):
        layer.explain(x, y, wrong)
    if y.shape == x.shape:
        with pytest.raises(ValueError, match=r"position must .*Received"):
            layer.explain_input_gradient(x, y, dy, wrong)


@pytest.mark.parametrize("wrong", ["gamma", None, 3])
def test_a_weight_that_is_not_there(wrong):
    layer, x, y, dy = case(Dense, {"units": 2}, (3,))
    with pytest.raises(ValueError, match=r"has \['kernel', 'bias'\]. Received"):
        layer.explain_weight_gradient(x, y, dy, wrong, (0, 0))
    with pytest.raises(ValueError, match=r"position must lie in the shape \(3, 2\)"):
        layer.explain_weight_gradient(x, y, dy, "kernel", (0, 2))
