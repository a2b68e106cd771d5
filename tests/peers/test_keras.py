"""Keras does the same: shapes, names, predictions, losses, steps of training. Skipped without Keras."""

import itertools

import numpy as np
import pytest

import tinycnn
from tests.support.layer_examples import every_example, in_a_model
from tests.support.peers import import_keras
from tinycnn.layers import AveragePooling2D

# Keras hands PyTorch's tensors to NumPy in a way that NumPy 2 warns of
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def keras():
    return import_keras()


@pytest.fixture
def rng():
    return np.random.default_rng(21)


def classic(peer):
    """Return the layers of the classic net, small, from tinycnn or Keras."""
    layers = peer.layers
    return [
        layers.Input((10, 10, 1)),
        layers.Conv2D(4, (3, 3), activation="relu"),
        layers.Conv2D(6, (3, 3), activation="relu"),
        layers.MaxPooling2D(pool_size=(2, 2)),
        layers.Dropout(0.0),
        layers.Flatten(),
        layers.Dense(16, activation="relu"),
        layers.Dropout(0.0),
        layers.Dense(10, activation="softmax"),
    ]


def strided(peer):
    """Return layers whose padding is uneven, with the activations as layers of their own."""
    layers = peer.layers
    return [
        layers.Input((10, 10, 1)),
        layers.Conv2D(5, (3, 2), strides=(2, 3), padding="same", use_bias=False),
        layers.Activation("tanh"),
        layers.AveragePooling2D(2, padding="same"),
        layers.Conv2D(3, 2, padding="same", activation="sigmoid"),
        layers.MaxPooling2D(2, strides=1, padding="same"),
        layers.ReLU(0.7, negative_slope=0.1, threshold=0.4),
        layers.Flatten(),
        layers.Dense(10),
        layers.Softmax(),
    ]


def normalized(peer):
    """Return layers with batch normalization, a frozen one among them, and what stands around it."""
    layers = peer.layers
    return [
        layers.Input((10, 10, 1)),
        layers.Rescaling(2.0, offset=-1.0),
        layers.ZeroPadding2D(((1, 0), (0, 2))),
        layers.Conv2D(6, 3, use_bias=False),
        layers.BatchNormalization(momentum=0.8),
        layers.LeakyReLU(),
        layers.Conv2D(8, 3, strides=2, activation="silu"),
        layers.BatchNormalization(trainable=False),
        layers.ELU(),
        layers.GlobalAveragePooling2D(keepdims=True),
        layers.Reshape((8,)),
        layers.Dense(12, activation="gelu"),
        layers.BatchNormalization(center=False, scale=False),
        layers.Dense(10, activation="softmax"),
    ]


NETS = {"classic": classic, "strided": strided, "normalized": normalized}


def pair_of_models(
    keras, net, rng, loss="categorical_crossentropy", optimizer="sgd", metrics=("accuracy",)
):
    """Return tinycnn's and Keras's model with the same weights, compiled alike.

    loss and optimizer are names, or functions that make one from the library.
    """
    keras.utils.clear_session()  # Keras counts the names of layers over all models
    ours, theirs = tinycnn.Sequential(net(tinycnn)), keras.Sequential(net(keras))
    weights = [(weight.path, rng.normal(scale=0.3, size=weight.shape)) for weight in theirs.weights]
    # Running variances are above 0.
    theirs.set_weights([np.abs(w) + 0.1 if "variance" in path else w for path, w in weights])
    ours.set_weights(theirs.get_weights())
    for peer, model in ((tinycnn, ours), (keras, theirs)):
        own = [part if isinstance(part, str) else part(peer) for part in (optimizer, loss)]
        model.compile(*own, metrics=list(metrics), run_eagerly=True)
    return ours, theirs


def samples(rng, count):
    """Return pictures (n, 10, 10, 1) and their classes (n,)."""
    return rng.random((count, 10, 10, 1), np.float32), rng.integers(10, size=count)


SIZES = [(8, 9), (12, 5)]
WINDOWS = [1, 2, (2, 3), 3, (5, 4)]
STRIDES = [1, 2, (2, 1), 3, (4, 5)]


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("kind", ["Conv2D", "MaxPooling2D", "AveragePooling2D"])
def test_shapes(keras, kind, padding):
    steps = STRIDES if kind == "Conv2D" else [*STRIDES, None]
    for size, window, strides in itertools.product(SIZES, WINDOWS, steps):
        arguments = (6, window) if kind == "Conv2D" else (window,)
        shapes = [
            getattr(peer.layers, kind)(
                *arguments, strides=strides, padding=padding
            ).compute_output_shape((None, *size, 3))
            for peer in (tinycnn, keras)
        ]
        assert shapes[0] == shapes[1], (size, window, strides)


@pytest.mark.parametrize("kind", ["Conv2D", "MaxPooling2D", "AveragePooling2D"])
def test_windows_that_do_not_fit_are_refused_by_both(keras, kind):
    for peer in (tinycnn, keras):
        arguments = (6, 5) if kind == "Conv2D" else (5,)
        layer = getattr(peer.layers, kind)(*arguments)
        with pytest.raises(ValueError):
            peer.Sequential([peer.layers.Input((4, 9, 1)), layer])


def test_shapes_of_flatten_and_dense(keras):
    for peer in (tinycnn, keras):
        assert peer.layers.Flatten().compute_output_shape((None, 3, 4, 5)) == (None, 60)
        assert peer.layers.Dense(7).compute_output_shape((None, 3, 4)) == (None, 3, 7)
        assert peer.layers.Dropout(0.5).compute_output_shape((None, 3, 4)) == (None, 3, 4)


@pytest.mark.parametrize("net", NETS)
def test_names_and_shapes_of_layers(keras, net, rng):
    ours, theirs = pair_of_models(keras, NETS[net], rng)
    assert [layer.name for layer in ours.layers] == [layer.name for layer in theirs.layers]
    assert ours.name == theirs.name
    assert ours.input_shape == theirs.input_shape
    assert ours.output_shape == theirs.output_shape
    assert ours.count_params() == theirs.count_params()
    for mine, other in zip(ours.layers, theirs.layers, strict=True):
        assert mine.output_shape == tuple(other.output.shape)
        assert mine.count_params() == other.count_params()
        assert [weight.shape for weight in mine.get_weights()] == [
            weight.shape for weight in other.get_weights()
        ]


@pytest.mark.parametrize("net", NETS)
def test_predictions(keras, net, rng):
    ours, theirs = pair_of_models(keras, NETS[net], rng)
    x, _ = samples(rng, 37)
    actual, wanted = ours.predict(x, verbose=0), theirs.predict(x, verbose=0)
    assert actual.dtype == wanted.dtype
    np.testing.assert_allclose(actual, wanted, rtol=0, atol=1e-5)


# Our files have LeakyReLU's name of Keras 2, which is the only one that Keras 2 knows.
@pytest.mark.filterwarnings("ignore:Argument `alpha` is deprecated:UserWarning")
@every_example
def test_the_examples_of_every_layer(keras, cls, arguments, shape, rng, tmp_path):
    """The same weights, the same predictions; each side's file opens on the other side."""
    if cls is AveragePooling2D and "padding" in arguments and keras.backend.backend() == "torch":
        pytest.skip("there Keras counts the padding with PyTorch, but not with TensorFlow")
    keras.utils.clear_session()
    ours, theirs = (in_a_model(peer, cls, arguments, shape) for peer in (tinycnn, keras))
    ours.set_weights([np.abs(rng.normal(size=weight.shape)) for weight in ours.weights])
    theirs.set_weights(ours.get_weights())
    ours.save(tmp_path / "ours.h5")
    theirs.save(tmp_path / "theirs.h5")
    x = rng.normal(size=(5, *shape)).astype(np.float32)
    wanted = theirs(x)  # not `predict`, which is compiled first
    swapped = (
        keras.models.load_model(tmp_path / "ours.h5", compile=False)(x),
        tinycnn.load_model(tmp_path / "theirs.h5").predict(x, verbose=0),
    )
    for actual in (ours.predict(x, verbose=0), *swapped):
        np.testing.assert_allclose(
            *map(keras.ops.convert_to_numpy, (actual, wanted)), rtol=1e-5, atol=1e-6
        )


@pytest.mark.parametrize("kind", ["MaxPooling2D", "AveragePooling2D"])
def test_pooling_at_uneven_edges(keras, kind, rng):
    if kind == "AveragePooling2D" and keras.backend.backend() == "torch":
        pytest.skip("there Keras counts the padding with PyTorch, but not with TensorFlow")
    x = rng.normal(size=(2, 9, 10, 3)).astype(np.float32)
    actual, wanted = (
        peer.Sequential(
            [
                peer.layers.Input((9, 10, 3)),
                getattr(peer.layers, kind)((3, 2), strides=(2, 1), padding="same"),
            ]
        ).predict(x, verbose=0)
        for peer in (tinycnn, keras)
    )
    np.testing.assert_allclose(actual, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("sparse", [False, True])
def test_evaluate(keras, net, sparse, rng):
    loss = "sparse_categorical_crossentropy" if sparse else "categorical_crossentropy"
    ours, theirs = pair_of_models(keras, NETS[net], rng, loss)
    x, y = samples(rng, 50)
    y = y if sparse else np.eye(10)[y]
    actual = ours.evaluate(x, y, batch_size=16, verbose=0)
    wanted = theirs.evaluate(x, y, batch_size=16, verbose=0)
    np.testing.assert_allclose(actual, wanted, rtol=1e-5)
    named = ours.evaluate(x, y, verbose=0, return_dict=True)
    assert named.keys() == theirs.evaluate(x, y, verbose=0, return_dict=True).keys()


OPTIMIZERS = {
    "adadelta": lambda peer: peer.optimizers.Adadelta(learning_rate=1.0),
    "sgd": lambda peer: peer.optimizers.SGD(0.1),
    "momentum": lambda peer: peer.optimizers.SGD(0.05, momentum=0.9),
    "nesterov": lambda peer: peer.optimizers.SGD(0.05, momentum=0.9, nesterov=True),
    "adam": lambda peer: peer.optimizers.Adam(),
}


@pytest.mark.parametrize(
    ("net", "optimizer"),
    # Every optimizer alone is in test_optimizers.py.
    [*(("classic", name) for name in OPTIMIZERS), ("strided", "adam"), ("normalized", "adadelta")],
)
def test_training_steps(keras, net, optimizer, rng):
    ours, theirs = pair_of_models(keras, NETS[net], rng, optimizer=OPTIMIZERS[optimizer])
    start = ours.get_weights()
    for _ in range(5):
        x, y = samples(rng, 12)
        values = ours.train_on_batch(x, np.eye(10)[y])
        theirs.reset_metrics()  # Keras goes on with the means of the last batch
        np.testing.assert_allclose(values, theirs.train_on_batch(x, np.eye(10)[y]), rtol=1e-4)
    frozen = [not layer.trainable for layer in ours.layers for _ in layer.params]
    weights = zip(ours.get_weights(), theirs.get_weights(), start, frozen, strict=True)
    for actual, wanted, before, fixed in weights:
        change = np.linalg.norm(wanted - before)
        assert (change == 0) == fixed
        assert np.linalg.norm(actual - wanted) <= 1e-4 * change


@pytest.mark.parametrize(
    ("name", "defaults"),
    [("SGD", {}), ("Adam", {}), ("Adadelta", {"learning_rate": 1.0})],  # Keras has 0.001 there
)
def test_defaults_of_optimizers(keras, name, defaults):
    theirs = getattr(keras.optimizers, name)(**defaults).get_config()
    ours = getattr(tinycnn.optimizers, name)().get_config()
    assert {key: value for key, value in ours.items() if key != "name"} == pytest.approx(
        {key: theirs[key] for key in ours if key != "name"}
    )


def test_label_smoothing_in_training(keras, rng):
    def loss(peer):
        return peer.losses.CategoricalCrossentropy(label_smoothing=0.2)

    ours, theirs = pair_of_models(keras, classic, rng, loss, metrics=())
    x, y = samples(rng, 12)
    start = ours.get_weights()
    wanted = theirs.train_on_batch(x, np.eye(10)[y])
    assert ours.train_on_batch(x, np.eye(10)[y]) == pytest.approx(wanted, rel=1e-5)
    for actual, wanted, before in zip(ours.get_weights(), theirs.get_weights(), start, strict=True):
        assert np.linalg.norm(actual - wanted) <= 1e-3 * np.linalg.norm(wanted - before)


@pytest.mark.parametrize("from_logits", [False, True])
@pytest.mark.parametrize("label_smoothing", [0.0, 0.1, 1.0])
def test_losses(keras, from_logits, label_smoothing, rng):
    y_pred = rng.uniform(0.01, 3, (9, 5)).astype(np.float32)
    y_pred[0] = [0, 0, 3, 0, 0]  # probabilities of 0 and 1
    one_hot = np.eye(5, dtype=np.float32)[[0, 1, 2, 3, 4, 2, 2, 1, 0]]
    arguments = one_hot, y_pred, from_logits, label_smoothing
    actual = tinycnn.losses.categorical_crossentropy(*arguments)
    wanted = keras.losses.categorical_crossentropy(*arguments)
    np.testing.assert_allclose(actual, keras.ops.convert_to_numpy(wanted), rtol=1e-5)


@pytest.mark.parametrize("from_logits", [False, True])
def test_losses_of_class_numbers(keras, from_logits, rng):
    y_pred = rng.dirichlet(np.ones(5), size=9).astype(np.float32)
    classes = rng.integers(5, size=9)
    actual = tinycnn.losses.sparse_categorical_crossentropy(classes, y_pred, from_logits)
    wanted = keras.losses.sparse_categorical_crossentropy(classes, y_pred, from_logits)
    np.testing.assert_allclose(actual, keras.ops.convert_to_numpy(wanted), rtol=1e-5)


def test_from_logits_in_a_model(keras, rng):
    def net(peer):
        return [peer.layers.Input((10, 10, 1)), peer.layers.Flatten(), peer.layers.Dense(10)]

    def loss(peer):
        return peer.losses.CategoricalCrossentropy(from_logits=True)

    ours, theirs = pair_of_models(keras, net, rng, loss, metrics=())
    x, y = samples(rng, 12)
    values = [model.evaluate(x, np.eye(10)[y], verbose=0) for model in (ours, theirs)]
    assert values[0] == pytest.approx(values[1], rel=1e-5)


@pytest.mark.parametrize("metric", ["accuracy", "acc", "categorical_accuracy"])
def test_history(keras, metric, rng):
    x, y = samples(rng, 24)
    histories = []
    for model in pair_of_models(keras, classic, rng, metrics=[metric]):
        histories.append(
            model.fit(
                x,
                np.eye(10)[y],
                batch_size=10,
                epochs=2,
                shuffle=False,
                validation_split=0.25,
                verbose=0,
            )
        )
    actual, wanted = histories
    assert actual.epoch == wanted.epoch
    assert actual.history.keys() == wanted.history.keys()
    for name, values in wanted.history.items():
        np.testing.assert_allclose(actual.history[name], values, rtol=1e-4)
    assert {name: actual.params[name] for name in ("epochs", "steps")} == {
        name: wanted.params[name] for name in ("epochs", "steps")
    }


def printed(model):
    """Return the lines of a model's summary."""
    texts = []
    model.summary(print_fn=lambda text, **options: texts.append(text))
    return "\n".join(texts).rstrip().splitlines()


def test_summary(keras, rng, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")  # Keras fits its table into the console
    models = pair_of_models(keras, classic, rng)
    actual, wanted = (printed(model) for model in models)
    assert actual == wanted
    assert capsys.readouterr().out == ""  # where `print_fn` is given, nothing is printed


def test_summary_after_training(keras, rng):
    ours, theirs = pair_of_models(keras, classic, rng, optimizer=OPTIMIZERS["adadelta"])
    x, y = samples(rng, 4)
    for model in (ours, theirs):
        model.train_on_batch(x, np.eye(10)[y])
    actual, wanted = ([line.split(":")[0] for line in printed(m)[-4:]] for m in (ours, theirs))
    assert actual == wanted
    assert actual[-1] == " Optimizer params"


@pytest.mark.parametrize(
    ("x", "classes"),
    [
        ([0, 2, 1], None),
        ([[0], [3]], 5),
        ([[0, 1], [1, 2]], 3),
        (np.array([1.0, 0.0]), None),
        (2, 4),
    ],
)
def test_to_categorical(keras, x, classes):
    actual = tinycnn.utils.to_categorical(x, classes)
    wanted = keras.utils.to_categorical(x, classes)
    np.testing.assert_array_equal(actual, wanted)
    assert actual.dtype == wanted.dtype


@pytest.mark.parametrize("name", sorted(tinycnn.activations.ACTIVATIONS))
def test_activations(keras, name, rng):
    x = np.float32([[-30.0, -2, -0.5, 0, 0.25, 1, 3, 40]])
    wanted = keras.ops.convert_to_numpy(getattr(keras.activations, name)(x))
    np.testing.assert_allclose(getattr(tinycnn.activations, name)(x), wanted, rtol=1e-5, atol=1e-6)

    def net(peer):
        first = [peer.layers.Input((10, 10, 1)), peer.layers.Flatten()]
        return [*first, peer.layers.Dense(10, activation=name), peer.layers.Dense(10)]

    ours, theirs = pair_of_models(
        keras, net, rng, lambda peer: peer.losses.CategoricalCrossentropy(from_logits=True)
    )
    start, (x, y) = ours.get_weights(), samples(rng, 12)
    for model in (ours, theirs):
        model.train_on_batch(x, np.eye(10)[y])
    for actual, wanted, before in zip(ours.get_weights(), theirs.get_weights(), start, strict=True):
        assert np.linalg.norm(actual - wanted) <= 1e-3 * np.linalg.norm(wanted - before)
