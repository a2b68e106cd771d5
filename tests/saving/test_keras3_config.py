"""What config.json of a .keras file says, in the older form and back."""

import pytest

from tests.support import model_examples as examples
from tinycnn.saving.keras3_config import newer, newer_model, older, older_training
from tinycnn.saving.layer_config import keras_model
from tinycnn.saving.options import registered_name
from tinycnn.saving.training_config import keras_training


def test_what_only_keras_3_says_is_left_out():
    policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}}
    policy |= {"registered_name": None, "shared_object_id": 140}
    layer = {"module": "keras.src.layers.core.dense", "class_name": "Dense", "config": [policy]}
    layer |= {"registered_name": "Dense", "build_config": {"input_shape": [None, 3]}}
    assert older(layer) == {
        "class_name": "Dense",
        "config": [{"class_name": "DTypePolicy", "config": {"name": "float32"}}],
    }


@pytest.mark.parametrize(
    "key", [{"module": "os"}, {"registered_name": "mine>Dense"}, {"module": 3}]
)
def test_what_is_none_of_keras_says_so_still(key):
    assert older({"class_name": "Dense", **key}) == {"class_name": "Dense", **key}


def test_what_compile_was_given_has_other_names():
    for optimizer in ("adam", {"class_name": "Adam", "config": {}}, None):
        training = older_training({"optimizer": optimizer, "loss": "mse"})
        assert training == {"optimizer_config": optimizer, "loss": "mse"}
    assert older_training(None) is older_training({}) is None
    with pytest.raises(ValueError, match="not an object"):
        older_training([1])


def test_every_object_gets_the_module_that_keras_knows_it_in():
    described = newer_model(
        keras_model(examples.every_layer()), keras_training(examples.training())
    )
    first, second = described["config"]["layers"][:2]
    assert first["module"] == second["module"] == "keras.layers"
    assert first["config"]["batch_input_shape"] == [None, 8, 8, 1]  # tf.keras knows no other name
    assert second["config"]["kernel_initializer"]["module"] == "keras.initializers"
    assert described["compile_config"]["optimizer"]["module"] == "keras.optimizers"
    assert described["build_config"] == {"input_shape": [None, 8, 8, 1]}
    loss = newer({"class_name": "MeanSquaredError", "config": {}}, "loss")
    assert (loss["module"], loss["registered_name"]) == ("keras.losses", None)
    own = {"class_name": "Own", "module": "mine", "registered_name": "mine>Own", "config": {}}
    assert newer(own, "loss") == own


@pytest.mark.parametrize("name", ["Own", "mine>Own"])
def test_a_class_of_a_user_is_looked_up_as_registered_and_not_in_a_module_of_keras(name):
    plain = {"class_name": name, "config": {}}
    described = newer([plain], "layers")
    own = {"module": None, "class_name": "Own", "registered_name": name, "config": {}}
    assert described == [own]
    assert registered_name(older(described)[0], "Own") == name


def test_there_and_back_is_the_same():
    model, training = keras_model(examples.every_layer()), keras_training(examples.training())
    described = newer_model(model, training)
    model["config"]["layers"][0]["config"].pop("ragged")  # which some versions of Keras 3 refuse
    assert older(described)["config"] == model["config"]
    assert older_training(described["compile_config"]) == training
    assert "compile_config" not in newer_model(model, None)
