"""Files that real Keras made, .keras and of weights: read as Keras reads them, in every known variant.

How they were made: tests/support/keras_files/make.py. Read by `saving.keras_archive`.
"""

import io
import json
import pathlib
import zipfile

import numpy as np
import pytest

from tests.support import archives
from tinycnn.models import load_model
from tinycnn.saving import keras3_layout
from tinycnn.saving.hdf5 import hdf5_file
from tinycnn.utils.errors import ModelFileError

FOLDER = pathlib.Path(__file__).parents[1] / "support" / "keras_files" / "archives"
TOLERANCE = 1e-5
PACKAGES = ("keras2", "keras3")


def recorded(name):
    """Return (inputs, predictions, [loss, accuracy], weights, weights after a step) that Keras had."""
    with np.load(FOLDER / f"{name}.npz") as file:
        lists = [
            [file[f"{kind}{place}"] for place in range(sum(n.startswith(kind) for n in file))]
            for kind in ("weight", "stepped")
        ]
        return file["x"], file["predicted"], file["evaluated"], *lists


def assert_equal(ours, theirs):
    for own, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(own, other)


def targets(x):
    return np.eye(3, dtype=np.float32)[np.arange(len(x)) % 3]


@pytest.mark.filterwarnings("ignore:.*called with training=False")
@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("kind", ["flat", "nested", "functional"])
def test_a_model_of_keras_is_the_same_here_and_trains_on(package, kind):
    x, predicted, evaluated, weights, stepped = recorded(f"{package}_{kind}")
    model = load_model(FOLDER / f"{package}_{kind}.keras")
    assert_equal(model.get_weights(), weights)
    np.testing.assert_allclose(model.predict(x, verbose=0), predicted, rtol=0, atol=TOLERANCE)
    assert model.optimizer.iterations == 4
    np.testing.assert_allclose(model.evaluate(x, targets(x), verbose=0), evaluated, rtol=1e-5)
    model.layers[3].rate = 0.0
    model.train_on_batch(x, targets(x))
    triples = list(zip(model.get_weights(), stepped, weights, strict=True))
    if package == "keras2":
        del triples[5]  # tf.keras's fused kernel divides the moving variance by n - 1, Keras 3 by n
    # A bias before a batch normalization: its gradient is rounding, and Adam divides that by itself.
    del triples[1]
    for own, theirs, before in triples:
        change = np.abs(theirs - before).max()
        np.testing.assert_allclose(own, theirs, rtol=0, atol=1e-4 * change + 1e-7)


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("kind", ["flat", "nested", "functional"])
def test_weights_are_found_in_the_order_of_the_flat_layers(package, kind):
    """Before any layer is made: where the arrays are, for a model in the model and for a chain, too."""
    path, weights = FOLDER / f"{package}_{kind}.keras", recorded(f"{package}_{kind}")[3]
    with zipfile.ZipFile(path) as archive:
        described = json.loads(archive.read("config.json"))
        image = archive.read("model.weights.h5")
    file = hdf5_file(str(path), io.BytesIO(image), len(image))
    leaves = list(keras3_layout.leaves(described))
    remaining = iter(weights)
    counts = {"Conv2D": 2, "BatchNormalization": 4, "Dense": 2}
    classes = [layer["class_name"] for layer in archives.flat(described)]
    specs = [{str(n): n for n in range(counts.get(name, 0))} for name in classes]
    for paths in keras3_layout.locate(file, leaves, specs):
        for found in paths:
            array = next(remaining)
            np.testing.assert_array_equal(file.array(found, array.shape, ("float32",)), array)
    assert next(remaining, None) is None


# ---------------------------------------------------------------- variants of the weights' layout


def moved(group_of):
    """Return an edit that moves each group of `layers` to where group_of(name, place) says."""

    def edit(file):
        for place, name in enumerate(sorted(file["layers"])):
            file.move(f"layers/{name}", group_of(name, place))
        del file["layers"]

    return edit


def named(file):
    for group, names in {
        "conv2d": ("kernel", "bias"),
        "batch_normalization": ("gamma", "beta", "moving_mean", "moving_variance"),
        "dense": ("kernel", "bias"),
    }.items():
        for place, name in enumerate(names):
            file.move(f"layers/{group}/vars/{place}", f"layers/{group}/vars/{name}")


def beside(file):
    """Make the groups that tf.keras 2.13 wrote beside the layers, all empty."""
    for name in file["layers"]:
        file.create_group(f"_layer_checkpoint_dependencies/{name}/vars")


def seeds(file):
    file["layers/dropout/seed_generator/vars/0"] = np.zeros(2, np.uint32)
    file["metrics/auc/vars/0"] = np.float32(1)


LAYOUTS = {
    "of Windows": moved(lambda name, place: f"layers\\{name}"),
    "of 2.12": moved(lambda name, place: f"_layer_checkpoint_dependencies/{name}"),
    "beside that of 2.13": beside,
    "names for numbers": named,
    "seeds and metrics": seeds,
}


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_weights_are_read_wherever_keras_put_them(layout, package, tmp_path):
    path = archives.edited(
        FOLDER / f"{package}_flat.keras", tmp_path / "x.keras", weights=LAYOUTS[layout]
    )
    model = load_model(path)
    assert_equal(model.get_weights(), recorded(f"{package}_flat")[3])
    assert model.optimizer.iterations == 4


def test_layers_that_were_counted_twice_are_told_apart(tmp_path):
    """tf.keras 2.12 met each layer with weights twice, and numbered them 0, 2, 4, ..."""
    model = archives.two_dense()
    model.save(tmp_path / "ours.keras")
    twice = {"dense": "dense", "dense_1": "dense_2"}
    path = archives.edited(
        tmp_path / "ours.keras",
        tmp_path / "x.keras",
        weights=moved(lambda name, place: f"_layer_checkpoint_dependencies/{twice[name]}"),
    )
    assert_equal(load_model(path).get_weights(), model.get_weights())


# ---------------------------------------------------------------- variants of the configuration

FUNCTION = {
    "module": "builtins",
    "class_name": "function",
    "config": "categorical_crossentropy",
    "registered_name": "function",
}


def compiled(**changes):
    return lambda config: config["compile_config"].update(changes)


def own_modules(config):
    for layer in config["config"]["layers"]:
        layer["module"] = "keras.src.layers.core." + layer["class_name"].lower()
        layer["registered_name"] = layer["class_name"]


TRAINED = {
    "a name for the optimizer": compiled(optimizer="adam"),
    "a function for the loss": compiled(loss=FUNCTION),
    "modules of the sources": own_modules,
    "metrics in a list": compiled(metrics=[["accuracy"]]),
    "without shapes for building": lambda config: config.pop("build_config"),
}
NOT_TRAINED = {
    "null": lambda config: config.update(compile_config=None),
    "missing": lambda config: config.pop("compile_config"),
    "empty": lambda config: config.update(compile_config={}),
}


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("variant", sorted(TRAINED | NOT_TRAINED))
def test_configurations_are_read_however_keras_wrote_them(variant, package, tmp_path):
    edit = (TRAINED | NOT_TRAINED)[variant]
    source = FOLDER / f"{package}_flat.keras"
    model = load_model(archives.edited(source, tmp_path / "x.keras", config=edit))
    x, predicted, *_ = recorded(f"{package}_flat")
    np.testing.assert_allclose(model.predict(x, verbose=0), predicted, rtol=0, atol=TOLERANCE)
    assert (model.optimizer is None) == (variant in NOT_TRAINED)
    if variant in TRAINED:
        assert type(model.optimizer).__name__ == "Adam"
        assert model.optimizer.iterations == 4


def test_a_model_that_keras_had_not_trained_yet_begins_at_the_beginning(tmp_path, recwarn):
    def untrained(file):
        for name in list(file["optimizer/vars"]):
            if name not in ("0", "1"):
                del file[f"optimizer/vars/{name}"]
        file["optimizer/vars/0"][()] = 0

    source = FOLDER / "keras3_flat.keras"
    model = load_model(archives.edited(source, tmp_path / "x.keras", weights=untrained))
    assert model.optimizer.iterations == 0
    assert not recwarn.list


def test_a_state_that_does_not_fit_is_left_out(tmp_path):
    def shorter(file):
        del file["optimizer/vars/9"]

    source = FOLDER / "keras3_flat.keras"
    with pytest.warns(UserWarning, match="the optimizer starts afresh"):
        model = load_model(archives.edited(source, tmp_path / "x.keras", weights=shorter))
    assert_equal(model.get_weights(), recorded("keras3_flat")[3])


def test_an_optimizer_of_an_unknown_name_leaves_the_weights(tmp_path):
    source = FOLDER / "keras3_flat.keras"
    path = archives.edited(source, tmp_path / "x.keras", config=compiled(optimizer="lion9"))
    with pytest.warns(UserWarning, match="without loss, metrics and optimizer"):
        assert load_model(path).optimizer is None


def noisy(config):
    noise = {"class_name": "GaussianNoise", "config": {"name": "noise", "stddev": 0.1}}
    config["config"]["layers"].insert(3, {"module": "keras.layers", **noise})


@pytest.mark.filterwarnings("ignore:.*(training=False|in training only)")
@pytest.mark.parametrize(
    ("name", "edit"),
    [
        ("keras3_flat", noisy),
        ("keras3_functional", lambda config: config["config"]["layers"].reverse()),
    ],
)
def test_weights_are_found_beside_layers_that_are_left_out_and_in_any_order(name, edit, tmp_path):
    model = load_model(archives.edited(FOLDER / f"{name}.keras", tmp_path / "x.keras", config=edit))
    assert_equal(model.get_weights(), recorded(name)[3])


# ---------------------------------------------------------------- weights alone


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("keras3_flat.weights.h5", "keras3_flat"),
        ("keras2_flat.weights.h5", "keras2_flat"),
        ("keras2_flat.h5", "keras2_flat"),
        ("keras2_flat.keras", "keras2_flat"),
    ],
)
def test_weights_of_keras_are_loaded_into_a_model(name, source):
    model = load_model(FOLDER / "keras3_flat.keras")
    model.set_weights([weight * 0 + 7 for weight in model.get_weights()])
    model.load_weights(FOLDER / name)
    assert_equal(model.get_weights(), recorded(source)[3])


def test_a_file_of_weights_is_no_model_and_says_what_to_do():
    for name in ("keras3_flat.weights.h5", "keras2_flat.h5"):
        with pytest.raises(ModelFileError, match=r"it may hold weights only.*load_weights"):
            load_model(FOLDER / name)


def test_the_kind_of_a_file_is_in_its_content_and_not_in_its_name(tmp_path):
    for name in ("x.h5", "x", "x.zip"):
        path = tmp_path / name
        path.write_bytes((FOLDER / "keras3_flat.keras").read_bytes())
        assert len(load_model(path).layers) == 6
    whole = FOLDER.parent / "keras3_sgd.h5"
    (tmp_path / "y.keras").write_bytes(whole.read_bytes())
    assert len(load_model(tmp_path / "y.keras").layers) == 10


def test_a_file_that_was_packed_again_is_read(tmp_path):
    """Compressed, with its members in another order, and with members of no interest."""
    with zipfile.ZipFile(FOLDER / "keras3_flat.keras") as archive:
        members = {name: archive.read(name) for name in reversed(archive.namelist())}
    with zipfile.ZipFile(tmp_path / "x.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**members, "assets/": b"", "assets/notes.txt": b"n"}.items():
            archive.writestr(name, content)
    assert_equal(load_model(tmp_path / "x.keras").get_weights(), recorded("keras3_flat")[3])


def test_names_of_weights_that_are_only_half_there_are_refused(tmp_path):
    def half(file):
        file.move("layers/dense/vars/1", "layers/dense/vars/offset")

    source = FOLDER / "keras3_flat.keras"
    path = archives.edited(source, tmp_path / "x.keras", weights=half)
    with pytest.raises(ModelFileError, match="2 weights of the layer 'dense_2', and 2 are needed"):
        load_model(path)
