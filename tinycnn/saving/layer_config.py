"""Translates the configuration of a model's layers from Keras's form to the plain form, and back.

Files of Keras 3 and tf.keras 2 are read. The plain form is that of `SavedModel.config`: of each layer its
class's name, and what its `get_config` returns. Back means tf.keras 2's form, which Keras 3 reads, too.
"""

from tinycnn import activations, initializers, regularizers
from tinycnn.layers import CLASSES
from tinycnn.saving.options import (
    ANYTHING,
    Check,
    UnsupportedError,
    boolean,
    checks_of,
    choice,
    dictionary,
    mapping,
    name,
    number,
    scalars,
    select,
    shown,
    text,
)

ACTIVATIONS = {known: known for known in activations.ACTIVATIONS} | {None: "linear"}
MOST_LAYERS = 500
DTYPES = ("float32", "float64")

# The first versions of Keras 2 wrote these initializers as VarianceScaling(scale, mode, distribution).
VARIANCE_SCALING = {
    (1.0, "fan_avg", "uniform"): "GlorotUniform",
    (1.0, "fan_avg", "normal"): "GlorotNormal",
    (2.0, "fan_in", "uniform"): "HeUniform",
    (2.0, "fan_in", "normal"): "HeNormal",
}
# Options of an initializer that are allowed with these values and ignored.
INITIALIZER_DEFAULTS = dict.fromkeys(("dtype", "input_axes", "output_axes"), (None, "float32"))


def plain_dtype(value: object) -> str:
    """Return "float32" or "float64", given as such or as Keras 3's description of a DTypePolicy.

    Raises:
        ValueError: for anything else.
    """
    if isinstance(value, dict):
        checks = {"class_name": choice(("DTypePolicy", "Policy")), "config": dictionary}
        supported = {"module": ("keras", None), "registered_name": (None,)}
        value = select("dtype", value, checks, supported).get("config", {}).get("name")
    return choice(DTYPES)(value)


def plain_initializer(value: object) -> dict:
    """Return {"class_name", "config"} of an initializer in the plain form, given Keras's description of it.

    Raises:
        ValueError: if it is malformed, or not one of this library's initializers.
    """
    checks = {"class_name": scalars, "config": dictionary}
    known = initializers.CLASSES
    supported = {"module": ("keras.initializers", None), "registered_name": (None, *known)}
    initializer = select("it", value, checks, supported)
    class_name, config = initializer.get("class_name"), initializer.get("config", {})
    if class_name == "VarianceScaling":
        class_name, config = _variance_scaling(config)
    if not isinstance(class_name, str) or class_name not in known:
        raise UnsupportedError(f"only {sorted(known)} are there")
    kept = select("it", config, checks_of(known[class_name]), INITIALIZER_DEFAULTS)
    return {"class_name": class_name, "config": kept}


def plain_regularizer(value: object) -> dict | None:
    """Return {"class_name", "config"} of a regularizer, or None, given Keras's description of it.

    Raises:
        ValueError: if it is malformed, or not one of this library's regularizers.
    """
    if value is None:
        return None
    checks = {"class_name": choice(regularizers.CLASSES.keys()), "config": dictionary}
    supported = {"module": ("keras.regularizers", None)}
    supported["registered_name"] = (None, *regularizers.CLASSES)
    described = select("it", value, checks, supported)
    cls = regularizers.CLASSES.get(described.get("class_name"))
    if cls is None:
        raise ValueError("it has no class_name")
    config = select("it", described.get("config", {}), checks_of(cls), {})
    return {"class_name": cls.__name__, "config": config}


def _variance_scaling(config: dict) -> tuple[str | None, dict]:
    """Return (class name, config) of the initializer that a VarianceScaling is; None for others."""
    checks = {"scale": number, "mode": text, "distribution": text, "seed": scalars}
    scaling = select("it", config, checks, INITIALIZER_DEFAULTS)
    distribution = scaling.get("distribution", "normal").removeprefix("truncated_")
    key = (scaling.get("scale", 1.0), scaling.get("mode", "fan_in"), distribution)
    return VARIANCE_SCALING.get(key), {"seed": scaling.get("seed")}


# For an option of a layer, by name, the function that checks it and returns its plain value.
TRAINABLE = (
    "trainable",
    True,
)  # what a layer is unless its configuration says otherwise: not written

CHECKS = {
    "name": name,
    "dtype": plain_dtype,
    "activation": choice(ACTIVATIONS),
    "use_bias": boolean,
    "trainable": boolean,
}


def _check_of(option: str) -> Check:
    """Return the function that checks a layer's option; those not in CHECKS are checked by the layer."""
    kind = option.rpartition("_")[2]
    kinds = {"initializer": plain_initializer, "regularizer": plain_regularizer}
    return kinds.get(kind) or CHECKS.get(option, scalars)


def plain_model(described: dict) -> dict:
    """Return the plain form of a model's configuration.

    Args:
        described: {"class_name": "Sequential", "config": ...} as Keras wrote it.

    Raises:
        ValueError: for anything that this library does not have; the message names layer, option and value.

    Example:
        >>> layer = {"class_name": "Flatten", "config": {"name": "f", "batch_input_shape": [None, 2]}}
        >>> plain_model({"class_name": "Sequential", "config": [layer]})["layers"][1]
        {'class_name': 'Flatten', 'config': {'name': 'f'}}
    """
    if described.get("class_name") != "Sequential":
        raise ValueError(
            f"it is a {shown(described.get('class_name'))} model, and only Sequential is there"
        )
    config = described.get("config")
    if isinstance(config, list):  # Keras 2.0 had no name
        config = {"name": "sequential", "layers": config}
    ignored = {"build_input_shape": ANYTHING, "dtype": ANYTHING}
    kept = {"name": name, "layers": lambda layers: layers, "trainable": scalars}
    selected = select("the model", config, kept, ignored)
    layers = selected.get("layers")
    if not isinstance(layers, list) or not layers:
        raise ValueError("it has no layers")
    if len(layers) > MOST_LAYERS:
        raise ValueError(f"it has {len(layers)} layers, and {MOST_LAYERS} are the most")
    plain = _with_input([_plain_layer(layer) for layer in layers])
    if selected.get("trainable") is False:  # then none of its layers is
        plain = [{**layer, "config": {**layer["config"], "trainable": False}} for layer in plain]
    return {"name": selected.get("name", "sequential"), "layers": plain}


def _plain_layer(layer: object) -> tuple[dict, object]:
    """Return a layer's plain form, and its batch_input_shape or None; tf.keras 2 gives the first layer one.

    `layer` is Keras's description, {"class_name", "config", ...}.
    """
    layer = mapping("a layer", layer)
    class_name = layer.get("class_name")
    if not isinstance(class_name, str) or class_name not in CLASSES:
        raise UnsupportedError(
            f"it has a layer of the class {shown(class_name)}, and only {sorted(CLASSES)} are there"
        )
    config = dict(mapping(f"the configuration of a {class_name}", layer.get("config")))
    owner = f"the {class_name} layer {shown(config.get('name'))}"
    # Other keys beside class_name and config, with their allowed values.
    around = {
        "module": ("keras.layers", None),
        "registered_name": (None, class_name),
        **dict.fromkeys(("class_name", "config", "build_config"), ANYTHING),
    }
    select(owner, layer, {}, around)
    input_shape = config.pop("batch_input_shape", None)
    cls = CLASSES[class_name]
    for old, new in cls.renamed_options.items():
        if old in config and new not in config:
            config[new] = config.pop(old)
    kept = {option: _check_of(option) for option in cls.config_names}
    if config.get("trainable", True) is True:
        config.pop("trainable", None)
    plain = _written(select(owner, config, kept, cls.fixed_options))
    if "name" not in plain:
        raise ValueError(f"a layer of the class {class_name} has no name")
    return {"class_name": class_name, "config": plain}, input_shape


def _with_input(layers: list[tuple[dict, object]]) -> list[dict]:
    """Return the layers' plain forms with an InputLayer first; it is made if the file has none.

    Args:
        layers: for each (plain form, its batch_input_shape or None), as from `_plain_layer`.

    Raises:
        ValueError: if the input's shape is missing, or a later layer gives one, too.
    """
    (first, shape), *others = layers
    if first["class_name"] == "InputLayer":
        result = [first]
        shape = first["config"].setdefault("batch_shape", shape)
        if others and others[0][1] == shape:  # tf.keras 2 gives it to the next layer, too
            others[0] = (others[0][0], None)
    else:
        config = {"name": f"{first['config']['name']}_input", "batch_shape": scalars(shape)}
        config["dtype"] = first["config"].get("dtype", "float32")
        result = [{"class_name": "InputLayer", "config": config}, first]
    if shape is None:
        raise ValueError("the shape of its input is missing")
    if any(given is not None or layer["class_name"] == "InputLayer" for layer, given in others):
        raise ValueError("a layer in its midst says what the shape of the input is")
    return result + [layer for layer, _ in others]


def keras_model(plain: dict) -> dict:
    """Return a model's configuration in tf.keras 2's form, given the plain one; Keras 3 reads it, too."""
    layers = [_keras_layer(layer["class_name"], layer["config"]) for layer in plain["layers"]]
    return {"class_name": "Sequential", "config": {"name": plain["name"], "layers": layers}}


def _written(config: dict) -> dict:
    """Return a layer's configuration without what is not written: what a layer is anyway."""
    return {
        option: value
        for option, value in config.items()
        if (option, value) != TRAINABLE
        and (value is not None or not option.endswith("_regularizer"))
    }


def _keras_layer(class_name: str, config: dict) -> dict:
    """Return a layer's description in tf.keras 2's form, given its class's name and plain config."""
    config = _written(config)
    if class_name == "InputLayer":
        config["batch_input_shape"] = config.pop("batch_shape")
        config |= {"sparse": False, "ragged": False}
    elif "data_format" in CLASSES[class_name].fixed_options:
        config["data_format"] = "channels_last"  # the reader's default may be another
    return {"class_name": class_name, "config": config}
