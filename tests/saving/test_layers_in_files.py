"""Every layer in a model file: its examples come back, and Keras 2's names of options are understood."""

import json

import h5py
import numpy as np
import pytest

import tinycnn
from tests.support.layer_examples import every_example, in_a_model
from tinycnn.layers import Dense, Input, LeakyReLU
from tinycnn.utils.errors import ModelFileError


@every_example
def test_the_examples_of_every_layer_come_back(cls, arguments, shape, tmp_path):
    model = in_a_model(tinycnn, cls, arguments, shape)
    model.save(tmp_path / "a.h5")
    again = tinycnn.load_model(tmp_path / "a.h5")
    assert again.get_config() == model.get_config()
    x = np.random.default_rng(0).normal(size=(2, *shape)).astype(np.float32)
    np.testing.assert_array_equal(again.predict(x), model.predict(x))
    lines = []
    again.summary(print_fn=lines.append)
    assert again.layers[0].name in "".join(lines)


def test_the_layers_of_a_file_are_made_once(tmp_path, monkeypatch):
    tinycnn.Sequential([Input((4,)), Dense(3), Dense(2)]).save(tmp_path / "a.h5")
    made, real = [], Dense.__init__

    def counted(self, *arguments, **options):
        made.append(self)
        real(self, *arguments, **options)

    monkeypatch.setattr(Dense, "__init__", counted)
    assert tinycnn.load_model(tmp_path / "a.h5").layers == made


class Slow(tinycnn.optimizers.SGD):
    """Somebody's own optimizer."""


class Gentle(tinycnn.losses.CategoricalCrossentropy):
    """Somebody's own loss."""


@pytest.mark.parametrize(
    ("optimizer", "loss", "name"),
    [(Slow(), "categorical_crossentropy", "Slow"), ("sgd", Gentle(), "Gentle")],
)
def test_what_no_file_can_hold_is_named_and_left_out_on_request(tmp_path, optimizer, loss, name):
    model = tinycnn.Sequential([Input((4,)), Dense(3)])
    model.compile(optimizer, loss)
    with pytest.raises(ModelFileError, match=f"no file can hold a {name}.*include_optimizer=False"):
        model.save(tmp_path / "a.h5")
    assert list(tmp_path.iterdir()) == []
    model.save(tmp_path / "a.h5", include_optimizer=False)
    assert tinycnn.load_model(tmp_path / "a.h5").count_params() == 15


def with_options(path, options):
    """Write a model with a LeakyReLU, and give that layer these options in the file."""
    tinycnn.Sequential([Input((4,)), LeakyReLU(0.125)]).save(path)
    with h5py.File(path, "r+") as file:
        del file.attrs["tinycnn_sha256"]
        model = json.loads(file.attrs["model_config"])
        config = model["config"]["layers"][1]["config"]
        assert config.pop("negative_slope") == 0.125
        config |= options
        file.attrs["model_config"] = json.dumps(model)
    return tinycnn.load_model(path).layers[0].negative_slope


def test_keras_2_called_the_slope_alpha(tmp_path):
    assert with_options(tmp_path / "a.h5", {"alpha": 0.5}) == 0.5
    assert with_options(tmp_path / "a.h5", {"negative_slope": 0.25}) == 0.25
    assert with_options(tmp_path / "a.h5", {}) == 0.3


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"alpha": 0.5, "negative_slope": 0.25}, "unknown option 'alpha'"),
        ({"alpha": -1}, "negative_slope=-1"),
        ({"alpha": "0.5"}, "negative_slope='0.5'"),
        ({"alpha": [0.5, 0.5]}, "negative_slope"),
        ({"alpha": {"class_name": "ExponentialDecay"}}, "a value or a short list"),
        ({"negative_slope": None}, "negative_slope=None"),
        ({"beta": 0.5}, "unknown option 'beta'"),
    ],
    ids=str,
)
def test_a_slope_that_is_none(tmp_path, options, words):
    with pytest.raises(ModelFileError) as caught:
        with_options(tmp_path / "a.h5", options)
    assert words in str(caught.value)
