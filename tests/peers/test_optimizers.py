"""Optimizers step as Keras's do, alone and out of each other's files. Skipped without Keras."""

import importlib
import os

import h5py
import numpy as np
import pytest

import tinycnn
from tests.support import make_trajectories
from tests.support.make_trajectories import CASES
from tests.support.peers import import_keras
from tinycnn import optimizers

pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation:DeprecationWarning", "ignore:.*HDF5 file:UserWarning"
)
RNG = np.random.default_rng(4)
X, Y = RNG.normal(size=(24, 5)).astype("f"), np.eye(3, dtype="f")[RNG.integers(3, size=24)]
IN_FILES = [  # cases that keep other arrays, or other settings
    *("sgd", "sgd, nesterov", "adadelta", "adagrad", "rmsprop", "rmsprop, all", "adam"),
    *("adam, amsgrad", "adamw", "nadam", "adamax", "adam, clipnorm", "rmsprop, averages"),
    *(
        "adam, averages",
        "sgd, decay",
        *(f"sgd, {name}" for name in ("warm-up", "restarts", "cycle", "piecewise")),
    ),
]
KERAS_2 = [  # what old tf.keras has, but for Nadam, whose momentum goes another way there
    case
    for case in IN_FILES
    if case not in ("adamw", "nadam") and not case.endswith((", averages", ", decay"))
    if not case.startswith("sgd, ") or case.endswith(("warm-up", "piecewise", "nesterov"))
]


@pytest.fixture(scope="module")
def keras():
    """Keras, whose floats are float32 again afterwards."""
    keras = import_keras()
    yield keras
    keras.config.set_floatx("float32")


def near(actual, wanted, before, bound, rounding=0.0):
    """Raise unless arrays are equal up to a share of the change, and to what float32 cannot tell apart."""
    change = max(np.abs(new - old).max() for new, old in zip(wanted, before, strict=True))
    assert change > 0
    for one, other in zip(actual, wanted, strict=True):
        assert np.abs(one - other).max() <= bound * change + rounding


@pytest.mark.parametrize(
    ("case", "dtype"),
    [*((case, "float64") for case in CASES), *((case, "float32") for case in IN_FILES)],
)
def test_five_steps_are_those_of_keras(keras, case, dtype):
    name, config = CASES[case]
    grads = make_trajectories.gradients()[2:7]
    wanted = np.array(make_trajectories.keras_positions(name, config, grads, dtype))
    start = np.array(make_trajectories.START, dtype)
    halves = [half.copy() for half in np.split(start, 2)]
    optimizer = optimizers.get({"class_name": name, "config": config})
    for grad, position in zip(grads, wanted, strict=True):
        optimizer.apply(list(np.split(np.array(grad, dtype), 2)), halves)
        way = np.abs(np.diff(wanted, axis=0, prepend=start[None])).sum(axis=0).max()
        assert np.abs(np.concatenate(halves) - position).max() <= 1e-4 * way


def net(peer, optimizer):
    """Return a small compiled net of tinycnn, Keras or tf.keras."""
    layers = peer.layers
    start = layers.InputLayer((5,)) if "tf_keras" in peer.__name__ else layers.Input((5,))
    rest = layers.Dense(4, activation="tanh"), layers.Dense(3, activation="softmax")
    model = peer.Sequential([start, *rest])
    model.compile(optimizer, "categorical_crossentropy", run_eagerly=True)
    return model


def trained(model, path):
    """Train a net for three steps, save it; return what its next step makes of the weights, and these."""
    model.fit(X, Y, batch_size=8, epochs=1, shuffle=False, verbose=0)
    model.save(path)
    before = model.get_weights()
    model.train_on_batch(X[:8], Y[:8])
    return model.get_weights(), before


def next_step(load, path):
    """Return the weights after the next step of a file's model."""
    model = load(path)
    model.train_on_batch(X[:8], Y[:8])
    return model.get_weights()


def loaded(keras, path):
    """Return the model in a file, with its optimizer's state, read by Keras 3.

    By itself Keras 3.15 builds the optimizer of an .h5 file for no variables, and then cannot train; its own
    files, too. So here what it reads in the file's order is set once the optimizer is built.
    """
    model = keras.saving.load_model(path)
    optimizer = type(model.optimizer).from_config(model.optimizer.get_config())
    optimizer.build(model.trainable_variables)
    with h5py.File(path) as file:
        group = file["optimizer_weights"]
        arrays = [group[name][()] for name in group.attrs["weight_names"]]
    assert len(arrays) == len(optimizer.variables)
    optimizer.set_weights(arrays)
    model.compile(optimizer, "categorical_crossentropy", run_eagerly=True)
    return model


@pytest.mark.parametrize("case", IN_FILES)
def test_a_file_of_keras_goes_on_here_and_ours_there(keras, tmp_path, case):
    keras.config.set_floatx("float32")
    keras.utils.set_random_seed(1)
    name, config = CASES[case]
    there = net(keras, make_trajectories.keras_optimizer(keras, name, config))
    wanted, before = trained(there, tmp_path / "theirs.h5")
    near(next_step(tinycnn.load_model, tmp_path / "theirs.h5"), wanted, before, 1e-4)

    tinycnn.utils.set_random_seed(1)
    here = net(tinycnn, optimizers.get({"class_name": name, "config": config}))
    wanted, before = trained(here, tmp_path / "ours.h5")
    near(next_step(lambda path: loaded(keras, path), tmp_path / "ours.h5"), wanted, before, 1e-4)
    again = tinycnn.load_model(tmp_path / "ours.h5")
    assert again.optimizer.get_config() == here.optimizer.get_config()
    np.testing.assert_array_equal(next_step(lambda _: again, None)[0], wanted[0])


@pytest.mark.parametrize("case", IN_FILES)
def test_our_archive_goes_on_in_keras(keras, tmp_path, case):
    """By itself: of a .keras file Keras 3 reads the optimizer's state, too."""
    keras.config.set_floatx("float32")
    tinycnn.utils.set_random_seed(1)
    name, config = CASES[case]
    here = net(tinycnn, optimizers.get({"class_name": name, "config": config}))
    wanted, before = trained(here, tmp_path / "ours.keras")
    there = keras.saving.load_model(tmp_path / "ours.keras")
    there.run_eagerly = True
    assert int(there.optimizer.iterations) == 3
    near(next_step(lambda _: there, None), wanted, before, 1e-5, rounding=1e-7)


@pytest.fixture(scope="module")
def tf_keras():
    """tf.keras, the Keras 2 that TensorFlow had."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    return pytest.importorskip("tf_keras", reason="tf.keras is not installed")


def keras_2_optimizer(module, name, config):
    """Return an optimizer of tf.keras, of its old or new kind."""
    rate = config["learning_rate"]
    if isinstance(rate, dict):
        schedules = importlib.import_module("tf_keras").optimizers.schedules
        config = {
            **config,
            "learning_rate": getattr(schedules, rate["class_name"])(**rate["config"]),
        }
    return getattr(module, name)(**config)


@pytest.mark.parametrize("case", [*KERAS_2, "adamw", "sgd, decay", "sgd, averages"])
def test_a_file_of_tf_keras_goes_on_here(tf_keras, tmp_path, case):
    tf_keras.utils.set_random_seed(1)
    name, config = CASES[case]
    there = net(tf_keras, keras_2_optimizer(tf_keras.optimizers, name, config))
    wanted, before = trained(there, tmp_path / "theirs.h5")
    near(next_step(tinycnn.load_model, tmp_path / "theirs.h5"), wanted, before, 1e-4)


@pytest.mark.parametrize("case", KERAS_2)
def test_a_file_of_old_tf_keras_goes_on_here_and_ours_there(tf_keras, tmp_path, case):
    tf_keras.utils.set_random_seed(1)
    name, config = CASES[case]
    there = net(tf_keras, keras_2_optimizer(tf_keras.optimizers.legacy, name, config))
    wanted, before = trained(there, tmp_path / "theirs.h5")
    near(next_step(tinycnn.load_model, tmp_path / "theirs.h5"), wanted, before, 1e-4)
    tinycnn.utils.set_random_seed(1)
    trained(
        net(tinycnn, optimizers.get({"class_name": name, "config": config})), tmp_path / "ours.h5"
    )
    rate = tf_keras.models.load_model(tmp_path / "ours.h5").optimizer.get_config()["learning_rate"]
    if isinstance(rate, dict):
        assert (rate["class_name"], config["learning_rate"]["class_name"]) == (
            rate["class_name"],
        ) * 2
    else:
        assert rate == pytest.approx(config["learning_rate"])


@pytest.mark.parametrize("kind", ["optimizers", "optimizers.legacy"])
def test_decay_before_keras_3_is_kept(tf_keras, tmp_path, kind):
    legacy = (
        importlib.import_module(f"tf_keras.{kind}") if "." in kind else tf_keras.optimizers.legacy
    )
    there = net(tf_keras, legacy.SGD(0.5, momentum=0.5, nesterov=True, decay=0.5))
    wanted, before = trained(there, tmp_path / "theirs.h5")
    near(next_step(tinycnn.load_model, tmp_path / "theirs.h5"), wanted, before, 1e-4)
    rate = tinycnn.load_model(tmp_path / "theirs.h5").optimizer.learning_rate
    assert rate == pytest.approx(0.5 / (1 + 0.5 * 3))


def test_averages_replace_the_weights_at_the_end_of_fit_as_in_keras(keras):
    keras.config.set_floatx("float32")
    settings = {"learning_rate": 0.5, "use_ema": True, "ema_momentum": 0.75}
    there = net(keras, keras.optimizers.SGD(**settings))
    here = net(tinycnn, optimizers.SGD(**settings))
    here.set_weights(there.get_weights())
    before = here.get_weights()
    for model in (there, here):
        model.fit(X, Y, batch_size=8, epochs=2, shuffle=False, verbose=0)
    near(here.get_weights(), there.get_weights(), before, 1e-4)
    averages = here.optimizer.slots["average"]
    assert all(map(np.array_equal, averages, here.get_weights()))


@pytest.mark.parametrize("name", optimizers.CLASSES)
def test_defaults_and_their_order_are_those_of_keras(keras, name):
    ours, theirs = (getattr(peer.optimizers, name)().get_config() for peer in (tinycnn, keras))
    assert list(ours) == list(theirs)
    for config in (ours, theirs):
        config.pop("name")
        config["learning_rate"] = pytest.approx(config["learning_rate"])
    if name == "Adadelta":
        ours["learning_rate"] = theirs["learning_rate"]
    assert ours == theirs
