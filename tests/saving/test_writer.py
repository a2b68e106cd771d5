"""Writing a model file: everything comes back, the same bytes each time, and whole or not at all."""

import dataclasses
import io
import os
import stat
from unittest import mock

import h5py
import numpy as np
import pytest

from tests.support import model_examples as examples
from tinycnn import saving
from tinycnn.models.files import weight_specs
from tinycnn.saving import SavedModel, images, writer
from tinycnn.utils.errors import ModelFileError

CATEGORICAL = {"class_name": "CategoricalAccuracy", "config": {"name": "mine"}}
SPARSE = {"class_name": "SparseCategoricalCrossentropy", "config": {"from_logits": True}}
SMOOTH = {"class_name": "CategoricalCrossentropy", "config": {"label_smoothing": 0.1}}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "mnist.h5"


@pytest.fixture(params=["mnist.h5", "mnist.keras"])
def either(request, tmp_path):
    return tmp_path / request.param


def arrays(saved):
    slots = saved.optimizer_state["slots"].values() if saved.optimizer_state else []
    return [array for group in [*saved.weights, *slots] for array in group]


@pytest.mark.parametrize("optimizer", [examples.ADADELTA, examples.ADAM, examples.MOMENTUM])
@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", SPARSE, SMOOTH])
def test_everything_comes_back(either, optimizer, loss):
    saved = examples.example(optimizer, loss=loss, metrics=["acc", CATEGORICAL])
    saving.write_model(either, saved)
    again = saving.read_model(either, weight_specs)
    assert again.config == saved.config
    assert again.training_config == saved.training_config
    assert again.optimizer_state["iterations"] == 12
    assert again.optimizer_state["slots"].keys() == saved.optimizer_state["slots"].keys()
    for ours, theirs in zip(arrays(saved), arrays(again), strict=True):
        assert theirs.dtype == np.float32
        np.testing.assert_array_equal(ours, theirs)


def test_a_model_that_was_not_compiled_comes_back_so(either):
    saving.write_model(
        either, SavedModel(examples.every_layer(), examples.weights_of_every_layer())
    )
    again = saving.read_model(either, weight_specs)
    assert (again.training_config, again.optimizer_state) == (None, None)


def test_plain_gradient_descent_has_no_slots(either):
    plain = {"class_name": "SGD", "config": {"learning_rate": 0.5, "momentum": 0.0}}
    saving.write_model(either, examples.example(plain))
    assert saving.read_model(either, weight_specs).optimizer_state == {
        "iterations": 12,
        "slots": {},
    }


def test_float64_comes_back(either):
    config = examples.every_layer()
    for layer in config["layers"]:
        layer["config"]["dtype"] = "float64"
    weights = [
        [w.astype(np.float64) / 3 for w in layer] for layer in examples.weights_of_every_layer()
    ]
    saving.write_model(either, SavedModel(config, weights))
    again = saving.read_model(either, weight_specs).weights
    assert again[0][0].dtype == np.float64
    np.testing.assert_array_equal(again[0][0], weights[0][0])


def test_the_same_model_makes_the_same_bytes(either):
    contents = set()
    for _ in range(2):
        saving.write_model(either, examples.example())
        contents.add(either.read_bytes())
    assert len(contents) == 1


def test_a_usual_loss_is_written_by_its_name(either):
    usual = {
        "class_name": "CategoricalCrossentropy",
        "config": {
            "from_logits": False,
            "label_smoothing": 0.0,
            "name": "categorical_crossentropy",
        },
    }
    saving.write_model(either, examples.example(loss=usual))
    assert (
        saving.read_model(either, weight_specs).training_config["loss"]
        == "categorical_crossentropy"
    )


def test_the_layout_is_that_of_keras(path):
    saving.write_model(path, examples.example())
    with h5py.File(path) as file:
        assert list(file["model_weights"].attrs["layer_names"][:2]) == [b"conv2d", b"max_pooling2d"]
        assert file["model_weights/dense/sequential/dense/kernel"].shape == (12, 4)
        assert list(file["model_weights/flatten"].attrs["weight_names"]) == []
        names = list(file["optimizer_weights"].attrs["weight_names"])
    assert names[:4] == [
        b"adadelta/iteration",
        b"adadelta/learning_rate",
        b"adadelta/sequential_conv2d_kernel_accumulated_grad",
        b"adadelta/sequential_conv2d_kernel_accumulated_delta_var",
    ]


def names_of_group(group, attribute):
    """Return the names that a group lists, found as Keras finds them."""
    if attribute in group.attrs:
        return [name.decode() for name in group.attrs[attribute]]
    actual = []
    while f"{attribute}{(part := len(actual))}" in group.attrs:
        actual.append([name.decode() for name in group.attrs[f"{attribute}{part}"]])
    assert len(actual) > 1
    return [name for part in actual for name in part]


@pytest.mark.slow
@pytest.mark.parametrize("length", [9, 200])
def test_more_names_than_an_attribute_holds_come_in_parts(path, length):
    names = [f"dense_{place}".ljust(length, "x") for place in range(498)]
    saved = examples.deep(names)
    saving.write_model(path, saved)
    again = saving.read_model(path, weight_specs)
    assert again.config == saved.config
    for ours, theirs in zip(arrays(saved), arrays(again), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    with h5py.File(path) as file:
        state = file["optimizer_weights"]
        assert "weight_names" not in state.attrs
        assert len(names_of_group(state, "weight_names")) == 2 + 2 * 2 * len(names)
        assert all(name in state for name in names_of_group(state, "weight_names"))
        assert names_of_group(file["model_weights"], "layer_names") == names
        assert ("layer_names" in file["model_weights"].attrs) == (length < 100)


@pytest.mark.parametrize(("count", "parts"), [(1008, 1), (1009, 2), (2016, 2), (2017, 3)])
def test_names_are_parted_where_keras_parts_them(count, parts):
    """64,512 bytes is Keras's limit, and 64 bytes each name here."""
    names = [f"{place}".ljust(64, "x") for place in range(count)]
    with h5py.File(io.BytesIO(), "w") as file:
        images.write_names(file, "weight_names", names)
        assert len(file.attrs) == parts
        assert next(iter(file.attrs)) == ("weight_names" if parts == 1 else "weight_names0")
        assert names_of_group(file, "weight_names") == names
        sizes = [part.nbytes for part in file.attrs.values()]
    assert sizes == [part.nbytes for part in np.array_split(np.array(names, "S64"), parts)]


def test_an_existing_file_is_kept_if_so_wished(path):
    path.write_text("mine")
    with pytest.raises(ModelFileError, match=r"mnist\.h5: it is there already"):
        saving.write_model(path, examples.example(), overwrite=False)
    assert path.read_text() == "mine"


@pytest.mark.parametrize("number", [np.nan, np.inf])
@pytest.mark.parametrize("place", ["weights", "state"])
def test_a_diverged_model_is_not_written(either, number, place):
    saved = examples.example()
    arrays(saved)[0 if place == "weights" else -1][:1] = number
    with pytest.raises(ModelFileError, match="NaN or infinity, the training diverged"):
        saving.write_model(either, saved)
    assert not either.exists()


def test_a_link_stays_a_link(path, tmp_path):
    link = tmp_path / "latest.h5"
    try:
        link.symlink_to(path)
    except OSError:
        pytest.skip("links cannot be made here")
    saving.write_model(link, examples.example())
    assert link.is_symlink()
    assert saving.read_model(link, weight_specs).config == examples.every_layer()
    saving.read_model(path, weight_specs)


def refused(path, match):
    with pytest.raises(ModelFileError, match=match) as caught:
        saving.write_model(path, examples.example())
    assert caught.value.path == os.fspath(path)
    assert caught.value.remedy


def test_a_missing_folder(tmp_path):
    refused(tmp_path / "none" / "mnist.h5", "there is no folder")


def test_a_folder_of_that_name(tmp_path):
    refused(tmp_path, "a folder or a device")


@pytest.mark.parametrize("mistake", [TypeError, AttributeError, LookupError, ZeroDivisionError])
def test_our_own_mistakes_are_not_blamed_on_names(either, monkeypatch, mistake):
    monkeypatch.setattr(images, "keras_model", mock.Mock(side_effect=mistake("ours")))
    with pytest.raises(mistake, match="ours"):
        saving.write_model(either, examples.example())
    assert not either.exists()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_a_device():
    refused("/dev/full", "a folder or a device")
    assert stat.S_ISCHR(os.stat("/dev/full").st_mode)


def test_a_read_only_file(path):
    path.write_text("mine")
    path.chmod(0o444)
    refused(path, "it is read-only")
    assert path.read_text() == "mine"


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_leaves_the_old_file_and_no_other(path, tmp_path, monkeypatch, failure):
    path.write_text("mine")

    def fail(handle):
        raise failure

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises((ModelFileError, KeyboardInterrupt), match=r"No space left|^$"):
        saving.write_model(path, examples.example())
    assert [(actual.name, actual.read_text()) for actual in tmp_path.iterdir()] == [
        ("mnist.h5", "mine")
    ]


def test_a_file_that_does_not_read_back_is_not_put_in_place(path, tmp_path, monkeypatch):
    half = writer.file_image(examples.example())[:-2000]
    monkeypatch.setattr(writer, "file_image", lambda saved: half)
    refused(path, "it cannot be written so")
    assert list(tmp_path.iterdir()) == []


def test_other_numbers_read_back_are_noticed(path, tmp_path, monkeypatch):
    other = writer.file_image(
        dataclasses.replace(examples.example(), weights=examples.weights_of_every_layer(9))
    )
    monkeypatch.setattr(writer, "file_image", lambda saved: other)
    refused(path, "not what was read back")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["a/b", "..", "", "top_level_model_weights", "nul\0", "x" * 300, "x" * 70_000]
)
def test_a_name_that_cannot_be_in_the_file(either, tmp_path, name):
    config = examples.every_layer()
    config["layers"][1]["config"]["name"] = name
    with pytest.raises(ModelFileError, match="it cannot be written"):
        saving.write_model(either, SavedModel(config, examples.weights_of_every_layer()))
    assert list(tmp_path.iterdir()) == []
