"""Nets whose neighbours run as one step against the same nets, layer by layer.

As long as both convolve the same way, forward steps are the same to the last bit, and so is everything
without pooling. Gradients behind a pooling are summed in another order: within 1e-5 of the norm; means, too:
within 1e-6.
"""

import numpy as np
import pytest

from tests.support import algorithms
from tinycnn import ops, utils
from tinycnn.layers import (
    Activation,
    AveragePooling2D,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Input,
    MaxPooling2D,
    ReLU,
)
from tinycnn.models import Sequential, plan
from tinycnn.models.fusion import ConvolutionAveragePooling, ConvolutionReLU, ConvolutionReLUPooling
from tinycnn.models.plan import Step
from tinycnn.ops import reference
from tinycnn.optimizers import SGD

kernels = ops.implementation()


@pytest.fixture
def rng():
    return np.random.default_rng(9)


def assert_close(actual, wanted, bound):
    for one, other in zip(actual, wanted, strict=True):
        assert np.linalg.norm(one - other) <= bound * np.linalg.norm(other)


NETS = {  # layers, the steps that they become
    "convolution, ReLU": (
        lambda: [Conv2D(5, 3, activation="relu")],
        [ConvolutionReLU],
    ),
    "the ReLU a layer": (
        lambda: [Conv2D(5, 3, use_bias=False), Activation("relu")],
        [ConvolutionReLU],
    ),
    "two convolutions": (
        lambda: [Conv2D(9, 3, activation="relu", padding="same"), Conv2D(10, 3, strides=2), ReLU()],
        [ConvolutionReLU, ConvolutionReLU],
    ),
    "pooling and dropout": (
        lambda: [Conv2D(6, 3, activation="relu"), MaxPooling2D(), Dropout(0.25)],
        [ConvolutionReLUPooling],
    ),
    "all of them layers": (
        lambda: [
            Conv2D(6, (2, 3)),
            ReLU(),
            MaxPooling2D((2, 3)),
            Dropout(0.5, seed=3),
            Dropout(0.5),
        ],
        [ConvolutionReLUPooling, Step],
    ),
    "pooling twice": (
        lambda: [
            *(Conv2D(4, 3, activation="relu"), MaxPooling2D(2)),
            *(Conv2D(5, 3, activation="relu"), MaxPooling2D(3), Dropout(0.0)),
        ],
        [ConvolutionReLUPooling, ConvolutionReLUPooling],
    ),
    "everything dropped": (
        lambda: [Conv2D(6, 3, activation="relu"), MaxPooling2D(), Dropout(1.0)],
        [ConvolutionReLUPooling],
    ),
    "windows overlap": (
        lambda: [Conv2D(4, 3, activation="relu"), MaxPooling2D(3, strides=2)],
        [ConvolutionReLU, Step],
    ),
    "the pooling is padded": (
        lambda: [Conv2D(4, 3, activation="relu"), MaxPooling2D(3, padding="same"), Dropout(0.5)],
        [ConvolutionReLU, Step, Step],
    ),
    "pooling of means": (
        lambda: [Conv2D(4, 3, activation="relu"), AveragePooling2D()],
        [ConvolutionAveragePooling],
    ),
    "pooling of means, tanh": (
        lambda: [Conv2D(6, 5, activation="tanh", padding="same"), AveragePooling2D((2, 3))],
        [ConvolutionAveragePooling],
    ),
    "pooling of means, tanh a layer": (
        lambda: [Conv2D(17, 3, strides=2), Activation("tanh"), AveragePooling2D(2), Dropout(0.5)],
        [ConvolutionAveragePooling, Step],
    ),
    "overlapping windows of means": (
        lambda: [Conv2D(4, 3, activation="relu"), AveragePooling2D(3, strides=2)],
        [ConvolutionReLU, Step],
    ),
    "means, and an activation that is not fused": (
        lambda: [Conv2D(4, 3, activation="sigmoid"), AveragePooling2D()],
        [Step, Step],
    ),
    "no ReLU": (lambda: [Conv2D(4, 3), MaxPooling2D(), Dropout(0.5)], [Step, Step, Step]),
    "another activation": (
        lambda: [Conv2D(4, 3, activation="tanh"), ReLU(), MaxPooling2D()],
        [Step, Step, Step],
    ),
    "the ReLU behind the pooling": (lambda: [Conv2D(4, 3), MaxPooling2D(), ReLU()], [Step] * 3),
    "pooling first": (
        lambda: [MaxPooling2D(), Dropout(0.25), Conv2D(4, 3, activation="relu"), Dropout(0.5)],
        [Step, Step, ConvolutionReLU, Step],
    ),
    "ReLU twice": (
        lambda: [Conv2D(4, 3, activation="relu"), ReLU(), MaxPooling2D()],
        [ConvolutionReLU, Step, Step],
    ),
}


def net(name, eagerly, classes=3, dtype="float32"):
    utils.set_random_seed(4)
    layers = [*NETS[name][0](), Flatten(), Dense(classes, activation="softmax")]
    for layer in layers:
        layer.dtype = dtype
    model = Sequential([Input((13, 14, 3)), *layers])
    model.compile(SGD(0.1, 0.9), "sparse_categorical_crossentropy", run_eagerly=eagerly)
    return model


def both(name):
    return net(name, False), net(name, True)


def samples(rng, count=21):
    return rng.standard_normal((count, 13, 14, 3)).astype(np.float32), np.arange(count) % 3


def pooled(name):
    return {ConvolutionReLUPooling, ConvolutionAveragePooling} & {*NETS[name][1]}


def compare(actual, wanted, name):
    """Compare to the last bit, or, behind a pooled convolution with Numba, within 1e-5 of the norm."""
    if pooled(name) and kernels is not reference:
        assert_close(actual, wanted, 1e-5)
    else:
        assert [one.tobytes() for one in actual] == [other.tobytes() for other in wanted]


@pytest.mark.parametrize("name", NETS)
def test_the_plan_fuses_what_it_says_and_loses_no_layer(name):
    for model, kinds in zip(
        both(name), (NETS[name][1], [Step] * len(NETS[name][0]())), strict=True
    ):
        steps = model.objective.steps
        assert [type(step) for step in steps] == [*kinds, Step, Step]
        ran = [layer for step in steps for layer in getattr(step, "layers", None) or [step.layer]]
        assert ran[:-1] == model.layers[:-1]  # the last one is without its softmax
    assert [type(step) for step in plan.plan(model.layers)] == [*NETS[name][1], Step, Step]
    assert {type(step) for step in plan.plan(model.layers, fuse=False)} == {Step}


@pytest.mark.parametrize("name", NETS)
def test_predictions_and_dropout_are_the_same_bits(name, rng, directly):
    fused, plain = both(name)
    x, _ = samples(rng)
    for training in (False, True):
        outputs = [
            plan.forward(model.objective.steps, x, training, np.random.default_rng(2))[0]
            for model in (fused, plain)
        ]
        if ConvolutionAveragePooling in NETS[name][1]:  # it adds up a window's rows first
            assert_close(outputs[:1], outputs[1:], 1e-6)
        else:
            assert outputs[0].tobytes() == outputs[1].tobytes()


@pytest.mark.parametrize("name", NETS)
def test_three_steps_of_training_lead_to_the_same_weights(name, rng, directly):
    fused, plain = both(name)
    before = fused.get_weights()
    data = samples(rng)
    for model in (fused, plain):
        utils.set_random_seed(5)
        model.fit(*data, batch_size=7, epochs=1, verbose=0)
    compare(fused.get_weights(), plain.get_weights(), name)
    assert not any(map(np.array_equal, before[-1:], fused.get_weights()[-1:]))


@pytest.mark.parametrize("name", NETS)
def test_gradients_by_weights_and_by_the_input_are_the_same(name, rng, directly):
    fused, plain = both(name)
    x, y = samples(rng, 9)
    actual, wanted = fused.gradients(x, y), plain.gradients(x, y)
    assert list(actual) == list(wanted)
    compare(actual.values(), wanted.values(), name)
    eager = plan.plan(plain.layers, logits=True, fuse=False)
    scores, tape = plan.forward(eager, x, False, None)
    dscores = np.zeros_like(scores)
    dscores[:, 1] = 1
    compare([fused.input_gradient(x, 1)], [plan.backward(eager, dscores, tape)[0]], name)


def test_with_winograd_three_steps_stay_close(rng, monkeypatch):
    monkeypatch.setitem(
        NETS,
        "wide",
        (
            lambda: [
                Conv2D(16, 3, activation="relu", padding="same"),
                *(Conv2D(17, 3, activation="relu"), MaxPooling2D(3), Dropout(0.25)),
            ],
            [ConvolutionReLU, ConvolutionReLUPooling],
        ),
    )
    algorithms.set_winograd(monkeypatch, algorithms.always)
    test_three_steps_of_training_lead_to_the_same_weights("wide", rng, None)
