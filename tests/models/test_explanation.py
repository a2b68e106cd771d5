"""Every number of a model explained, forward and backward, against the model's own numbers."""

import numpy as np
import pytest

from tests.support.explained import result_of
from tests.support.nets import IMAGES, X, Y, conv, dense
from tinycnn import Sequential, pretrained, utils
from tinycnn.layers import (
    AveragePooling2D,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Input,
    LeakyReLU,
    MaxPooling2D,
    Softmax,
)
from tinycnn.layers.weights import named_weights
from tinycnn.models.explanation import FromLoss

CLASSES = 10


def classic():
    """The net of the README, with fewer filters."""
    return [
        Input((28, 28, 1)),
        *(Conv2D(4, 3, activation="relu"), Conv2D(6, 3, activation="relu"), MaxPooling2D()),
        *(Dropout(0.25), Flatten(), Dense(16, activation="relu"), Dropout(0.5)),
        Dense(CLASSES, activation="softmax"),
    ]


def lenet():
    """LeNet-5 with tanh and average pooling, and its softmax as a layer."""
    return [
        Conv2D(6, 5, padding="same", activation="tanh", input_shape=(28, 28, 1)),
        *(AveragePooling2D(), Conv2D(16, 5, activation="tanh"), AveragePooling2D(), Flatten()),
        *(Dense(120, activation="tanh"), Dense(84), LeakyReLU(), Dense(CLASSES), Softmax()),
    ]


def compiled(layers, loss="sparse_categorical_crossentropy"):
    utils.set_random_seed(4)
    model = Sequential(layers)
    model.compile("sgd", loss)
    rng = np.random.default_rng(1)
    model.set_weights([w + rng.normal(size=w.shape) * 0.05 for w in model.get_weights()])
    return model


@pytest.fixture(params=["classic", "lenet", "bundled"], scope="module")
def net(request):
    """A model, and a picture of its own size with its label."""
    if request.param == "bundled":
        model = pretrained.load()
        model.compile("sgd", "sparse_categorical_crossentropy")
    else:
        model = compiled({"classic": classic, "lenet": lenet}[request.param]())
    rng = np.random.default_rng(2)
    return model, rng.random((28, 28, 1)).astype(np.float32), 3


def positions(shape, count, seed=0):
    """Return corners and random positions of an array."""
    rng = np.random.default_rng(seed)
    inner = [tuple(rng.integers(size) for size in shape) for _ in range(count)]
    return [(0,) * len(shape), tuple(size - 1 for size in shape), *inner]


def test_every_layers_outputs_are_explained(net):
    model, x, _ = net
    values = [x, *(output[0] for output in model.activations(x[None]))]
    for layer, source, y in zip(model.layers, values, values[1:], strict=False):
        for position in positions(y.shape, 6):
            told = model.explain(x, layer.name, position)
            assert told.value == y[position]
            assert result_of(told, layer, source) == pytest.approx(told.value, rel=1e-5, abs=1e-5)


def test_every_activations_gradient_is_explained(net):
    model, x, label = net
    gradients = model.activation_gradients(x[None], [label])
    outputs = model.activations(x[None])
    assert [g.shape for g in gradients] == [y.shape for y in outputs]
    for layer, gradient in zip(model.layers, gradients, strict=True):
        scale = float(np.abs(gradient).max())
        for position in positions(gradient.shape[1:], 6):
            told = model.explain_gradient(x, label, layer, position)
            assert told.what in ("dL/dx", "dL/dy")
            assert told.value == pytest.approx(gradient[0][position], rel=1e-5, abs=1e-5 * scale)


def test_every_weights_gradient_is_explained(net):
    model, x, label = net
    for name, gradient in model.gradients(x[None], np.array([label])).items():
        scale = float(np.abs(gradient).max())
        assert scale > 0
        largest = np.unravel_index(np.abs(gradient).argmax(), gradient.shape)
        for position in [*positions(gradient.shape, 4), largest]:
            told = model.explain_weight_gradient(x, label, name, position)
            assert told.value == pytest.approx(gradient[position], rel=1e-4, abs=1e-5 * scale)


# --- against differences -----------------------------------------------------------------------------


def small(last):
    """Return a small model in float64, its layers behind the first convolution, and one labelled sample."""
    layers = [
        Input((5, 5, 2)),
        Conv2D(3, 3, padding="same", activation="tanh", dtype="float64"),
        AveragePooling2D((3, 2), strides=2, padding="same", dtype="float64"),
        MaxPooling2D(2, strides=1, dtype="float64"),
        Flatten(dtype="float64"),
        *last,
    ]
    model = compiled(layers)
    return model, np.random.default_rng(3).normal(size=(1, 5, 5, 2)), np.array([1])


ENDS = {
    "dense": lambda: [Dense(3, activation="softmax", dtype="float64")],
    "softmax": lambda: [Dense(3, dtype="float64"), Softmax(dtype="float64")],
    "sigmoid": lambda: [Dense(3, activation="sigmoid", dtype="float64")],
}


def loss_behind(model, index, y, label):
    """Return the loss, given the output of a layer."""
    for layer in model.layers[index + 1 :]:
        y, _ = layer.forward(y, False, None)
    loss = model.objective.loss
    return loss.forward(loss.target(label, y), y, False)[0].mean()


@pytest.mark.parametrize("end", ENDS)
def test_activation_gradients_are_slopes_of_the_loss(end):
    model, x, label = small(ENDS[end]())
    gradients, outputs = model.activation_gradients(x, label), model.activations(x)
    for index, (y, gradient) in enumerate(zip(outputs, gradients, strict=True)):
        for position in positions(y.shape, 5):
            step = np.zeros_like(y)
            step[position] = 1e-6
            above, below = (loss_behind(model, index, y + sign * step, label) for sign in (1, -1))
            slope = (above - below) / 2e-6
            assert gradient[position] == pytest.approx(slope, rel=1e-6, abs=1e-8)
            told = model.explain_gradient(x, label, index, position[1:])
            assert told.value == pytest.approx(slope, rel=1e-6, abs=1e-8)


def test_weight_gradients_are_slopes_of_the_loss():
    model, x, label = small(ENDS["dense"]())
    params = named_weights(model.layers)
    assert len(params) == 4
    for name, param in params.items():
        for position in positions(param.shape, 5):
            told = model.explain_weight_gradient(x, label, name, position)
            losses, kept = [], param[position]
            for sign in (1, -1):
                param[position] = kept + sign * 1e-6
                losses.append(loss_behind(model, -1, x, label))
            param[position] = kept
            assert told.value == pytest.approx((losses[0] - losses[1]) / 2e-6, rel=1e-6, abs=1e-8)
            assert told.layer.startswith(name.partition("/")[0])


def test_activation_gradients_of_many_samples_are_those_of_the_mean_loss():
    model = conv()
    together = model.activation_gradients(IMAGES, Y)
    alone = [model.activation_gradients(IMAGES[i : i + 1], Y[i : i + 1]) for i in range(10)]
    for place, gradient in enumerate(together):
        expected = np.concatenate([one[place] for one in alone]) / 10
        np.testing.assert_allclose(gradient, expected, 1e-4, 1e-6)
    together[1][...] = 0  # dropout hands back the very array that it was given
    assert together[2].any()


# --- how a model is asked ----------------------------------------------------------------------------


def test_a_pixel_of_the_input_is_explained_too():
    for layers in (classic(), lenet()):
        model = compiled(layers)
        x = np.random.default_rng(0).random((28, 28)).astype(np.float32)
        told = model.explain(x, "input_layer", (3, 4, 0))
        assert told.value == x[3, 4]
        assert "a number of the sample itself" in str(told)
        told = model.explain_gradient(x, 1, "input_layer", (3, 4, 0))
        assert told.layer.startswith("conv2d ")
        with pytest.raises(ValueError, match="The input layer has no parameters"):
            model.explain_weight_gradient(x, 1, "input_layer/kernel", (0,))


def test_a_layer_by_name_index_or_itself():
    model = dense()
    texts = {str(model.explain(X[0], which, 2)) for which in ("dense_1", 1, -1, model.layers[1])}
    assert len(texts) == 1
    for wrong in ("dense_9", 2, Dense(3), None, 1.0, True):
        with pytest.raises(ValueError, match=r"layer|index"):
            model.explain(X[0], wrong, 2)


def test_a_sample_with_or_without_its_axis_and_its_label_alike():
    model, hot = dense(), dense("categorical_crossentropy")
    asked = [
        model.explain_gradient(X[0], 2, "dense", 1),
        model.explain_gradient(X[:1], [2], "dense", 1),
        hot.explain_gradient(X[0], [0, 0, 1], "dense", 1),
        hot.explain_gradient(X[:1], [[0, 0, 1]], "dense", 1),
    ]
    assert len({str(told) for told in asked}) == 1
    with pytest.raises(ValueError, match=r"One sample can be explained at a time. Received: 2"):
        model.explain(X[:2], "dense", 1)
    with pytest.raises(RuntimeError, match="Compile the model first"):
        Sequential([Input((4,)), Dense(3)]).explain_gradient(X[0], 1, "dense", 0)


@pytest.mark.parametrize("end", ["dense", "softmax"])
def test_the_last_gradient_comes_from_the_loss(end):
    model, x, label = small(ENDS[end]())
    p = model.predict(x, verbose=0)[0]
    told = model.explain_gradient(x, label, -1, (1,))
    assert isinstance(told, FromLoss)
    assert (told.prediction, told.target) == (p[1], 1)
    assert told.dz == pytest.approx(p[1] - 1)
    if end == "softmax":
        told = model.explain_gradient(x, label, -2, (1,))
        assert told.value == pytest.approx(p[1] - 1)
        assert told.layer == "dense (Dense)"


def test_a_certain_mistake_still_has_a_gradient():
    """Behind the softmax the probability is 0 and the loss is flat; before it, it is not."""
    model = Sequential([Input((2,)), Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.set_weights([[[200, -200], [0, 0]], [0, 0]])
    x = np.float32([1, 0])
    expected = model.gradients(x[None], np.array([1]))["dense/kernel"][0, 1]
    assert expected == -1
    assert model.explain_weight_gradient(x, 1, "dense/kernel", (0, 1)).value == expected
