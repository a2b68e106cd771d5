"""Keras does the same: losses, metrics and their names, penalties, files both ways. Skipped without Keras."""

import warnings

import numpy as np
import pytest

import tinycnn
from tests.support.peers import import_keras

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
RNG = np.random.default_rng(11)
X = RNG.standard_normal((12, 5)).astype(np.float32)
CLASSES = RNG.integers(3, size=12)
ONE_HOT, NUMBERS = np.eye(3, dtype=np.float32)[CLASSES], RNG.random((12, 3), np.float32)
YES = (RNG.random((12, 1)) > 0.5).astype(np.float32)
LABELS = {"one-hot": ONE_HOT, "numbers": NUMBERS, "classes": CLASSES, "yes": YES, "flat": YES[:, 0]}


@pytest.fixture(scope="module")
def keras():
    return import_keras()


@pytest.fixture(scope="module")
def tf_keras():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("tf_keras", reason="tf_keras is not installed")


def net(peer, end, units=3, **options):
    """Return a model, from tinycnn or Keras."""
    layers = peer.layers
    first = layers.Dense(6, activation="tanh", **{k: make(peer) for k, make in options.items()})
    parts = [
        layers.Input((5,)),
        first,
        layers.BatchNormalization(),
        layers.Dense(units, activation=end),
    ]
    return peer.Sequential(parts)


def pair(keras, end, loss, metrics=(), units=3, **options):
    """Return (ours, theirs) with equal weights, compiled alike; functions make their part from a library."""
    models = []
    for peer in (tinycnn, keras):
        model = net(peer, end, units, **options)
        told = [loss, *metrics]
        loss_, *given = [part(peer) if callable(part) else part for part in told]
        model.compile(peer.optimizers.SGD(0.2), loss_, metrics=given, run_eagerly=True)
        models.append(model)
    rng = np.random.default_rng(5)
    models[0].set_weights([rng.uniform(0.1, 0.6, w.shape) for w in models[0].get_weights()])
    models[1].set_weights(models[0].get_weights())
    return models


def assert_five_steps_agree(ours, theirs, y):
    """Losses of each step within 1e-5, and after five the weights within 1e-4 of their change."""
    before = ours.get_weights()
    for _ in range(5):
        theirs.reset_metrics()
        wanted = theirs.train_on_batch(X, y)
        actual = ours.train_on_batch(X, y)
        np.testing.assert_allclose(actual, wanted, rtol=1e-5)
    for start, own, their in zip(before, ours.get_weights(), theirs.get_weights(), strict=True):
        change = np.linalg.norm(their - start)
        assert np.linalg.norm(own - their) <= 1e-4 * max(change, 1e-3)


@pytest.mark.parametrize(
    ("loss", "end", "labels", "units"),
    [
        ("mse", "softmax", "one-hot", 3),
        ("mean_squared_error", "linear", "numbers", 3),
        ("MSE", "sigmoid", "flat", 1),
        ("mae", "linear", "numbers", 3),
        ("mae", "softmax", "one-hot", 3),
        ("binary_crossentropy", "sigmoid", "yes", 1),
        ("binary_crossentropy", "sigmoid", "flat", 1),
        ("binary_crossentropy", "sigmoid", "one-hot", 3),
        (lambda peer: peer.losses.BinaryCrossentropy(label_smoothing=0.1), "sigmoid", "yes", 1),
        (lambda peer: peer.losses.BinaryCrossentropy(from_logits=True), "linear", "yes", 1),
        (lambda peer: peer.losses.MeanSquaredError, "sigmoid", "numbers", 3),
        (lambda peer: peer.losses.mean_absolute_error, "linear", "numbers", 3),
        ("SparseCategoricalCrossentropy", "softmax", "classes", 3),
    ],
)
def test_five_steps_of_every_loss(keras, loss, end, labels, units):
    ours, theirs = pair(keras, end, loss, units=units)
    y = LABELS[labels]
    assert ours.evaluate(X, y, verbose=0) == pytest.approx(
        theirs.evaluate(X, y, verbose=0), rel=1e-5
    )
    assert_five_steps_agree(ours, theirs, y)


REGULARIZERS = {
    "l2": {"kernel_regularizer": lambda peer: "l2"},
    "l1": {"bias_regularizer": lambda peer: peer.regularizers.L1(0.02)},
    "both": {
        "kernel_regularizer": lambda peer: peer.regularizers.L1L2(0.01, 0.03),
        "bias_regularizer": lambda peer: peer.regularizers.l2(0.05),
    },
}


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("name", REGULARIZERS)
def test_five_steps_with_penalties(keras, name, frozen):
    """Five steps of every regularizer; what is frozen has no penalty."""
    ours, theirs = pair(
        keras, "softmax", "categorical_crossentropy", ["accuracy"], **REGULARIZERS[name]
    )
    for peer, model in ((tinycnn, ours), (keras, theirs)):
        model.layers[0].trainable = not frozen
        model.compile(
            peer.optimizers.SGD(0.2),
            "categorical_crossentropy",
            metrics=["accuracy"],
            run_eagerly=True,
        )
    logs = [m.evaluate(X, ONE_HOT, 8, 0, return_dict=True) for m in (ours, theirs)]
    assert logs[0] == pytest.approx(logs[1], rel=1e-5)
    assert_five_steps_agree(ours, theirs, ONE_HOT)


def test_penalties_of_a_batch_normalization(keras):
    models = []
    for peer in (tinycnn, keras):
        options = {"gamma_regularizer": "l2", "beta_regularizer": peer.regularizers.L1(0.03)}
        layers = [
            peer.layers.Input((5,)),
            peer.layers.BatchNormalization(**options),
            peer.layers.Dense(3),
        ]
        model = peer.Sequential(layers)
        model.compile(peer.optimizers.SGD(0.2), "mse", run_eagerly=True)
        models.append(model)
    rng = np.random.default_rng(5)
    models[0].set_weights([rng.uniform(0.1, 0.6, w.shape) for w in models[0].get_weights()])
    models[1].set_weights(models[0].get_weights())
    assert_five_steps_agree(*models, NUMBERS)


NAMES = [
    "accuracy",
    "acc",
    "mse",
    "MAE",
    "mean_squared_error",
    "CategoricalAccuracy",
    lambda peer: peer.metrics.CategoricalAccuracy(name="top"),
    lambda peer: peer.metrics.BinaryAccuracy(threshold=0.3),
    lambda peer: peer.metrics.TopKCategoricalAccuracy(k=2),
    lambda peer: peer.losses.MeanSquaredError(name="again"),
    lambda peer: peer.metrics.MeanAbsoluteError,
    "accuracy",
]
CROSSENTROPIES = [
    lambda peer: peer.metrics.categorical_crossentropy,
    lambda peer: peer.metrics.CategoricalCrossentropy(name="smooth", label_smoothing=0.1),
]


@pytest.mark.parametrize("end", ["softmax", "sigmoid"])
def test_metrics_have_the_same_names_and_values(keras, end):
    loss = "categorical_crossentropy" if end == "softmax" else "binary_crossentropy"
    # TensorFlow takes the scores before any activation for those before the loss's own.
    names = NAMES[:-1] + ([loss] if end == "sigmoid" else CROSSENTROPIES) + NAMES[-1:]
    ours, theirs = pair(keras, end, loss, names)
    wanted = theirs.evaluate(X, ONE_HOT, verbose=0, return_dict=True)
    actual = ours.evaluate(X, ONE_HOT, verbose=0, return_dict=True)
    assert actual.keys() == wanted.keys()
    assert list(actual)[:3] == ["loss", "accuracy", "acc"]
    assert list(actual)[-1] == "accuracy_1"
    for name, value in wanted.items():
        assert actual[name] == pytest.approx(value, abs=1e-6), name


@pytest.mark.parametrize(
    ("labels", "units", "names"),
    [
        (
            "classes",
            3,
            ["accuracy", "sparse_categorical_crossentropy", "sparse_top_k_categorical_accuracy"],
        ),
        ("yes", 1, ["accuracy", "binary_accuracy", "mse", "binary_crossentropy"]),
        ("flat", 1, ["accuracy", "binary_accuracy", "mse"]),
    ],
)
def test_metrics_of_other_labels(keras, labels, units, names):
    loss = "sparse_categorical_crossentropy" if units == 3 else "binary_crossentropy"
    ours, theirs = pair(keras, "softmax" if units == 3 else "sigmoid", loss, names, units)
    wanted = theirs.evaluate(X, LABELS[labels], verbose=0, return_dict=True)
    actual = ours.evaluate(X, LABELS[labels], verbose=0, return_dict=True)
    assert actual == pytest.approx(wanted, abs=2e-6)
    metric = tinycnn.metrics.get(names[1])
    assert metric(LABELS[labels], ours.predict(X, verbose=0)) == pytest.approx(
        wanted[names[1]], abs=2e-6
    )


COMPILED = [
    ("categorical_crossentropy", "softmax", "one-hot", 3),
    ("sparse_categorical_crossentropy", "softmax", "classes", 3),
    ("binary_crossentropy", "sigmoid", "yes", 1),
    ("mse", "softmax", "one-hot", 3),
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("package", ["keras", "tf_keras"])
@pytest.mark.parametrize(("loss", "end", "labels", "units"), COMPILED)
def test_files_both_ways(request, tmp_path, package, loss, end, labels, units):
    """Theirs reports the same with us, and ours with them, with metrics under the same names."""
    peer, y = request.getfixturevalue(package), LABELS[labels]
    given = ["accuracy", "mae", "mean_squared_error"]
    given = given[:1] if loss.startswith("sparse") else given
    penalty = {"kernel_regularizer": lambda peer: peer.regularizers.l2(0.01)}
    theirs = net(peer, end, units, **penalty)
    theirs.compile("sgd", loss, metrics=given, run_eagerly=True)
    theirs.fit(X, y, verbose=0)
    wanted = theirs.evaluate(X, y, verbose=0, return_dict=True)
    theirs.save(tmp_path / "theirs.h5")
    ours = tinycnn.load_model(tmp_path / "theirs.h5")
    actual = ours.evaluate(X, y, verbose=0, return_dict=True)
    assert list(actual) == ["loss", *given]
    assert actual == pytest.approx(wanted, abs=2e-6)
    history = ours.fit(X, y, validation_data=(X, y), verbose=0).history
    assert "val_accuracy" in history
    actual = ours.evaluate(X, y, verbose=0, return_dict=True)
    ours.save(tmp_path / "ours.h5")
    again = peer.models.load_model(tmp_path / "ours.h5")
    again.run_eagerly = True
    assert again.evaluate(X, y, verbose=0, return_dict=True) == pytest.approx(actual, abs=2e-6)
