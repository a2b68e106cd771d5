"""Translates the config.json of a .keras file to the older form of configurations in .h5 files, and back.

Keras 3 says of every object which module it is in, and under which name it is registered. `layer_config` and
`training_config` read and write the older form, that of tf.keras 2, where names alone say it.
"""

from tinycnn.saving.known import KINDS

KERAS = ("keras", "tf_keras", "keras_core")  # packages, whose modules are left out
DROPPED = ("shared_object_id", "build_config")  # of no effect here
# The modules that Keras 3 names, by the key under which an object stands, or the key's last part.
MODULES = {
    "layers": "keras.layers",
    "layer": "keras.layers",
    "loss": "keras.losses",
    "metrics": "keras.metrics",
    "optimizer": "keras.optimizers",
    "learning_rate": "keras.optimizers.schedules",
    **{name: f"keras.{name}s" for name in ("initializer", "regularizer", "constraint")},
}
OURS = {"MeanMetricWrapper"}.union(*KINDS)


def older(value: object) -> object:
    """Return a configuration of a .keras file without what only Keras 3 says; a function is its name.

    A module that is none of Keras's, and a registered name that is not the class's, stay: such an object is
    none of Keras's.

    Args:
        value: from JSON; `options.parse` has bounded how deep it is nested.

    Example:
        >>> older({"module": "keras.layers", "class_name": "Flatten", "registered_name": None})
        {'class_name': 'Flatten'}
        >>> older({"module": "builtins", "class_name": "function", "config": "mse"})
        'mse'
    """
    if isinstance(value, list):
        return [older(item) for item in value]
    if not isinstance(value, dict):
        return value
    class_name, module = value.get("class_name"), value.get("module")
    if (module, class_name) == ("builtins", "function") and isinstance(value.get("config"), str):
        return value["config"]
    dropped = set(DROPPED)
    if isinstance(module, str) and module.split(".")[0] in KERAS:
        dropped.add("module")
    if value.get("registered_name") in (None, class_name):
        dropped.add("registered_name")
    return {key: older(item) for key, item in value.items() if key not in dropped}


def older_training(compiled: dict | None) -> dict | None:
    """Return the training_config of an .h5 file, given a compile_config; None if there is none.

    Raises:
        ValueError: if it is not an object.
    """
    if not compiled:
        return None
    if not isinstance(compiled, dict):
        raise ValueError("it is not an object")
    training = older(compiled)
    return {"optimizer_config": training.pop("optimizer", None), **training}


def newer(value: object, key: str = "") -> object:
    """Return a configuration in the older form with what Keras 3 says of every object.

    Args:
        value: the configuration of an object, or what is in one.
        key: under which it stands.

    Example:
        >>> newer({"class_name": "Zeros", "config": {}}, "bias_initializer")["module"]
        'keras.initializers'
        >>> newer({"class_name": "mine>Own", "config": {}}, "loss")["registered_name"]
        'mine>Own'
    """
    if isinstance(value, list):
        return [newer(item, key) for item in value]
    if not isinstance(value, dict):
        return value
    result = {name: newer(item, name) for name, item in value.items()}
    module = MODULES.get(key.rsplit("_", 1)[-1], MODULES.get(key))
    if not module or "class_name" not in value or "module" in value:
        return result
    if (
        name := value["class_name"]
    ) not in OURS:  # a user's own, which Keras looks up as registered
        names = {"class_name": name.rpartition(">")[2], "registered_name": name}
        return {"module": None, **result, **names}
    return {"module": module, **result, "registered_name": value.get("registered_name")}


def newer_model(model: dict, training: dict | None) -> dict:
    """Return what stands in config.json, given an .h5 file's model_config, and training_config or None.

    The input's shape keeps its older name, which Keras 3 knows, too: by that tf.keras opens the file as well.
    """
    config = newer(model["config"])
    first = config["layers"][0]["config"]
    first.pop("ragged", None)  # older versions do not know it
    shape = first["batch_input_shape"]
    described = {"module": "keras", "class_name": "Sequential", "config": config}
    described |= {"registered_name": None, "build_config": {"input_shape": shape}}
    if training is not None:
        compiled = {**training, "optimizer": training["optimizer_config"]}
        del compiled["optimizer_config"]
        described["compile_config"] = newer(compiled)
    return described
