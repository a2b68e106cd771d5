"""What compile was told: from the words of every Keras, and back."""

import json

import h5py
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


def test_settings_of_averages_that_are_not_made_are_left_out():
    """RMSprop of tf.keras has 100 there, and its older optimizers do not know the word."""
    settings = {"learning_rate": 0.5, "ema_momentum": 0.5, "ema_overwrite_frequency": 100}
    for use_ema, written in ((False, {"learning_rate": 0.5}), (True, settings | {"use_ema": True})):
        optimizer = {"class_name": "RMSprop", "config": settings | {"use_ema": use_ema}}
        told = training_config.keras_training(examples.training(optimizer))
        assert told["optimizer_config"]["config"] == written


def test_metrics_and_rates_in_the_words_of_every_keras():
    wrapped = {"class_name": "MeanMetricWrapper", "config": {"name": "a", "fn": "accuracy"}}
    own = {"class_name": "SparseCategoricalAccuracy", "config": {"name": "b", "dtype": "float32"}}
    old = {"class_name": "Custom>SGD", "config": {"lr": 0.5, "epsilon": None}}
    described = {"loss": "categorical_crossentropy", "optimizer_config": old}
    plain = training_config.plain_training(described | {"metrics": [[wrapped, own, "acc"]]})
    assert plain["metrics"] == [
        {"class_name": "Accuracy", "config": {"name": "a"}},
        {"class_name": "SparseCategoricalAccuracy", "config": {"name": "b"}},
        "acc",
    ]
    assert plain["optimizer"] == {"class_name": "SGD", "config": {"learning_rate": 0.5}}
    with pytest.raises(ValueError, match="has no loss"):
        training_config.plain_training({"optimizer_config": old})
    with pytest.raises(UnsupportedError, match="Nadam"):
        training_config.plain_training(
            described | {"optimizer_config": {"class_name": "Ftrl", "config": {}}}
        )


def read_metrics(*described):
    """Return the metrics of a model that is compiled with what such a file says, and their names."""
    optimizer = {"class_name": "SGD", "config": {}}
    told = {"loss": "mse", "optimizer_config": optimizer, "metrics": list(described)}
    model = tinycnn.Sequential([Input((4,)), Dense(3)])
    model.compile("sgd", "mse", metrics=training_config.plain_training(told)["metrics"])
    return model._compiled["metrics"], model.objective.names()[1:]


def wrapped(fn, **options):
    return {"class_name": "MeanMetricWrapper", "config": {"dtype": "float32", "fn": fn, **options}}


def of_keras_3(class_name, **config):
    about = {"module": "keras.metrics", "registered_name": None, "shared_object_id": 7}
    policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}}
    return {"class_name": class_name, "config": {"dtype": policy, **config}, **about}


FUNCTION = {"module": "builtins", "class_name": "function", "registered_name": "function"}


@pytest.mark.parametrize(
    ("described", "cls", "name"),
    [
        ("accuracy", "AccuracyByShape", "accuracy"),
        ("mse", "MeanSquaredError", "mse"),
        ("CategoricalAccuracy", "CategoricalAccuracy", "CategoricalAccuracy"),
        *(
            (wrapped(fn, name="accuracy"), cls, "accuracy")
            for fn, cls in (
                ("categorical_accuracy", "CategoricalAccuracy"),
                ("sparse_categorical_accuracy", "SparseCategoricalAccuracy"),
                ("binary_accuracy", "BinaryAccuracy"),
                (FUNCTION | {"config": "binary_accuracy"}, "BinaryAccuracy"),
            )
        ),
        (wrapped(None, name="accuracy"), "AccuracyByShape", "accuracy"),
        (wrapped("mean_squared_error", name="MSE"), "MeanSquaredError", "MSE"),
        (
            wrapped(
                {
                    "class_name": "BinaryCrossentropy",
                    "config": {"reduction": "auto", "name": "b", "fn": "binary_crossentropy"},
                    "__passive_serialization__": True,
                },
                name="binary",
            ),
            "BinaryCrossentropy",
            "binary",
        ),
        (
            of_keras_3("SparseCategoricalAccuracy", name="accuracy"),
            "SparseCategoricalAccuracy",
            "accuracy",
        ),
        (of_keras_3("BinaryAccuracy", name="b", threshold=0.3), "BinaryAccuracy", "b"),
        (
            of_keras_3("TopKCategoricalAccuracy", name=None, k=2),
            "TopKCategoricalAccuracy",
            "top_k_categorical_accuracy",
        ),
        (FUNCTION | {"config": "mean_absolute_error"}, "MeanAbsoluteError", "mean_absolute_error"),
    ],
    ids=str,
)
def test_a_metric_keeps_its_name_whatever_form_it_has(described, cls, name):
    (metric,), names = read_metrics(described)
    assert (type(metric).__name__, names) == (cls, [name])


def test_options_of_metrics_are_kept():
    (binary, top), _ = read_metrics(
        [wrapped("binary_accuracy", threshold=0.25), of_keras_3("TopKCategoricalAccuracy", k=2)]
    )
    assert (binary.threshold, top.k) == (0.25, 2)


@pytest.mark.parametrize(
    ("bad", "kind"),
    [
        ([of_keras_3("Accuracy", name="a/b")], ValueError),
        ([of_keras_3("Accuracy", name="a" * 201)], ValueError),
        ([FUNCTION | {"config": {"a": 1}}], ValueError),
        ([of_keras_3("BinaryAccuracy", threshold="0.3")], ValueError),
        (["accuracy"] * 101, ValueError),
        ([3], ValueError),
    ],
    ids=lambda value: str(value)[:40],
)
def test_metrics_that_are_refused(bad, kind):
    optimizer = {"class_name": "SGD", "config": {}}
    with pytest.raises(kind):
        training_config.plain_training(
            {"loss": "mse", "optimizer_config": optimizer, "metrics": bad}
        )


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ({"out": "accuracy"}, ["accuracy"]),
        ({"out": ["accuracy", "mae"]}, ["accuracy", "mae"]),
        ([["accuracy"]], ["accuracy"]),
        ({"out": None}, []),
    ],
    ids=str,
)
def test_metrics_and_losses_of_the_one_output(told, wanted):
    optimizer = {"class_name": "SGD", "config": {}}
    described = {"loss": {"out": "mse"}, "optimizer_config": optimizer, "metrics": told}
    plain = training_config.plain_training(described)
    assert (plain["loss"], plain["metrics"]) == ("mse", wanted)


@pytest.mark.parametrize(
    "unknown", ["AUC", of_keras_3("Precision"), wrapped("own"), wrapped(wrapped("own"))], ids=str
)
def test_a_metric_that_is_not_there_is_left_out_and_said(unknown):
    told = {"loss": "mse", "optimizer_config": {"class_name": "SGD", "config": {}}}
    said = []
    plain = training_config.plain_training(told | {"metrics": ["mae", unknown]}, said.append)
    assert plain["metrics"] == ["mae"]
    assert len(said) == 1
    assert "is left out" in said[0]


CONFIG = {"reduction": "auto", "name": "mean_squared_error", "fn": "mean_squared_error"}


@pytest.mark.parametrize(
    "described",
    [
        "mse",
        "MeanSquaredError",
        ["mean_squared_error"],
        FUNCTION | {"config": "mean_squared_error"},
        {"class_name": "MeanSquaredError", "config": CONFIG},
        {
            "class_name": "MeanSquaredError",
            "config": CONFIG,
            "module": "keras.losses",
            "registered_name": None,
        },
        {
            "class_name": "MeanSquaredError",
            "config": {"name": None, "reduction": "sum_over_batch_size"},
        },
        {"class_name": "LossFunctionWrapper", "config": CONFIG},
        {
            "class_name": "LossFunctionWrapper",
            "config": CONFIG | {"fn": FUNCTION | {"config": "mean_squared_error"}},
        },
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_loss_in_the_words_of_every_keras(described):
    optimizer = {"class_name": "SGD", "config": {}}
    told = {"loss": described, "optimizer_config": optimizer}
    plain = training_config.plain_training(told)
    loss = tinycnn.losses.get(plain["loss"])
    assert type(loss) is tinycnn.losses.MeanSquaredError
    assert training_config.keras_training(plain)["loss"] == "mean_squared_error"


@pytest.mark.parametrize(
    "described",
    [
        "hinge",
        ["mse", "mse"],
        {"class_name": "Huber", "config": {}},
        {"class_name": "MeanSquaredError", "config": {"reduction": "sum"}},
        {"class_name": "MeanSquaredError", "config": {"fn": "mean_absolute_error"}},
        {"class_name": "LossFunctionWrapper", "config": {"fn": "own"}},
        FUNCTION | {"config": "own"},
    ],
    ids=lambda value: str(value)[:60],
)
def test_losses_that_are_refused(described):
    optimizer = {"class_name": "SGD", "config": {}}
    with pytest.raises(ValueError, match="loss"):
        training_config.plain_training({"loss": described, "optimizer_config": optimizer})


@pytest.mark.parametrize(
    ("loss", "outputs", "cls"),
    [
        ("sparse_categorical_crossentropy", 3, "SparseCategoricalAccuracy"),
        ("categorical_crossentropy", 3, "CategoricalAccuracy"),
        ("binary_crossentropy", 1, "BinaryAccuracy"),
    ],
)
def test_accuracy_is_written_as_the_class_that_it_is(tmp_path, loss, outputs, cls):
    """tf.keras, given the text alone, would compare class numbers as if they were one-hot."""
    model = tinycnn.Sequential([Input((4,)), Dense(outputs, activation="sigmoid")])
    model.compile("sgd", loss, metrics=["accuracy", "mse"])
    model.save(tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5") as file:
        written = json.loads(file.attrs["training_config"])["metrics"]
    threshold = {"threshold": 0.5} if cls == "BinaryAccuracy" else {}
    assert written == [
        {"class_name": cls, "config": {"name": "accuracy", "dtype": "float32", **threshold}},
        {"class_name": "MeanSquaredError", "config": {"name": "mse", "dtype": "float32"}},
    ]
    again = tinycnn.load_model(tmp_path / "a.h5")
    assert again.objective.names() == ["loss", "accuracy", "mse"]


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


def test_a_learning_rate_that_no_file_can_hold_is_named(tmp_path):
    model = tinycnn.Sequential([Input((4,)), Dense(3)])
    model.compile(tinycnn.optimizers.SGD(lambda: 0.1), "categorical_crossentropy")
    with pytest.raises(ModelFileError, match="learning rate"):
        model.save(tmp_path / "a.h5")


@tinycnn.saving.register_keras_serializable("tests")
class OwnSchedule(tinycnn.optimizers.schedules.LearningRateSchedule):
    """Somebody's own schedule."""

    def __call__(self, step):
        return 0.125


@tinycnn.saving.register_keras_serializable("tests")
def off_by(y_true, y_pred):
    return abs(y_true - y_pred).max(axis=-1)


def test_a_schedule_and_a_metric_of_somebodys_own_come_back(tmp_path):
    model = tinycnn.Sequential([Input((4,)), Dense(3)])
    model.compile(tinycnn.optimizers.SGD(OwnSchedule()), "mse", metrics=[off_by, "mae"])
    for name in ("a.h5", "a.keras"):
        model.save(tmp_path / name)
        again = tinycnn.load_model(tmp_path / name)
        assert again.objective.names() == ["loss", "off_by", "mae"]
        assert again.optimizer.learning_rate == 0.125
        assert again._compiled["metrics"][0].fn is off_by


@pytest.mark.parametrize("left", [{}, {"optimizer_config": None}], ids=str)
def test_without_an_optimizer_it_is_the_one_that_compile_takes(left):
    optimizer = training_config.plain_training({"loss": "mse"} | left)["optimizer"]
    assert optimizer == {"class_name": "RMSprop", "config": {"learning_rate": 0.001}}
