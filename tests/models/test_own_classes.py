"""Everything of a user's own in one model: it trains, is checked, saved, and goes on where it was loaded."""

import numpy as np
import pytest

import tinycnn
from tinycnn import activations, gradcheck, initializers, losses, optimizers
from tinycnn.layers import Dense, Input, Layer, ReLU, Softmax
from tinycnn.models import Sequential, load_model
from tinycnn.saving import register_keras_serializable
from tinycnn.utils import registration
from tinycnn.utils.errors import ModelFileError

RNG = np.random.default_rng(1)
X, Y = RNG.random((6, 3), dtype=np.float32), RNG.random((6, 2))


class Scale(Layer):
    """y = x · gamma · factor; it has its get_config as Keras's users write it."""

    weight_names = ("gamma",)

    def __init__(self, factor, **options):
        super().__init__(**options)
        self.factor = factor

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}

    def weight_shapes(self, input_shape):
        return {"gamma": input_shape[-1:]}

    def initial(self, name, shape, rng):
        return np.ones(shape, self.dtype)

    def forward(self, x, training, rng):
        return x * self.params["gamma"] * self.factor["of"], x

    def backward(self, dy, ctx, input_gradient=True):
        scaled = dy * self.factor["of"]
        return scaled * self.params["gamma"], {"gamma": (scaled * ctx).sum(axis=0)}


class Half(initializers.Initializer):
    """All 0.5, by default."""

    config_names = ("value",)

    def __init__(self, value=0.5):
        self.value = value

    def __call__(self, shape, dtype, rng):
        return np.full(shape, self.value, dtype)


class Squares(losses.Loss):
    """factor times the mean square."""

    config_names = ("factor", "name")

    def __init__(self, factor=1, name="squares"):
        super().__init__(name=name)
        self.factor = factor

    def target(self, y_true, y_pred):
        return np.asarray(y_true, y_pred.dtype)

    def forward(self, target, y_pred, from_logits):
        return self.factor * np.square(y_pred - target).mean(axis=-1), y_pred

    def backward(self, target, ctx, from_logits):
        return 2 * self.factor * (ctx - target) / target.dtype.type(target.size)


class Heavy(optimizers.Optimizer):
    """Steps along the sum of all gradients."""

    slot_names = ("sum",)

    def __init__(self, learning_rate=0.01, name="Heavy", **options):
        super().__init__(learning_rate, name, **options)

    def update(self, param, grad, slots):
        slots[0] += grad
        param -= self.learning_rate * slots[0]


def cube_backward(dy, x):
    return dy * 3 * x**2


cube = activations.ActivationFunction("cube", lambda x: x**3, cube_backward, needs_x=True)
OWN = {"Scale": Scale, "Half": Half, "Squares": Squares, "Heavy": Heavy, "cube": cube}


@pytest.fixture
def registered(monkeypatch):
    """Register everything, for one test."""
    monkeypatch.setattr(registration, "_OBJECTS", {})
    monkeypatch.setattr(registration, "_NAMES", {})
    for own in OWN.values():
        register_keras_serializable("mine")(own)


def net():
    layers = [
        Input((3,)),
        Scale({"of": 2.0}),
        Dense(2, activation=cube, kernel_initializer=Half(0.25)),
    ]
    model = Sequential(layers)
    model.compile(Heavy(0.02), Squares(3))
    model.fit(X, Y, epochs=2, verbose=0)
    return model


def goes_on(model, again):
    for each in (model, again):
        each.fit(X, Y, shuffle=False, verbose=0)  # else sums are rounded in another order
    for one, other in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert again.get_config() == model.get_config()
    assert again.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)
    assert again.optimizer.iterations == 3


def test_what_is_handed_over_comes_back(tmp_path):
    model, path = net(), tmp_path / "own.h5"
    model.save(path)
    goes_on(model, load_model(path, custom_objects=OWN))
    with pytest.raises(ModelFileError, match=r"'Scale'.*custom_objects"):
        load_model(path)
    rest = {name: own for name, own in OWN.items() if name not in ("Squares", "Heavy")}
    with pytest.warns(UserWarning, match="without loss, metrics and optimizer"):
        assert load_model(path, custom_objects=rest).optimizer is None


def test_what_is_registered_comes_back_by_itself(tmp_path, registered):
    model, path = net(), tmp_path / "own.h5"
    model.save(path)
    assert b"mine>Scale" in path.read_bytes()
    goes_on(model, load_model(path))


def test_gradients_of_own_classes_are_checked():
    assert all(row.good for row in gradcheck.check_model(net()))
    layer = net().layers[0]
    for each in (layer, Scale({"of": 3})):  # built, and not
        rows = gradcheck.check_layer(each, (3,))
        assert [(row.tensor.split("/")[-1], row.good) for row in rows] == [
            ("gamma", True),
            ("x", True),
        ]
    assert layer.dtype == "float32"


class Extra(Scale):
    """It makes a parameter that nobody moves."""

    def build(self, input_shape, rng):
        super().build(input_shape, rng)
        self.params["extra"] = np.ones(3, self.dtype)


@pytest.mark.parametrize(
    "use",
    [
        lambda layer: gradcheck.check_layer(layer, (3,)),
        lambda layer: trained(Sequential([Input((3,)), layer, Dense(2)])),
    ],
)
def test_a_gradient_that_is_missing_is_named(use):
    with pytest.raises(ValueError, match=r"backward must return .*\['gamma', 'extra'\].* extra"):
        use(Extra({"of": 1.0}))


def trained(model):
    model.compile("sgd", Squares())
    model.fit(X, Y, verbose=0)


def test_gradients_may_come_in_any_order():
    class Turned(Dense):
        def backward(self, dy, ctx, input_gradient=True):
            dx, grads = super().backward(dy, ctx, input_gradient)
            return dx, dict(reversed(grads.items()))

    assert all(row.good for row in gradcheck.check_layer(Turned(2), (3,)))


class Forgetful(Scale):
    """Its configuration does not make it again."""

    get_config = Layer.get_config


class Unwritable(Scale):
    """Its configuration holds an array."""

    def get_config(self):
        return {**super().get_config(), "factor": np.ones(2)}


class Nameless(Scale):
    """It does not say in which order its weights are."""

    weight_names = ()


@pytest.mark.parametrize(
    ("own", "words"),
    [
        (Forgetful, "get_config.*config_names"),
        (Unwritable, "get_config"),
        (Nameless, "weight_names"),
    ],
)
def test_what_could_not_be_loaded_again_is_not_saved(own, words, tmp_path):
    model = Sequential([Input((3,)), own({"of": 1.0})])
    with pytest.raises(ModelFileError, match=f"layer of the class {own.__name__}.*{words}"):
        model.save(tmp_path / "a.h5")
    assert list(tmp_path.iterdir()) == []


def test_a_layer_in_kerass_style_is_told_what_it_needs():
    class Keras(Layer):
        def call(self, x):
            return x

    with pytest.raises(TypeError, match=r"Keras is a layer in Keras's style.*forward.*backward"):
        Keras()


def test_a_subclass_of_sequential_is_saved_as_one(tmp_path):
    class Net(Sequential):
        pass

    Net([Input((3,)), Dense(2)]).save(tmp_path / "a.h5")
    assert type(load_model(tmp_path / "a.h5")) is Sequential


@pytest.mark.parametrize("cls", [ReLU, Softmax])
def test_the_activation_that_a_layer_stands_for_cannot_be_set(cls):
    model = Sequential([Input((3,)), cls()])
    before = model.predict(X, verbose=0)
    with pytest.raises(ValueError, match=f"activation of {cls.__name__} cannot be set.*'tanh'"):
        model.layers[0].activation = "tanh"
    model.layers[0].activation = cls.__name__.lower()
    np.testing.assert_array_equal(model.predict(X, verbose=0), before)


def test_custom_objects_are_checked():
    with pytest.raises(TypeError, match="custom_objects must be a dict"):
        tinycnn.load_model("none.h5", custom_objects=[Scale])


class Broken(Dense):
    """It cannot be made of a file."""

    @classmethod
    def from_config(cls, config):
        raise ZeroDivisionError("boom")


def test_an_own_class_that_cannot_be_made_tells_its_error(tmp_path):
    whole = type("Whole", (Dense,), {})
    Sequential([Input((3,)), whole(2)]).save(tmp_path / "a.keras")
    words = r"makes no model \(ZeroDivisionError: boom\)\. Build its model and call"
    with pytest.raises(ModelFileError, match=words):
        load_model(tmp_path / "a.keras", {"Whole": Broken})
