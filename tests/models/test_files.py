"""Between a model and its file: shapes without arrays, copies of what changes, names that can be written."""

import io
import os

import numpy as np
import pytest

from tests.support.nets import X, Y, conv, dense
from tinycnn.layers import Dense, Input
from tinycnn.models import files, load_model
from tinycnn.models.sequential import Sequential
from tinycnn.utils.errors import ModelFileError


@pytest.mark.parametrize("make", [conv, dense])
def test_the_shapes_are_those_of_the_built_model(make):
    model = make()
    specs = files.weight_specs(model.get_config())
    assert [name for name, _ in specs] == [layer.name for layer in model.layers]
    for (_, spec), layer in zip(specs, model.layers, strict=True):
        assert [*spec] == [*layer.params]
        for (shape, dtype), array in zip(spec.values(), layer.params.values(), strict=True):
            assert (tuple(shape), dtype) == (array.shape, array.dtype.name)


def test_a_model_that_is_none_or_too_large():
    with pytest.raises(ValueError, match="the shape of the input is not known"):
        files.specs_of([Dense(3)])
    with pytest.raises(ValueError, match="it has no layers"):
        files.specs_of([Input((3,))])
    with pytest.raises(ValueError, match=r"numbers: too many"):
        files.specs_of([Input((2**26, 2)), Dense(1)])


@pytest.mark.parametrize("name", ["a.kera", "a", "h5"])
def test_other_kinds_of_files_are_not_written(name, tmp_path):
    with pytest.raises(ModelFileError, match="models are kept in"):
        files.save_model(dense(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_the_state_is_a_copy_and_there_is_none_before_the_first_step():
    model = dense(optimizer="adam")
    assert files.optimizer_state(model.optimizer, model.trainable_weights) is None
    model.train_on_batch(X, Y)
    state = files.optimizer_state(model.optimizer, model.trainable_weights)
    assert (state["iterations"], [*state["slots"]]) == (1, ["momentum", "velocity"])
    kept = [array.copy() for slot in state["slots"].values() for array in slot]
    model.train_on_batch(X, Y)
    now = [array for slot in state["slots"].values() for array in slot]
    assert all(map(np.array_equal, kept, now))


def test_what_compile_was_told_is_kept_as_plain_values():
    config = files.compiled_config(dense(metrics=["acc"]))
    (accuracy,) = config["metrics"]
    assert accuracy == {"class_name": "SparseCategoricalAccuracy", "config": {"name": "acc"}}
    assert config["loss"]["class_name"] == "SparseCategoricalCrossentropy"
    assert config["optimizer"]["class_name"] == "SGD"


def test_the_optimizer_is_left_out_on_request(tmp_path):
    from tinycnn.models import load_model

    model = dense()
    files.save_model(model, tmp_path / "a.H5", include_optimizer=False)
    with pytest.raises(RuntimeError, match="Compile the model first"):
        load_model(tmp_path / "a.H5").evaluate(X, Y, verbose=0)
    files.save_model(Sequential([Input((4,)), Dense(3)]), tmp_path / "b.hdf5")
    assert load_model(tmp_path / "b.hdf5").count_params() == 15


REPLACED = {
    "float64": (lambda p: p.astype(np.float64), "kernel of layer d must be an array of float32"),
    "another byte order": (
        lambda p: p.astype(p.dtype.newbyteorder()),
        "must be an array of float32",
    ),
    "objects": (lambda p: p.astype(object), "Received: object"),
    "another shape": (lambda p: p[:2], r"must have the shape \(4, 3\). Received: \(2, 3\)"),
    "a list": (lambda p: p.tolist(), "must be a NumPy array. Received: list"),
    "masked": (lambda p: np.ma.masked_greater(p, 0), "must be a NumPy array"),
}


@pytest.mark.parametrize("how", REPLACED)
def test_parameters_that_loading_would_refuse_are_refused_when_saving(tmp_path, how):
    model = Sequential([Input((4,)), Dense(3, name="d")])
    make, words = REPLACED[how]
    model.layers[0].params["kernel"] = make(model.layers[0].params["kernel"])
    with pytest.raises(ModelFileError, match=words):
        model.save(tmp_path / "a.h5")
    assert list(tmp_path.iterdir()) == []


def test_parameters_in_another_order_and_slots_of_another_dtype_are_refused(tmp_path):
    model = Sequential([Input((4,)), Dense(3, name="d")])
    model.compile("adam", "categorical_crossentropy")
    model.train_on_batch(np.ones((1, 4)), np.eye(3)[:1])
    kept = model.optimizer.slots["momentum"][0]
    model.optimizer.slots["momentum"][0] = kept.astype(object)
    with pytest.raises(
        ModelFileError, match="momentum of the optimizer must be an array of float32"
    ):
        model.save(tmp_path / "a.h5")
    model.optimizer.slots["momentum"][0] = kept
    model.layers[0].params = dict(reversed(model.layers[0].params.items()))
    with pytest.raises(ModelFileError, match=r"must have the parameters \['kernel', 'bias'\]"):
        model.save(tmp_path / "a.h5")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [None, 3, io.BytesIO()], ids=lambda name: type(name).__name__)
def test_what_is_no_name_of_a_file_is_said(name):
    model = dense()
    for call in (model.save, model.save_weights, model.load_weights, load_model):
        with pytest.raises(TypeError, match=r"A file's name must be a text or a path. Received: "):
            call(name)


def test_names_of_bytes_are_taken(tmp_path):
    path, model = os.fsencode(tmp_path / "a.keras"), dense()
    model.save(path)
    model.load_weights(path)
    np.testing.assert_array_equal(load_model(path).get_weights()[0], model.get_weights()[0])


def test_save_takes_the_format_that_the_name_says(tmp_path):
    for name, kind, other in (("a.keras", "keras", "h5"), ("a.h5", "h5", "keras")):
        dense().save(tmp_path / name, save_format=kind, zipped=kind == "keras")
        assert (tmp_path / name).exists()
        for wrong in ({"save_format": other}, {"zipped": kind != "keras"}):
            with pytest.raises(ValueError, match=f"save: {next(iter(wrong))} is only there with"):
                dense().save(tmp_path / name, **wrong)
