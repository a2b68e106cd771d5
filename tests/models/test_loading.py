"""Models out of files: configurations that no model can have, and states that no optimizer can be in."""

import copy

import numpy as np
import pytest

import tinycnn
from tinycnn import saving, utils
from tinycnn.layers import Conv2D, Dense, Flatten, Input
from tinycnn.models import Sequential, files, load_model
from tinycnn.optimizers import Adam
from tinycnn.saving import writer
from tinycnn.utils.errors import ModelFileError

X = np.random.default_rng(0).random((6, 8, 8, 1))


Y = np.arange(6) % 3


def net():
    utils.set_random_seed(2)
    layers = [Input((8, 8, 1)), Conv2D(4, 3, activation="relu"), Flatten()]
    model = Sequential([*layers, Dense(3, activation="softmax")])
    model.compile(Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def stored(model, change):
    """Return what `save` would store, its configuration changed."""
    config = copy.deepcopy(model.get_config())
    change(config["layers"])
    weights = [layer.get_weights() for layer in model.layers]
    return saving.SavedModel(config, weights)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda layers: layers[2]["config"].update(dtype="float64"), "float32"),
        (lambda layers: layers[1]["config"].update(strides=[2**40, 1]), "strides"),
        (
            lambda layers: layers[0]["config"].update(batch_shape=[None, 30000, 30000, 1]),
            "too many",
        ),
        (lambda layers: layers[1]["config"].update(filters=2**31), "filters"),
    ],
    ids=["two dtypes", "giant strides", "giant input", "giant filters"],
)
def test_odd_configurations_are_refused_as_a_file(change, said, tmp_path):
    path = tmp_path / "odd.h5"
    path.write_bytes(writer.file_image(stored(net(), change)))
    with pytest.raises(ModelFileError, match=said):
        load_model(path)


def test_a_model_of_an_input_alone_is_none(tmp_path):
    path = tmp_path / "input.h5"
    config = {"name": "s", "layers": net().get_config()["layers"][:1]}
    path.write_bytes(writer.file_image(saving.SavedModel(config, [])))
    with pytest.raises(ModelFileError, match="no layers"):
        load_model(path)


@pytest.mark.parametrize("spoil", ["steps", "squares"])
def test_an_impossible_optimizer_state_starts_afresh(spoil, tmp_path):
    model = net()
    model.fit(X, Y, verbose=0)
    if spoil == "steps":
        model.optimizer.iterations = -5
    else:
        model.optimizer.slots["velocity"][0][...] = -1
    state = files.optimizer_state(model.optimizer)
    weights = [layer.get_weights() for layer in model.layers]
    compiled = files.compiled_config(model)
    path = tmp_path / "state.h5"
    path.write_bytes(
        writer.file_image(saving.SavedModel(model.get_config(), weights, compiled, state))
    )
    with pytest.warns(UserWarning, match="starts afresh"):
        again = load_model(path)
    history = again.fit(X, Y, verbose=0).history
    assert np.isfinite(history["loss"]).all()


def test_the_layers_of_a_file_are_made_once(tmp_path, monkeypatch):
    tinycnn.Sequential([Input((4,)), Dense(3), Dense(2)]).save(tmp_path / "a.h5")
    made, real = [], Dense.__init__

    def counted(self, *arguments, **options):
        made.append(self)
        real(self, *arguments, **options)

    monkeypatch.setattr(Dense, "__init__", counted)
    assert tinycnn.load_model(tmp_path / "a.h5").layers == made


def test_weights_state_and_what_compile_was_told_come_back(tmp_path):
    model, path = net(), tmp_path / "whole.h5"
    model.fit(X, Y, verbose=0)
    model.save(path)
    again, bare = load_model(path), load_model(path, compile=False)
    for one, other, third in zip(*(m.get_weights() for m in (model, again, bare)), strict=True):
        np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(one, third)
    assert again.optimizer.iterations == model.optimizer.iterations == 1
    assert again.optimizer.slots.keys() == model.optimizer.slots.keys()
    assert again.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)
    with pytest.raises(RuntimeError, match="Compile the model first"):
        bare.evaluate(X, Y, verbose=0)


@pytest.mark.parametrize("option", [{"custom_objects": {"A": 1}}, {"safe_mode": False}])
def test_options_that_would_run_code_are_refused(option, tmp_path):
    with pytest.raises(ValueError, match=f"load_model: {next(iter(option))} is only there"):
        load_model(tmp_path / "none.h5", **option)
