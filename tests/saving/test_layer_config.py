"""Configurations of layers: Keras 2's names of options, and values that are none."""

import json

import h5py
import pytest

import tinycnn
from tests.support import model_examples as examples
from tinycnn.layers import Input, LeakyReLU
from tinycnn.saving import layer_config
from tinycnn.saving.options import UnsupportedError
from tinycnn.utils.errors import ModelFileError


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


def test_what_is_written_reads_as_the_same_plain_form():
    plain = examples.every_layer()
    assert layer_config.plain_model(layer_config.keras_model(plain)) == plain


def test_the_wrappers_of_keras_3_are_taken_off():
    policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float64"}}
    assert layer_config.plain_dtype(policy) == "float64"
    for (scale, mode, distribution), wanted in {
        (1.0, "fan_avg", "uniform"): "GlorotUniform",
        (1.0, "fan_avg", "truncated_normal"): "GlorotNormal",
        (2.0, "fan_in", "uniform"): "HeUniform",
        (2.0, "fan_in", "normal"): "HeNormal",
    }.items():
        config = {"scale": scale, "mode": mode, "distribution": distribution}
        given = {"class_name": "VarianceScaling", "config": config}
        assert layer_config.plain_initializer(given)["class_name"] == wanted
    mixed = {"class_name": "Policy", "config": {"name": "mixed_float16"}, "shared_object_id": 3}
    assert layer_config.plain_dtype(mixed) == "float32"
    for wrong in ("float16", {"class_name": "Policy", "config": {"name": "mixed"}}):
        with pytest.raises(UnsupportedError, match="only"):
            layer_config.plain_dtype(wrong)
