"""What compile was told: from the words of every Keras, and back."""

import pytest

import tinycnn
from tests.support import model_examples as examples
from tinycnn.layers import Dense, Input
from tinycnn.saving import training_config
from tinycnn.saving.options import UnsupportedError
from tinycnn.utils.errors import ModelFileError


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
    with pytest.raises(UnsupportedError, match="Nadam"):
        training_config.plain_training(
            described | {"optimizer_config": {"class_name": "Ftrl", "config": {}}}
        )


@pytest.mark.parametrize(
    ("written", "class_name", "config"),
    [
        ("adam", "Adam", {"learning_rate": 0.001}),
        ("RMSprop", "RMSprop", {"learning_rate": 0.001}),
        (
            {
                "class_name": "RMSprop",
                "config": {"lr": 0.5, "rho": 0.75, "epsilon": None, "decay": 0.0},
            },
            "RMSprop",
            {"learning_rate": 0.5, "rho": 0.75},
        ),
        (
            {"class_name": "Adam", "config": {"jit_compile": True, "is_legacy_optimizer": False}},
            "Adam",
            {"learning_rate": 0.001},
        ),
        (
            {"class_name": "Nadam", "config": {"lr": 0.5, "schedule_decay": 0.004, "decay": 0.004}},
            "Nadam",
            {"learning_rate": 0.5},
        ),
    ],
)
def test_optimizers_in_the_words_of_every_keras(written, class_name, config):
    described = {"loss": "categorical_crossentropy", "optimizer_config": written}
    plain = training_config.plain_training(described)["optimizer"]
    assert plain == {"class_name": class_name, "config": config}


SCHEDULE = {
    "class_name": "PiecewiseConstantDecay",
    "config": {"boundaries": list(range(1, 20)), "values": [0.5] * 20, "name": None},
}


@pytest.mark.parametrize(
    "more", [{}, {"module": "keras.optimizers.schedules", "registered_name": None}]
)
def test_schedules_in_the_words_of_every_keras(more):
    written = {"class_name": "SGD", "config": {"learning_rate": {**SCHEDULE, **more}}}
    described = {"loss": "categorical_crossentropy", "optimizer_config": written}
    plain = training_config.plain_training(described)
    kept = {"boundaries": list(map(float, range(1, 20))), "values": [0.5] * 20}
    rate = {"class_name": "PiecewiseConstantDecay", "config": kept}
    assert plain["optimizer"]["config"] == {"learning_rate": rate}
    keras = training_config.keras_training(plain)["optimizer_config"]["config"]["learning_rate"]
    assert keras == {"module": "keras.optimizers.schedules", **rate, "registered_name": None}


@pytest.mark.parametrize(
    ("config", "error"),
    [
        ({"learning_rate": {"class_name": "CosineDecay", "config": {}}}, ValueError),
        ({"learning_rate": {"class_name": "Noam", "config": {}}}, UnsupportedError),
        ({"learning_rate": {**SCHEDULE, "config": {"boundaries": 3, "values": 3}}}, ValueError),
        ({"learning_rate": [0.1]}, ValueError),
        ({"learning_rate": -1.0}, ValueError),
        ({"clipnorm": 1.0, "clipvalue": 1.0}, UnsupportedError),
        ({"clipnorm": "1"}, ValueError),
        ({"weight_decay": -1.0}, ValueError),
        ({"use_ema": 1}, ValueError),
        ({"ema_overwrite_frequency": [3]}, ValueError),
        ({"decay": "x"}, ValueError),
        ({"decay": 0.1, "learning_rate": SCHEDULE}, UnsupportedError),
        ({"loss_scale_factor": 2.0}, UnsupportedError),
    ],
)
def test_settings_that_are_no_good_are_refused(config, error):
    written = {"class_name": "SGD", "config": config}
    with pytest.raises(ValueError, match=r"\w") as raised:
        training_config.plain_training(
            {"loss": "categorical_crossentropy", "optimizer_config": written}
        )
    assert isinstance(raised.value, UnsupportedError) == (error is UnsupportedError)


def test_a_learning_rate_of_somebodys_own_is_named(tmp_path):
    for rate, name in ((lambda: 0.1, "function"), (OwnSchedule(), "OwnSchedule")):
        model = tinycnn.Sequential([Input((4,)), Dense(3)])
        model.compile(tinycnn.optimizers.SGD(rate), "categorical_crossentropy")
        with pytest.raises(ModelFileError, match=rf"learning rate of the class {name}"):
            model.save(tmp_path / "a.h5")


class OwnSchedule(tinycnn.optimizers.schedules.LearningRateSchedule):
    """Somebody's own schedule."""

    def __call__(self, step):
        return 0.1
