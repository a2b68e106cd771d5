"""Somebody's own layer that does not keep its word: named, with what it gave, never spread in silence."""

import numpy as np
import pytest

import tinycnn
from tinycnn.layers import Conv2D, Dense, Flatten, Input, Layer

X, Y = np.ones((5, 4), np.float32), np.eye(3)[[0, 1, 2, 0, 1]]


class Forward(Layer):
    """Its forward step gives whatever it is told to."""

    def __init__(self, make, **options):
        super().__init__(**options)
        self.make = make

    def forward(self, x, training, rng):
        return self.make(x), None

    def backward(self, dy, ctx, input_gradient=True):
        return dy, {}


class Backward(Forward):
    """Its backward step gives whatever it is told to."""

    def forward(self, x, training, rng):
        return x, None

    def backward(self, dy, ctx, input_gradient=True):
        return self.make(dy), {}


WRONG = {
    "one number a sample": (lambda x: x[:, :1], "float32 of shape (5, 1)"),
    "one sample": (lambda x: x[:1], "float32 of shape (1, 3)"),
    "one more axis": (lambda x: x[None], "float32 of shape (1, 5, 3)"),
    "float64": (lambda x: x.astype(np.float64), "float64 of shape (5, 3)"),
    "a list": (lambda x: x.tolist(), "list"),
    "nothing": (lambda x: None, "NoneType"),
}
USES = {
    "predict": lambda model: model.predict(X, verbose=0),
    "evaluate": lambda model: model.evaluate(X, Y, verbose=0),
    "fit": lambda model: model.fit(X, Y, verbose=0),
    "activations": lambda model: model.activations(X),
    "gradients": lambda model: model.gradients(X, Y),
    "activation_gradients": lambda model: model.activation_gradients(X, Y),
}


def model_with(layer):
    """Return a compiled model with the layer in its midst; a softmax would take any shape."""
    layers = [Input((4,)), Dense(3), layer, tinycnn.layers.Softmax()]
    model = tinycnn.Sequential(layers)
    model.compile("sgd", "categorical_crossentropy")
    return model


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("wrong", WRONG)
def test_a_forward_step_that_gives_something_else(wrong, use):
    make, received = WRONG[wrong]
    with pytest.raises(ValueError) as caught:
        USES[use](model_with(Forward(make, name="mine")))
    assert "Layer mine: forward must return float32 of shape (5, 3)" in str(caught.value)
    assert str(caught.value).endswith(f"Received from Forward.forward: {received}")


@pytest.mark.parametrize("use", ["fit", "gradients", "activation_gradients"])
@pytest.mark.parametrize("wrong", WRONG)
def test_a_backward_step_that_gives_something_else(wrong, use):
    make, received = WRONG[wrong]
    with pytest.raises(ValueError) as caught:
        USES[use](model_with(Backward(make, name="mine")))
    assert "Layer mine: backward must return float32 of shape (5, 3)" in str(caught.value)
    assert str(caught.value).endswith(f"Received from Backward.backward: {received}")


def test_the_last_layer_and_a_single_sample_too():
    model = tinycnn.Sequential([Input((4,)), Forward(lambda x: x[:, :1], name="mine")])
    with pytest.raises(ValueError, match=r"Layer mine: forward must return .* \(1, 4\)"):
        model.predict(X[:1], verbose=0)


IMAGES = np.random.default_rng(0).random((3, 9, 9, 1), np.float32)


def convolutional(activation, strides=1):
    """Return a compiled model whose first layers run as one step, with given weights."""
    layers = [
        Conv2D(3, 3, strides, activation=activation, input_shape=(9, 9, 1), name="c"),
        Flatten(),
    ]
    model = tinycnn.Sequential([*layers, Dense(2, activation="softmax", name="d")])
    model.compile("sgd", "categorical_crossentropy")
    return model


def same_weights(model, other):
    other.set_weights(model.get_weights())
    return other


def trained(model):
    model.train_on_batch(IMAGES, np.eye(2)[[0, 1, 0]])
    return model.get_weights()


@pytest.mark.parametrize("after", ["relu", "tanh", "sigmoid", None])
def test_an_activation_that_is_set_after_a_prediction_and_training(after):
    model = convolutional("tanh" if after == "relu" else "relu")
    before = model.predict(IMAGES, verbose=0)
    trained(model)
    model.get_layer("c").activation = after
    other = same_weights(model, convolutional(after))
    now = model.predict(IMAGES, verbose=0)
    np.testing.assert_array_equal(now, other.predict(IMAGES, verbose=0))
    assert np.abs(now - before).max() > 1e-6
    for weights, wanted in zip(trained(model), trained(other), strict=True):
        np.testing.assert_array_equal(weights, wanted)


def test_the_activation_of_the_last_layer_and_run_eagerly_set_later():
    model = convolutional("relu")
    trained(model)
    model.get_layer("d").activation = "tanh"
    assert model.objective.from_logits is False  # no softmax any more
    model.run_eagerly = True
    assert next(repr(step) for step in model.steps(training=True)) == "<Conv2D: c>"


def test_an_activation_that_is_none_is_refused_when_it_is_set():
    model = convolutional("relu")
    before = model.predict(IMAGES, verbose=0)
    with pytest.raises(ValueError, match="activation must be one of"):
        model.get_layer("c").activation = np.tanh
    np.testing.assert_array_equal(model.predict(IMAGES, verbose=0), before)


@pytest.mark.parametrize("option", [("strides", (2, 2)), ("padding", "same"), ("filters", 5)])
def test_an_option_that_makes_other_shapes_is_refused_once_the_layer_is_built(option):
    model = convolutional("relu")
    model.predict(IMAGES, verbose=0)
    setattr(model.get_layer("c"), *option)
    with pytest.raises(ValueError, match="Layer c was built for outputs of "):
        model.predict(IMAGES, verbose=0)


def test_replaced_parameters_are_not_called_another_model():
    model = convolutional("relu")
    trained(model)
    model.get_layer("d").params["bias"] = np.ones(2, np.float32)
    with pytest.raises(ValueError, match=r"arrays of this model that were replaced.*set_weights"):
        trained(model)
    model.compile("sgd", "categorical_crossentropy")
    trained(model)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("PReLU", "p_re_lu"),
        ("ELU", "elu"),
        ("Conv2DTranspose", "conv2d_transpose"),
        ("GlobalAveragePooling2D", "global_average_pooling2d"),
        ("MyOwnLayer", "my_own_layer"),
    ],
)
def test_the_name_of_an_own_layer_is_the_one_that_keras_gives(name, wanted):
    own = type(name, (Layer,), {"forward": lambda self, x, training, rng: (x, None)})
    model = tinycnn.Sequential([Input((4,)), own(), own()])
    assert [layer.name for layer in model.layers] == [wanted, f"{wanted}_1"]


@pytest.mark.parametrize(
    ("cls", "given", "missing"),
    [
        (Dense, (), "Dense.__init__() missing 1 required positional argument: 'units'"),
        (Conv2D, (3,), "Conv2D.__init__() missing 1 required positional argument: 'kernel_size'"),
        (
            tinycnn.layers.Dropout,
            (),
            "Dropout.__init__() missing 1 required positional argument: 'rate'",
        ),
    ],
)
def test_a_missing_argument_is_told_with_the_class_as_in_keras(cls, given, missing):
    with pytest.raises(TypeError) as caught:
        cls(*given)
    assert str(caught.value) == missing
