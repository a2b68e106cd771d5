"""Reading what Keras 3, tf.keras 2.11 and older tf.keras wrote; Keras reading what tinycnn wrote."""

import json
import logging
import pathlib
import shutil

import h5py
import numpy as np
import pytest

from tests.support import model_examples as examples
from tests.support.peers import import_keras
from tinycnn import load_model, saving
from tinycnn.models.files import weight_specs
from tinycnn.utils.errors import ModelFileError

FOLDER = pathlib.Path(__file__).parents[1] / "support" / "keras_files"
TOLERANCE = 1e-5

# Where the optimizer's arrays of 6 weights lie in each file, after the count of steps and the rate.
ORDERS = {
    "keras3_adadelta": {
        "accumulated_grad": range(2, 14, 2),
        "accumulated_delta_var": range(3, 14, 2),
    },
    "keras3_sgd": {"momentum": range(2, 8)},
    "keras2_adam": {"momentum": range(1, 13, 2), "velocity": range(2, 13, 2)},
    "keras2_old_adadelta": {"accumulated_grad": range(1, 7), "accumulated_delta_var": range(7, 13)},
}


@pytest.fixture(params=sorted(ORDERS))
def stored(request):
    """A file that Keras wrote: its path, and what Keras said of it."""
    with np.load(FOLDER / f"{request.param}.npz") as facts:
        return FOLDER / f"{request.param}.h5", dict(facts)


@pytest.fixture
def copy(tmp_path):
    """Return a function that copies a stored file, to be changed."""

    def make(name):
        return pathlib.Path(shutil.copy(FOLDER / f"{name}.h5", tmp_path / "copy.h5"))

    return make


def read(path):
    return saving.read_model(path, weight_specs)


def change(path, attribute, edit):
    """Rewrite a JSON attribute of a model file."""
    with h5py.File(path, "r+") as file:
        value = json.loads(file.attrs[attribute])
        file.attrs[attribute] = json.dumps(edit(value) or value)


def rename(path, old, new):
    """Rename the optimizer's arrays, as an older or a stranger's Keras would have named them."""
    with h5py.File(path, "r+") as file:
        group = file["optimizer_weights"]
        names = [
            name if isinstance(name, str) else name.decode() for name in group.attrs["weight_names"]
        ]
        for name in names:
            group.move(name, f"moved/{name.replace(old, new)}")
        group.attrs["weight_names"] = [f"moved/{name.replace(old, new)}" for name in names]


def test_weights_are_those_of_keras_bit_for_bit(stored):
    path, facts = stored
    weights = [array for layer in read(path).weights for array in layer]
    for place, array in enumerate(weights):
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array, facts[f"weight{place}"])
    assert place == 5


def test_the_optimizer_goes_on_where_keras_stopped(stored):
    path, facts = stored
    state = read(path).optimizer_state
    assert state["iterations"] == 4
    assert state["slots"].keys() == ORDERS[path.stem].keys()
    for slot, indices in ORDERS[path.stem].items():
        for array, place in zip(state["slots"][slot], indices, strict=True):
            np.testing.assert_array_equal(array, facts[f"state{place}"])


def test_predictions_are_those_of_keras(stored):
    path, facts = stored
    predicted = load_model(path).predict(facts["x"], verbose=0)
    np.testing.assert_allclose(predicted, facts["predicted"], rtol=0, atol=TOLERANCE)


def test_all_dialects_become_the_same_plain_form():
    configs = [read(FOLDER / f"{name}.h5").config for name in ORDERS]
    for config in configs:
        config["layers"][0]["config"].pop("name")  # each Keras names the input in its own way
    assert all(config == configs[0] for config in configs)
    assert set(configs[0]["layers"][2]["config"]) == {
        "name",
        "dtype",
        "pool_size",
        "padding",
        "strides",
    }


@pytest.mark.parametrize("name", sorted(ORDERS))
def test_what_was_read_can_be_written(name, tmp_path):
    saved = read(FOLDER / f"{name}.h5")
    saving.write_model(tmp_path / "again.h5", saved)
    again = read(tmp_path / "again.h5")
    assert (again.config, again.training_config) == (saved.config, saved.training_config)


def test_the_first_keras_2_had_no_input_layer_and_no_name(copy):
    path = copy("keras2_old_adadelta")

    def old(config):
        layers = config["config"]["layers"][1:]
        layers[0]["config"]["batch_input_shape"] = [None, 8, 8, 1]
        scaling = {"scale": 1.0, "mode": "fan_avg", "distribution": "uniform", "seed": None}
        layers[0]["config"]["kernel_initializer"] = {
            "class_name": "VarianceScaling",
            "config": scaling,
        }
        return {"class_name": "Sequential", "config": layers}

    change(path, "model_config", old)
    config = read(path).config
    assert config["name"] == "sequential"
    assert config["layers"][0]["config"]["batch_shape"] == [None, 8, 8, 1]
    assert config["layers"][1]["config"]["kernel_initializer"] == examples.GLOROT


def give_the_shape_again(shape):
    def edit(value):
        value["config"]["layers"][1]["config"]["batch_input_shape"] = shape

    return edit


def test_tf_keras_says_the_shape_of_the_input_twice(copy):
    path = copy("keras2_adam")
    before = read(path).config
    change(path, "model_config", give_the_shape_again([None, 8, 8, 1]))
    assert read(path).config == before
    change(path, "model_config", give_the_shape_again([None, 9, 9, 1]))
    with pytest.warns(UserWarning, match=r"\(None, 9, 9, 1\), and it is \(None, 8, 8, 1\)"):
        assert len(read(path).weights) == len(before["layers"]) - 1


def test_the_rate_may_be_missing_or_have_its_first_name(copy):
    path = copy("keras2_old_adadelta")
    settings = {}
    change(path, "training_config", lambda value: value["optimizer_config"].update(config=settings))
    assert read(path).training_config["optimizer"]["config"]["learning_rate"] == 0.001
    settings["lr"] = 0.25
    change(path, "training_config", lambda value: value["optimizer_config"].update(config=settings))
    assert read(path).training_config["optimizer"]["config"]["learning_rate"] == 0.25


UNSUPPORTED = {
    "loss": lambda value: value.update(loss="hinge"),
    "optimizer": lambda value: value["optimizer_config"].update(class_name="Ftrl"),
    "decay": lambda value: value["optimizer_config"]["config"].update(loss_scale_factor=2.0),
    "schedule": lambda value: value["optimizer_config"]["config"].update(
        learning_rate={"class_name": "NoamDecay", "config": {}}
    ),
}


@pytest.mark.parametrize("what", sorted(UNSUPPORTED))
def test_weights_are_worth_having_without_their_training(copy, what):
    path = copy("keras3_adadelta")
    change(path, "training_config", UNSUPPORTED[what])
    with pytest.warns(UserWarning, match="without loss, metrics and optimizer"):
        saved = read(path)
    assert (saved.training_config, saved.optimizer_state) == (None, None)
    assert len(saved.weights[0]) == 2


def swap(path):
    with h5py.File(path, "r+") as file:
        names = file["optimizer_weights"].attrs["weight_names"]
        names[[2, 6]] = names[[6, 2]]
        file["optimizer_weights"].attrs["weight_names"] = names


def drop(path):
    with h5py.File(path, "r+") as file:
        group = file["optimizer_weights"]
        group.attrs["weight_names"] = group.attrs["weight_names"][:-1]


def add(path):
    with h5py.File(path, "r+") as file:
        group = file["optimizer_weights"]
        group["adadelta/other"] = np.float32(0)
        group.attrs["weight_names"] = [*group.attrs["weight_names"], "adadelta/other"]


def poison(path):
    with h5py.File(path, "r+") as file:
        group = file["optimizer_weights"]
        group[group.attrs["weight_names"][-1]][0] = np.nan


MISMATCHES = {
    "swapped": swap,
    "one too few": drop,
    "one too many": add,
    "not finite": poison,
    "other slots": lambda path: rename(path, "accumulated_grad", "velocity"),
    "other weights": lambda path: rename(path, "dense_1", "output"),
    "no count": lambda path: rename(path, "iteration", "count"),
    "other optimizer": lambda path: change(
        path,
        "training_config",
        lambda value: value.update(optimizer_config={"class_name": "Adam", "config": {}}),
    ),
}


@pytest.mark.parametrize("what", sorted(MISMATCHES))
def test_a_state_that_does_not_fit_is_left_out(copy, what):
    path = copy("keras3_adadelta")
    MISMATCHES[what](path)
    with pytest.warns(UserWarning, match="the optimizer starts afresh"):
        saved = read(path)
    assert saved.optimizer_state is None
    assert saved.training_config is not None


# ---------------------------------------------------------------- real Keras


@pytest.fixture(scope="module")
def keras():
    return import_keras()


@pytest.fixture
def ours(tmp_path):
    path = tmp_path / "ours.h5"
    saving.write_model(path, examples.example())
    return path


# Keras hands PyTorch's tensors to NumPy in a way that NumPy 2 warns of
quiet = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@quiet
def test_keras_opens_ours_and_predicts_the_same(keras, ours, caplog):
    with caplog.at_level(logging.WARNING):
        peer = keras.models.load_model(ours)
    assert "freshly initialized optimizer" not in caplog.text
    x = np.random.default_rng(3).random((7, 8, 8, 1), dtype=np.float32)
    mine = load_model(ours).predict(x, verbose=0)
    np.testing.assert_allclose(mine, peer.predict(x, verbose=0), rtol=0, atol=TOLERANCE)
    assert isinstance(peer.optimizer, keras.optimizers.Adadelta)
    assert peer.optimizer.get_config()["learning_rate"] == 1.0
    assert int(peer.optimizer.iterations) == 12
    assert peer.loss is keras.losses.categorical_crossentropy


@quiet
@pytest.mark.parametrize("made", [examples.ADADELTA, examples.ADAM, examples.MOMENTUM])
def test_keras_would_store_the_state_under_the_same_names(keras, tmp_path, made):
    keras.utils.clear_session()  # Keras counts the names of optimizers over all that were made before
    path = tmp_path / "ours.h5"
    saving.write_model(path, examples.example(made))
    peer = keras.models.load_model(path, compile=False)
    optimizer = getattr(keras.optimizers, made["class_name"])(**made["config"])
    optimizer.build(peer.trainable_variables)
    with h5py.File(path) as file:
        group = file["optimizer_weights"]
        names = [name.decode() for name in group.attrs["weight_names"]]
        assert names == [variable.path for variable in optimizer.variables]
        optimizer.set_weights([group[name][()] for name in names])
    assert int(optimizer.iterations) == 12


@quiet
def test_keras_goes_on_from_our_state_as_we_do(keras, ours):
    rng = np.random.default_rng(4)
    x = rng.random((6, 8, 8, 1), dtype=np.float32)
    y = np.eye(3, dtype=np.float32)[[0, 1, 2, 0, 1, 2]]
    mine, peer = load_model(ours), keras.models.load_model(ours, compile=False)
    mine.layers[4].rate = peer.layers[4].rate = 0.0  # chance is each one's own
    optimizer = keras.optimizers.Adadelta(1.0)
    optimizer.build(peer.trainable_variables)
    with h5py.File(ours) as file:
        group = file["optimizer_weights"]
        optimizer.set_weights([group[name][()] for name in group.attrs["weight_names"]])
    peer.compile(optimizer, "categorical_crossentropy")
    mine.fit(x, y, batch_size=6, shuffle=False, verbose=0)
    peer.fit(x, y, batch_size=6, shuffle=False, verbose=0)
    for own, theirs in zip(mine.get_weights(), peer.get_weights(), strict=True):
        np.testing.assert_allclose(own, theirs, rtol=0, atol=TOLERANCE)


@quiet
def test_what_keras_writes_of_ours_comes_back(keras, ours, tmp_path):
    peer = keras.models.load_model(ours, compile=False)
    peer.save(tmp_path / "theirs.h5")
    theirs, own = read(tmp_path / "theirs.h5"), read(ours)
    assert theirs.config == own.config
    for layers in zip(theirs.weights, own.weights, strict=True):
        for first, second in zip(*layers, strict=True):
            np.testing.assert_array_equal(first, second)


@quiet
@pytest.mark.parametrize(
    "loss",
    [
        {"class_name": "SparseCategoricalCrossentropy", "config": {"from_logits": True}},
        {"class_name": "CategoricalCrossentropy", "config": {"label_smoothing": 0.1}},
    ],
)
def test_keras_understands_our_losses(keras, tmp_path, loss):
    saving.write_model(tmp_path / "ours.h5", examples.example(loss=loss))
    peer = keras.models.load_model(tmp_path / "ours.h5")
    assert type(peer.loss).__name__ == loss["class_name"]
    assert loss["config"].items() <= peer.loss.get_config().items()


def test_a_model_of_somebodys_own_class_is_refused_by_its_name(copy):
    path = copy("keras3_sgd")
    change(path, "model_config", lambda value: value.update(class_name="MyModel"))
    with pytest.raises(ModelFileError, match="MyModel"):
        read(path)
