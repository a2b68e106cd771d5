"""What compile was told: from the words of every Keras, and back."""

import pytest

import tinycnn
from tests.support import model_examples as examples
from tinycnn.layers import Dense, Input
from tinycnn.saving import training_config
from tinycnn.saving.options import UnsupportedError
from tinycnn.utils.errors import ModelFileError


class SGD(tinycnn.optimizers.SGD):
    """Somebody's own optimizer."""


class CategoricalCrossentropy(tinycnn.losses.CategoricalCrossentropy):
    """Somebody's own loss."""


@pytest.mark.parametrize(
    ("optimizer", "loss", "name"),
    [
        (SGD(), "categorical_crossentropy", "SGD"),
        ("sgd", CategoricalCrossentropy(), "CategoricalCrossentropy"),
    ],
)
def test_what_no_file_can_hold_is_named_and_left_out_on_request(tmp_path, optimizer, loss, name):
    model = tinycnn.Sequential([Input((4,)), Dense(3)])
    model.compile(optimizer, loss)
    with pytest.raises(ModelFileError, match=f"no file can hold a {name}.*include_optimizer=False"):
        model.save(tmp_path / "a.h5")
    assert list(tmp_path.iterdir()) == []
    model.save(tmp_path / "a.h5", include_optimizer=False)
    assert tinycnn.load_model(tmp_path / "a.h5").count_params() == 15


@pytest.mark.parametrize("optimizer", [examples.ADADELTA, examples.ADAM, examples.MOMENTUM])
@pytest.mark.parametrize(
    "loss",
    [
        "sparse_categorical_crossentropy",
        {"class_name": "CategoricalCrossentropy", "config": {"label_smoothing": 0.1}},
    ],
)
def test_what_is_written_reads_as_the_same_plain_form(loss, optimizer):
    plain = {"loss": loss, "metrics": ["acc"], "optimizer": optimizer}
    written = training_config.keras_training(plain)
    assert training_config.plain_training(written) == plain


def test_metrics_and_rates_in_the_words_of_every_keras():
    wrapped = {"class_name": "MeanMetricWrapper", "config": {"name": "a", "fn": "accuracy"}}
    own = {"class_name": "SparseCategoricalAccuracy", "config": {"name": "b", "dtype": "float32"}}
    old = {"class_name": "Custom>SGD", "config": {"lr": 0.5, "epsilon": None}}
    described = {"loss": "categorical_crossentropy", "optimizer_config": old}
    plain = training_config.plain_training(described | {"metrics": [[wrapped, own, "acc"]]})
    assert plain["metrics"] == ["accuracy", "sparse_categorical_accuracy", "acc"]
    assert plain["optimizer"] == {"class_name": "SGD", "config": {"learning_rate": 0.5}}
    with pytest.raises(ValueError, match="has no loss"):
        training_config.plain_training({"optimizer_config": old})
    with pytest.raises(UnsupportedError, match="RMSprop"):
        training_config.plain_training(
            described | {"optimizer_config": {"class_name": "RMSprop", "config": {}}}
        )
