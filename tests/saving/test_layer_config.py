"""Configurations of layers: Keras 2's names of options, and values that are none."""

import json

import h5py
import pytest

import tinycnn
from tests.support import model_examples as examples
from tinycnn.layers import BatchNormalization, Conv2D, Dense, Input, LeakyReLU
from tinycnn.models.files import weight_specs
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
        assert config.pop("alpha") == 0.125  # Keras 2 knows only this name
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


def test_a_penalty_for_an_activity_is_left_out_and_one_below_0_is_refused(tmp_path):
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
        if strength > 0:
            with pytest.warns(UserWarning, match="activity_regularizer.* acts in training only"):
                tinycnn.load_model(tmp_path / "a.h5")
        else:
            with pytest.raises(ModelFileError, match="l2=-1"):
                tinycnn.load_model(tmp_path / "a.h5")


def described(*layers, **options):
    return {"class_name": "Sequential", "config": {"name": "s", "layers": list(layers), **options}}


def layer(class_name, config=(), **around):
    named = {"name": class_name.lower(), **dict(config)}
    return {"class_name": class_name, "config": named, **around}


def start(shape=(None, 4), **config):
    return layer("InputLayer", {"batch_input_shape": list(shape), **config})


def plain(*layers, said=None, **options):
    """Return the plain forms of the layers behind the input; `said` gets what is said."""
    say = pytest.fail if said is None else said.append
    return layer_config.plain_model(described(start(), *layers, **options), say)["layers"][1:]


@pytest.mark.parametrize(
    "around",
    [
        {"module": "keras.src.layers.core.dense", "registered_name": "Dense"},
        {
            "module": "keras.layers",
            "registered_name": None,
            "build_config": {"input_shape": [1, 4]},
        },
        {
            "module": "tf_keras.src.layers",
            "shared_object_id": 7,
            "name": "dense",
            "inbound_nodes": [],
        },
        {"module": "tensorflow.python.keras.layers"},
    ],
    ids=str,
)
def test_what_every_keras_writes_around_a_layer(around):
    policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}}
    config = {"units": 3, "dtype": policy | {"registered_name": None, "shared_object_id": 2}}
    ignored = dict.fromkeys(("lora_rank", "quantization_config", "kernel_constraint"))
    ignored |= {"activity_regularizer": None, "input_dtype": "float32", "trainable": True}
    initializer = {"class_name": "Zeros", "config": {}, "module": "keras.src.initializers"}
    initializer |= {"registered_name": "Zeros", "shared_object_id": 9}
    (found,) = plain(layer("Dense", config | ignored | {"bias_initializer": initializer}, **around))
    zeros = {"class_name": "Zeros", "config": {}}
    assert found["config"] == {
        "name": "dense",
        "units": 3,
        "dtype": "float32",
        "bias_initializer": zeros,
    }


def test_batch_normalization_of_every_keras():
    config = {"axis": [3], "fused": None, "virtual_batch_size": None, "adjustment": None}
    config |= {"renorm": False, "synchronized": True, "gamma_constraint": None}
    (found,) = plain(layer("BatchNormalization", config))
    assert found["config"] == {"name": "batchnormalization", "axis": [3]}
    with pytest.raises(UnsupportedError, match="renorm=True"):
        plain(layer("BatchNormalization", {"renorm": True}))


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("swish", "silu"),
        ("softmax_v2", "softmax"),
        (None, "linear"),
        ({"class_name": "function", "config": "relu", "module": "builtins"}, "relu"),
    ],
    ids=str,
)
def test_activations_under_other_names(given, wanted):
    assert plain(layer("Activation", {"activation": given}))[0]["config"]["activation"] == wanted


def test_an_activation_that_is_a_layer_becomes_one():
    inner = {"class_name": "LeakyReLU", "config": {"name": "x", "alpha": 0.5}}
    first, second = plain(layer("Dense", {"units": 2, "activation": inner}))
    assert first["config"]["activation"] == "linear"
    config = {"name": "dense_activation", "negative_slope": 0.5}
    assert second == {"class_name": "LeakyReLU", "config": config}


def test_what_only_training_needs_is_left_out_and_said():
    said = []
    norm = {"class_name": "MaxNorm", "config": {"max_value": 2}}
    config = {"units": 2, "kernel_constraint": norm, "activity_regularizer": norm}
    config |= {"kernel_initializer": {"class_name": "Orthogonal", "config": {"gain": 1.0}}}
    (found, _) = plain(
        layer("Dense", config), layer("GaussianNoise", {"stddev": 1}), layer("Flatten"), said=said
    )
    assert found["config"] == {"name": "dense", "units": 2}
    assert len(said) == 4
    for word in ("kernel_constraint=", "activity_regularizer=", "GaussianNoise", "Orthogonal"):
        assert sum(word in each and "left out" in each for each in said) == 1


def test_a_layer_that_is_left_out_may_give_the_shape():
    said = []
    first = layer("RandomFlip", {"mode": "horizontal", "batch_input_shape": [None, 4, 4, 1]})
    made = layer_config.plain_model(described(first, layer("Flatten")), said.append)["layers"]
    assert [each["class_name"] for each in made] == ["InputLayer", "Flatten"]
    assert made[0]["config"]["batch_shape"] == [None, 4, 4, 1]
    assert len(said) == 1


@pytest.mark.parametrize("shape", [[1, 4], [32, 4], [None, 4]], ids=str)
def test_a_fixed_batch_size_is_any(shape):
    for options in ({}, {"dtype": "uint8"}):
        made = layer_config.plain_model(described(start(shape, **options), layer("Flatten")))
        assert made["layers"][0]["config"]["batch_shape"] == [None, 4]
    assert made["layers"][0]["config"]["dtype"] == "float32"


def test_the_shape_that_a_model_was_built_with():
    made = layer_config.plain_model(described(layer("Flatten"), build_input_shape=[8, 4]))
    assert made["layers"][0]["config"]["batch_shape"] == [None, 4]
    with pytest.raises(
        ValueError, match="shape of its input is missing: it was saved before it was built"
    ):
        layer_config.plain_model(described(layer("Flatten")))


def test_a_shape_given_again_is_compared_and_not_kept(tmp_path):
    again = {"batch_input_shape": [16, 3]}
    first, second = plain(
        layer("Dense", {"units": 3, "batch_input_shape": [None, 4]}), layer("ReLU", again)
    )
    assert "input_shape" not in first["config"]
    assert second["config"]["input_shape"] == [3]
    inner = described(layer("InputLayer", {"batch_shape": [None, 5]}), layer("ReLU"))
    (_, second) = plain(layer("Dense", {"units": 3}), inner)
    assert second["config"]["input_shape"] == [5]
    with pytest.warns(UserWarning, match=r"its input is \(None, 5\), and it is \(None, 3\)"):
        specs = weight_specs(
            {
                "layers": [
                    {"class_name": "InputLayer", "config": {"shape": [4]}},
                    *plain(layer("Dense", {"units": 3}), inner),
                ]
            }
        )
    assert [name for name, _ in specs] == ["dense", "relu"]


def test_a_policy_of_16_bits_is_said():
    said = []
    policy = {"class_name": "DTypePolicy", "config": {"name": "mixed_bfloat16"}}
    (found,) = plain(layer("Dense", {"units": 2, "dtype": policy}), said=said)
    assert found["config"]["dtype"] == "float32"
    assert "computes in float32" in said[0]


def test_a_class_of_the_same_name_that_is_not_keras_is_not_ours():
    for around in ({"module": "my_script"}, {"registered_name": "mine>Dense"}, {"module": 3}):
        with pytest.raises(UnsupportedError, match="must be handed over"):
            plain(layer("Dense", {"units": 2}, **around))
