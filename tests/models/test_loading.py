"""Models out of files: configurations that no model can have, and states that no optimizer can be in."""

import contextlib
import copy
import io
import itertools
import json

import h5py
import numpy as np
import pytest

import tinycnn
from tests.support.layer_examples import in_a_model
from tinycnn import layers, saving, utils
from tinycnn.layers import BatchNormalization, Conv2D, Dense, Flatten, Input
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
    state = files.optimizer_state(model.optimizer, model.trainable_weights)
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


def test_options_that_would_run_code_are_refused(tmp_path):
    with pytest.raises(ValueError, match="load_model: safe_mode is only there"):
        load_model(tmp_path / "none.h5", safe_mode=False)


def test_a_negative_running_variance_is_refused_both_ways(tmp_path):
    model = Sequential([Input((3,)), BatchNormalization(name="bn")])
    model.layers[0].params["moving_variance"][1] = -0.5
    with pytest.raises(ModelFileError, match="moving_variance of layer bn has negative numbers"):
        model.save(tmp_path / "a.h5")
    assert list(tmp_path.iterdir()) == []
    weights = [layer.get_weights() for layer in model.layers]
    (tmp_path / "a.h5").write_bytes(
        writer.file_image(saving.SavedModel(model.get_config(), weights))
    )
    with pytest.raises(ModelFileError, match="moving_variance of layer bn has negative numbers"):
        load_model(tmp_path / "a.h5")


ODD = [-1, 0, 2, 2**40, "10", "", 3.5, -1e30, 1e300, True, None, [], [1], [2, 2], [[1, 0], [0, 2]]]
ODD += [[-1, -1], [2**40, 1], {}, {"class_name": "Zeros"}, [[[1]]]]


def in_file(path, change):
    """Return the bytes of a model's file whose configuration was changed, and which has no checksum."""
    copied = io.BytesIO(path.read_bytes())
    with h5py.File(copied, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        change(config["config"]["layers"])
        file.attrs["model_config"] = json.dumps(config).encode()
        del file.attrs["tinycnn_sha256"]
    return copied.getvalue()


@pytest.mark.filterwarnings("ignore:.*which is left out")
@pytest.mark.parametrize("name", sorted(layers.CLASSES))
def test_odd_options_are_refused_or_make_a_model(name, tmp_path):
    """Nothing but a `ModelFileError` comes of any value of any option; what loads predicts numbers."""
    cls = layers.CLASSES[name]
    arguments, shape = cls.examples[0]
    in_a_model(tinycnn, cls, arguments, shape).save(tmp_path / "good.h5")
    for option, value in itertools.product(cls.config_names, ODD):

        def change(described, option=option, value=value):
            wanted = next(one for one in described if one["class_name"] == name)
            wanted["config"][option] = value

        (tmp_path / "odd.h5").write_bytes(in_file(tmp_path / "good.h5", change))
        with np.errstate(over="ignore"), contextlib.suppress(ModelFileError):
            again = load_model(tmp_path / "odd.h5")
            x = np.ones((2, *again.input_shape[1:]), np.float32)
            y = again.predict(x, verbose=0)
            assert not np.isnan(y).any(), (option, value)
