"""Translates the configuration of a model's layers from Keras's form to the plain form, and back.

Files of Keras 3 and tf.keras 2 are read. The plain form is that of `SavedModel.config`: of each layer its
class's name, and what its `get_config` returns. Back means tf.keras 2's form, which Keras 3 reads, too.
"""

from collections.abc import Callable

from tinycnn import activations, initializers, regularizers
from tinycnn.layers import CLASSES, Layer
from tinycnn.saving.chain import flattened, settings
from tinycnn.saving.options import (
    ANYTHING,
    Check,
    UnsupportedError,
    boolean,
    choice,
    class_and_config,
    mapping,
    name,
    number,
    plain_object,
    registered_name,
    scalars,
    select,
    shown,
    text,
    unchecked,
)
from tinycnn.utils.registration import Classes, get_registered_object
from tinycnn.utils.warning import warn

ACTIVATIONS = {known: known for known in activations.ACTIVATIONS} | {None: "linear"}
ACTIVATIONS |= {other: known.name for other, known in activations.OTHER_NAMES.items()}
ACTIVATIONS["softmax_v2"] = "softmax"  # TensorFlow's own function, as TensorFlow 2.0 wrote it
DTYPES = {"float32": "float32", "float64": "float64"}
# Policies that keep weights in float32, and compute in 16 bits: here all is float32.
DTYPES |= dict.fromkeys(("mixed_float16", "mixed_bfloat16"), "float32")

# The first versions of Keras 2 wrote these initializers as VarianceScaling(scale, mode, distribution).
VARIANCE_SCALING = {
    (1.0, "fan_avg", "uniform"): "GlorotUniform",
    (1.0, "fan_avg", "normal"): "GlorotNormal",
    (1.0, "fan_in", "uniform"): "LecunUniform",
    (1.0, "fan_in", "normal"): "LecunNormal",
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
        value = class_and_config(value, choice(("DTypePolicy", "Policy")))[1].get("name")
    return choice(DTYPES)(value)


def plain_initializer(value: object) -> dict:
    """Return {"class_name", "config"} of an initializer in the plain form, given Keras's description of it.

    Raises:
        ValueError: if it is malformed, or not one of this library's initializers.
    """
    return _of_keras(value, initializers.CLASSES, INITIALIZER_DEFAULTS)


def plain_regularizer(value: object) -> dict | None:
    """Return {"class_name", "config"} of a regularizer, or None, given Keras's description of it.

    Raises:
        ValueError: if it is malformed, or not one of this library's regularizers.
    """
    if value is None:
        return None
    return _of_keras(value, regularizers.CLASSES, {})


def _of_keras(value: object, known: Classes, supported: dict) -> dict:
    """Return `plain_object` of what `value` describes: from Keras, or handed over by the program."""
    class_name, config = class_and_config(value)
    if class_name is None:
        raise ValueError("it has no class_name")
    if class_name == "VarianceScaling":
        class_name, config = _variance_scaling(config)
    if is_foreign(value.get("module"), class_name, known):
        raise UnsupportedError(f"only {sorted(known)} are there")
    return plain_object(known, class_name, config, supported=supported)


def activation(value: object) -> str:
    """Return the name of an activation: one of ours, or of somebody's own that was handed over.

    Keras 3 may describe a function: {"class_name": "function", "config": its name}.
    """
    if isinstance(value, dict) and value.get("class_name") == "function":
        value = registered_name(value, value.get("config"))
    own = get_registered_object(value) if isinstance(value, str) else None
    return value if own is not None else choice(ACTIVATIONS)(value)


def _variance_scaling(config: dict) -> tuple[str | None, dict]:
    """Return (class name, config) of the initializer that a VarianceScaling is; None for others."""
    checks = {"scale": number, "mode": text, "distribution": text, "seed": scalars}
    scaling = select("it", config, checks, INITIALIZER_DEFAULTS)
    distribution = scaling.get("distribution", "normal").removeprefix("truncated_")
    key = (scaling.get("scale", 1.0), scaling.get("mode", "fan_in"), distribution)
    return VARIANCE_SCALING.get(key), {"seed": scaling.get("seed")}


TRAINABLE = ("trainable", True)  # what a layer is unless its configuration says otherwise
# For an option of a layer, by name, the function that checks it and returns its plain value.
CHECKS = {
    "name": name,
    "dtype": plain_dtype,
    "activation": activation,
    "use_bias": boolean,
    "trainable": boolean,
}
# Options that files have beside those of our classes, in any layer, and the values that change nothing here.
OTHER_OPTIONS = {
    **dict.fromkeys(("lora_rank", "lora_alpha", "quantization_config"), (None,)),
    **dict.fromkeys(("virtual_batch_size", "adjustment"), (None,)),
    **dict.fromkeys(("fused", "synchronized", "input_dtype", "implementation"), ANYTHING),
}
ONLY_IN_TRAINING = ("_constraint", "_regularizer")  # ends of names that predictions ignore
# Layers that return their input when predicting: all that they change is training.
RETURN_THEIR_INPUT = (
    *("ActivityRegularization", "AlphaDropout", "GaussianDropout", "GaussianNoise", "Identity"),
    *("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"),
    *("RandomBrightness", "RandomContrast", "RandomFlip", "RandomHeight", "RandomRotation"),
    *("RandomShear", "RandomTranslation", "RandomWidth", "RandomZoom"),
)
KERAS = ("keras", "keras_core", "tensorflow", "tf_keras")  # its packages, as files name them


def _check_of(option: str) -> Check:
    """Return the function that checks a layer's option; those not in CHECKS are checked by the layer."""
    kind = option.rpartition("_")[2]
    kinds = {"initializer": plain_initializer, "regularizer": plain_regularizer}
    return kinds.get(kind) or CHECKS.get(option, scalars)


def plain_model(described: dict, say: Callable[[str], None] = warn) -> dict:
    """Return the plain form of a model's configuration: a list of layers, the first an InputLayer.

    Args:
        described: {"class_name": "Sequential", "config": ...} as Keras wrote it; or a Functional model
            whose graph is a chain. Models within it are replaced by their layers.
        say: gets a sentence about each thing that is lost: predictions do not depend on it.

    Raises:
        ValueError: for anything that this library does not have; the message names layer, option and value.

    Example:
        >>> layer = {"class_name": "Flatten", "config": {"name": "f", "batch_input_shape": [None, 2]}}
        >>> plain_model({"class_name": "Sequential", "config": [layer]})["layers"][1]
        {'class_name': 'Flatten', 'config': {'name': 'f'}}
    """
    parts = [part for layer in flattened(described, say) for part in _with_own_activation(layer)]
    layers = [_plain_layer(layer, say) for layer in parts]
    built = described["config"]
    shape = built.get("build_input_shape") if isinstance(built, dict) else None
    plain = _with_input([layer for layer in layers if layer], shape)
    return {"name": settings(described)["name"], "layers": plain}


def _with_own_activation(layer: dict) -> list[dict]:
    """Return [layer]; if its activation is a layer, such as a LeakyReLU, that one behind it."""
    config = layer.get("config")
    inner = config.get("activation") if isinstance(config, dict) else None
    if not isinstance(inner, dict) or inner.get("class_name") not in CLASSES:
        return [layer]
    named = {"name": f"{config.get('name')}_activation"}
    inner = {**inner, "config": mapping("an activation", inner.get("config")) | named}
    return [{**layer, "config": config | {"activation": "linear"}}, inner]


def _plain_layer(layer: dict, say: Callable[[str], None]) -> tuple[dict, object] | None:
    """Return a layer's plain form, and its batch_input_shape or None; tf.keras 2 gives the first layer one.

    None stands for a layer that only acts in training, and is left out.

    Args:
        layer: Keras's description, {"class_name", "config", ...}.
        say: see `plain_model`.
    """
    class_name = _class_name(layer)
    config = dict(mapping(f"the configuration of a {class_name}", layer.get("config")))
    owner = f"the {class_name} layer {shown(config.get('name'))}"
    around = dict.fromkeys(("class_name", "module", "config", "build_config"), ANYTHING)
    around |= dict.fromkeys(("registered_name", "shared_object_id"), ANYTHING)
    select(owner, layer, {}, around | dict.fromkeys(("name", "inbound_nodes"), ANYTHING))
    input_shape = config.pop("batch_input_shape", None)
    if class_name == "InputLayer" and str(config.get("dtype"))[:3] in ("int", "uin", "boo"):
        config["dtype"] = "float32"  # samples of any numbers become the layers' own
    if class_name in RETURN_THEIR_INPUT:
        if class_name != "Identity":
            say(f"{owner} is left out: it acts in training only.")
        config = {"name": name(config.get("name")), "batch_shape": input_shape}
        return ({"class_name": "InputLayer", "config": config}, None) if input_shape else None
    cls = CLASSES[class_name]
    if CLASSES.is_own(cls):
        checks = dict.fromkeys(config, unchecked) | CHECKS | {"activation": unchecked}
        return _named(class_name, select(owner, config, checks, {})), input_shape
    config = _without_what_is_lost(owner, cls, config, say)
    kept = {option: _check_of(option) for option in cls.config_names}
    plain = _written(select(owner, config, kept, cls.fixed_options | OTHER_OPTIONS))
    return _named(class_name, plain), input_shape


def _without_what_is_lost(
    owner: str, cls: type[Layer], config: dict, say: Callable[[str], None]
) -> dict:
    """Return a layer's options under their names now, without those that have no effect on predictions.

    Args:
        owner: which layer it is, for the sentences.
        cls: its class.
        config: its options in the file.
        say: see `plain_model`.
    """
    config = {_now(cls, config, option): value for option, value in config.items()}
    if config.get("trainable", True) is True:
        config.pop("trainable", None)
    if "mixed_" in str(config.get("dtype")):
        say(f"{owner} has the option dtype={shown(config['dtype'])}: here it computes in float32.")
    for option, value in list(config.items()):
        said = f"{owner} has the option {option}={shown(value)}, which is left out"
        if option.endswith(ONLY_IN_TRAINING) and option not in cls.config_names:
            del config[option]
            if value is not None:
                say(f"{said}: it acts in training only.")
        elif option.endswith("_initializer"):
            try:
                plain_initializer(value)
            except UnsupportedError:  # it has made these weights, and has no effect any more
                del config[option]
                say(f"{said}: it has made the first weights only.")
            except ValueError:
                continue  # its check says so, with its name
    return config


def _now(cls: type[Layer], config: dict, option: str) -> str:
    """Return what an option of Keras 2 is called now, unless the config has that, too."""
    new = cls.renamed_options.get(option, option)
    return option if new in config else new


def _named(class_name: str, plain: dict) -> dict:
    """Return {"class_name", "config"} of a layer; ValueError if it has no name."""
    if "name" not in plain:
        raise ValueError(f"a layer of the class {class_name} has no name")
    return {"class_name": class_name, "config": plain}


def is_foreign(module: object, class_name: str, classes: Classes) -> bool:
    """Return whether a class is said to be from neither Keras nor, handed over by it, from the program."""
    if module is None or (class_name in classes and classes.is_own(classes[class_name])):
        return False
    return not isinstance(module, str) or module.partition(".")[0] not in KERAS


def _class_name(layer: dict) -> str:
    """Return the name under which a layer's class is known, here or to the program that reads the file."""
    class_name, module = registered_name(layer, layer.get("class_name")), layer.get("module")
    known = class_name in CLASSES or (
        isinstance(class_name, str) and class_name in RETURN_THEIR_INPUT
    )
    if not known or is_foreign(module, class_name, CLASSES):
        of = f" of the module {shown(module)}" if known else ""
        raise UnsupportedError(
            f"it has a layer of the class {shown(class_name)}{of}, and only {sorted(CLASSES)} are there. A "
            "class of your own must be handed over: load_model(path, custom_objects={...})"
        )
    return class_name


def _with_input(layers: list[tuple[dict, object]], built: object) -> list[dict]:
    """Return the layers' plain forms with an InputLayer first; it is made if the file has none.

    A layer further on that says the shape of its input, too, keeps it as "input_shape".

    Args:
        layers: for each (plain form, its batch_input_shape or None), as from `_plain_layer`.
        built: the batch_input_shape that the model was built with, None if the file does not say.

    Raises:
        ValueError: if the input's shape is missing.
    """
    if not layers:
        raise ValueError("it has no layers")
    (first, shape), *others = layers
    if first["class_name"] != "InputLayer":
        others = [(first, None), *others]
        config = {"name": f"{first['config']['name']}_input"}
        config["dtype"] = first["config"].get("dtype", "float32")
        first = {"class_name": "InputLayer", "config": config}
    shape = next(
        (each for each in (first["config"].get("batch_shape"), shape, built) if each is not None),
        None,
    )
    if shape is None:
        raise ValueError("the shape of its input is missing: it was saved before it was built")
    first["config"]["batch_shape"] = shape = _of_any_batch(shape)
    result, given = [first], None
    for layer, again in others:
        if layer["class_name"] == "InputLayer":
            given = layer["config"].get("batch_shape", again)
            continue
        given = _of_any_batch(given if again is None else again)
        if given is not None and (given != shape or len(result) > 1) and None not in given[1:]:
            layer["config"]["input_shape"] = given[1:]
        result.append(layer)
        given = None
    return result


def _of_any_batch(shape: object) -> object:
    """Return a batch_input_shape with None in front, where a file may have a number of samples."""
    if isinstance(shape, list) and shape and type(shape[0]) is int:
        shape = [None, *shape[1:]]
    return scalars(shape)


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
    config.pop("input_shape", None)  # of a later layer: it was only to be compared
    for old, new in CLASSES[class_name].renamed_options.items():  # Keras 3 knows the old names, too
        if new in config:
            config[old] = config.pop(new)
    if "data_format" in CLASSES[class_name].fixed_options:
        config["data_format"] = "channels_last"  # the reader's default may be another
    return {"class_name": class_name, "config": config}
