"""The plan: which steps run for which purpose, and gradients in the order of the layers."""

import numpy as np
import pytest

from tests.support.nets import IMAGES, conv
from tinycnn import activations
from tinycnn.models import plan
from tinycnn.models.fusion import ConvolutionReLUPooling
from tinycnn.models.plan import Step


def names(steps):
    return [type(step.layer).__name__ if type(step) is Step else "fused" for step in steps]


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({}, ["fused", "Flatten", "Dense"]),
        ({"fuse": False}, ["Conv2D", "MaxPooling2D", "Dropout", "Flatten", "Dense"]),
        ({"fuse": False, "prediction": True}, ["Conv2D", "MaxPooling2D", "Flatten", "Dense"]),
        ({"prediction": True}, ["fused", "Flatten", "Dense"]),
    ],
)
def test_which_steps_there_are(options, wanted):
    steps = plan.plan(conv().layers, **options)
    assert names(steps) == wanted
    if wanted[0] == "fused":
        assert type(steps[0]) is ConvolutionReLUPooling
        assert len(steps[0].layers) == (2 if "prediction" in options else 3)


def test_scores_leave_the_last_softmax_out_and_the_model_as_it_is():
    model = conv()
    last = plan.plan(model.layers, logits=True)[-1].layer
    assert last.activation is activations.linear
    assert last.params is model.layers[-1].params
    assert model.layers[-1].activation is activations.softmax
    assert plan.plan([], logits=True) == []


def test_gradients_come_in_the_order_of_the_layers():
    layers = conv().layers
    results = []
    for fuse in (True, False):
        steps = plan.plan(layers, logits=True, fuse=fuse)
        y, tape = plan.forward(steps, IMAGES, False, None)
        dx, grads = plan.backward(steps, np.ones_like(y), tape)
        assert [[*g] for g in grads] == [[*layer.params] for layer in layers]
        results.append([y, dx, *(array for g in grads for array in g.values())])
        nothing, same = plan.backward(steps, np.ones_like(y), tape, input_gradient=False)
        assert fuse is False or nothing is None
        assert np.array_equal(same[0]["kernel"], grads[0]["kernel"])
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
