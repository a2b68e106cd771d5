"""Configurations of layers: Keras 2's names of options, and values that are none."""

import json

import h5py
import pytest

import tinycnn
from tests.support import model_examples as examples
from tinycnn.layers import BatchNormalization, Conv2D, Dense, Input, LeakyReLU
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
    for wrong in ("float16", {"class_name": "Policy", "config": {"name": "mixed"}}):
        with pytest.raises(UnsupportedError, match="only"):
            layer_config.plain_dtype(wrong)


KERAS_3 = {"module": "keras.regularizers", "registered_name": None}


@pytest.mark.parametrize(
    ("described", "cls", "config"),
    [
        (
            {"class_name": "L2", "config": {"l2": 0.009999999776482582}},
            "L2",
            {"l2": 0.009999999776482582},
        ),
        (
            {"class_name": "L1L2", "config": {"l1": 0.0, "l2": 0.01}},
            "L1L2",
            {"l1": 0.0, "l2": 0.01},
        ),
        ({"class_name": "L1", "config": {"l1": 0.1}} | KERAS_3, "L1", {"l1": 0.1}),
        ({"class_name": "L2", "config": {"l2": 1}} | KERAS_3, "L2", {"l2": 1.0}),
        ({"class_name": "L1L2", "config": None}, "L1L2", {"l1": 0.0, "l2": 0.0}),
    ],
)
def test_regularizers_in_the_words_of_every_keras(described, cls, config):
    plain = layer_config.plain_regularizer(described)
    made = tinycnn.regularizers.get(plain)
    assert (type(made).__name__, made.get_config()) == (cls, config)


@pytest.mark.parametrize(
    "bad",
    [
        "l2",
        3,
        {"class_name": "OrthogonalRegularizer", "config": {}},
        {"class_name": "L2", "config": {"l1": 0.1}},
        {"class_name": "L2", "config": {"l2": "0.1"}},
        {"class_name": "L2", "config": {"l2": [0.1]}},
        {"class_name": ["L2"], "config": {}},
        {"class_name": "L2", "config": {}, "module": "os"},
        {"config": {}},
    ],
    ids=str,
)
def test_regularizers_that_are_refused(bad):
    with pytest.raises(ValueError):
        layer_config.plain_regularizer(bad)


def test_regularizers_of_every_layer_come_back_and_none_is_not_written(tmp_path):
    layers = [
        Input((5, 5, 1)),
        Conv2D(2, 3, kernel_regularizer="l1", bias_regularizer=tinycnn.regularizers.l2(0.125)),
        BatchNormalization(gamma_regularizer="l2", beta_regularizer="l1"),
        Dense(3),
    ]
    model = tinycnn.Sequential(layers)
    model.save(tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5") as file:
        written = json.loads(file.attrs["model_config"])["config"]["layers"]
    assert written[1]["config"]["bias_regularizer"] == {"class_name": "L2", "config": {"l2": 0.125}}
    assert [name for name in written[3]["config"] if "regularizer" in name] == []
    assert tinycnn.load_model(tmp_path / "a.h5").get_config() == model.get_config()


def test_a_penalty_for_an_activity_or_below_0_is_refused(tmp_path):
    tinycnn.Sequential([Input((4,)), Dense(3)]).save(tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5") as file:
        before = file.attrs["model_config"]
    for name, strength in (("activity_regularizer", 0.1), ("kernel_regularizer", -1)):
        with h5py.File(tmp_path / "a.h5", "r+") as file:
            file.attrs.pop("tinycnn_sha256", None)
            model = json.loads(before)
            penalty = {"class_name": "L2", "config": {"l2": strength}}
            model["config"]["layers"][1]["config"][name] = penalty
            file.attrs["model_config"] = json.dumps(model)
        with pytest.raises(ModelFileError, match=r"activity_regularizer|l2=-1"):
            tinycnn.load_model(tmp_path / "a.h5")
