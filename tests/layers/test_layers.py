"""What holds of every layer: the shapes it promises, what it leaves alone, an example in its docstring."""

import numpy as np
import pytest

from tests.support.layer_calls import built, forward
from tests.support.layer_examples import every_example
from tinycnn import layers
from tinycnn.layers import (
    AveragePooling2D,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPooling2D,
    Softmax,
)


def test_no_layer_is_without_a_worked_example():
    """In its docstring, at least, where it is run."""
    assert [name for name, cls in layers.CLASSES.items() if ">>>" not in (cls.__doc__ or "")] == []


@pytest.mark.parametrize(
    ("layer", "shape", "wanted"),
    [
        (Conv2D(8, 3), (28, 28, 1), (26, 26, 8)),
        (Conv2D(8, (5, 3)), (28, 28, 1), (24, 26, 8)),
        (Conv2D(8, 3, padding="same"), (28, 27, 1), (28, 27, 8)),
        (Conv2D(8, 3, padding="SAME", strides=2), (28, 27, 1), (14, 14, 8)),
        (Conv2D(8, 3, strides=(2, 5)), (28, 28, 1), (13, 6, 8)),
        (Conv2D(8, 2, strides=9), (4, 4, 1), (1, 1, 8)),
        (Conv2D(8, 4), (4, 4, 3), (1, 1, 8)),
        (MaxPooling2D(), (27, 26, 4), (13, 13, 4)),
        (MaxPooling2D(padding="same"), (27, 26, 4), (14, 13, 4)),
        (AveragePooling2D(3, strides=1), (6, 7, 4), (4, 5, 4)),
        (AveragePooling2D((1, 7)), (6, 7, 4), (6, 1, 4)),
        (Dense(9), (5,), (9,)),
        (Dense(9), (4, 5), (4, 9)),
        (Flatten(), (4, 5, 6), (120,)),
        (Flatten(), (5,), (5,)),
        (Dropout(0.5), (4, 5), (4, 5)),
        (Softmax(), (4, 5), (4, 5)),
    ],
    ids=lambda value: str(value) if isinstance(value, tuple) else type(value).__name__,
)
@pytest.mark.parametrize("samples", [0, 1, 5])
def test_the_promised_shape_is_the_real_one(layer, shape, wanted, samples):
    fresh = type(layer)(**layer.get_config())
    assert fresh.compute_output_shape((None, *shape)) == (None, *wanted)
    y, ctx = forward(fresh, np.ones((samples, *shape)), training=True)
    assert y.shape == (samples, *wanted)
    assert y.dtype == np.float32
    dx, grads = fresh.backward(np.ones_like(y), ctx)
    assert dx.shape == (samples, *shape)
    shapes = fresh.weight_shapes((None, *shape))
    assert {name: grad.shape for name, grad in grads.items()} == {
        name: shapes[name] for name in fresh.gradient_names
    }
    assert all(np.isfinite(grad).all() for grad in grads.values())


@every_example
def test_the_examples_keep_the_promises_of_their_layer(cls, arguments, shape):
    layer = built(cls(**arguments), shape)
    names = list(layer.params)
    assert tuple(names) == cls.weight_names_of(layer.get_config())[: len(names)]
    assert {name: w.shape for name, w in layer.params.items()} == layer.weight_shapes(
        (None, *shape)
    )
    x = np.random.default_rng(0).normal(size=(2, *shape)).astype(np.float32)
    x.flags.writeable = False
    before = layer.get_weights()
    y, ctx = layer.forward(x, True, np.random.default_rng(0))
    assert (y.dtype, y.shape[1:]) == (np.float32, layer.output_shape[1:])
    dy = np.ones_like(y)
    dy.flags.writeable = False
    dx, grads = layer.backward(dy, ctx)
    assert (dx.dtype, dx.shape) == (x.dtype, x.shape)
    assert list(grads) == [name for name in names if name not in cls.state_names]
    assert all(map(np.array_equal, before, layer.get_weights()))


def test_the_backward_step_may_leave_out_the_gradient_by_the_input():
    for layer, shape in ((Conv2D(2, 2), (3, 3, 1)), (Dense(2), (3,))):
        y, ctx = forward(layer, np.ones((1, *shape)))
        dx, grads = layer.backward(np.ones_like(y), ctx, input_gradient=False)
        assert dx is None
        assert set(grads) == {"kernel", "bias"}


def test_forward_and_backward_change_nothing_they_are_given():
    for layer in (
        Conv2D(2, 2, activation="relu"),
        MaxPooling2D(),
        AveragePooling2D(),
        Dropout(0.5),
    ):
        x = np.random.default_rng(0).normal(size=(2, 4, 4, 3)).astype(np.float32)
        x.flags.writeable = False
        built(layer, x.shape[1:])
        before = layer.get_weights()
        y, ctx = layer.forward(x, True, np.random.default_rng(0))
        dy = np.ones_like(y)
        dy.flags.writeable = False
        layer.backward(dy, ctx)
        assert all(np.array_equal(a, b) for a, b in zip(before, layer.get_weights(), strict=True))


@every_example
@pytest.mark.parametrize("training", [False, True])
def test_a_nan_comes_out_again(cls, arguments, shape, training):
    layer = built(cls(**arguments), shape)
    x = np.ones((2, *shape), np.float32)
    x[1] = np.nan
    y, _ = layer.forward(x, training, np.random.default_rng(1))
    assert np.isnan(y[1]).any()
    of_batch = training and layer.state_names  # then one sample is seen in all
    assert np.isnan(y[0]).any() == bool(of_batch)
