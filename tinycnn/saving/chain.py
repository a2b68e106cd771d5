"""A model's layers as one list, in the order in which they run.

A Sequential lists them so. A Functional model is a graph: each layer says which others it takes its inputs
from; here are those whose graph is a plain chain. A model within a model stands for its layers.
"""

from collections.abc import Callable

from tinycnn.saving.options import ANYTHING, UnsupportedError, mapping, name, scalars, select, shown

# The classes of models; the last is what Keras 2 called Functional.
MODELS = ("Sequential", "Functional", "Model")
MOST_LAYERS = 500
DEEPEST = 8  # models within models
# In a call of a layer: what it is called with besides its input.
CALL_OPTIONS = {"mask": (None,), "training": (None, False)}


def flattened(described: dict, say: Callable[[str], None], depth: int = 0) -> list[dict]:
    """Return Keras's descriptions of a model's layers in order, those of models in it among them.

    Args:
        described: the model, {"class_name", "config"}.
        say: gets a sentence about what is lost.
        depth: how many models it is in.

    Raises:
        ValueError: for a model that is no chain; the message names the layer.

    Example:
        >>> layer = {"class_name": "Flatten", "config": {"name": "f"}}
        >>> inner = {"class_name": "Sequential", "config": {"name": "inner", "layers": [layer]}}
        >>> flattened({"class_name": "Sequential", "config": [inner, layer]}, print)[0]["config"]
        {'name': 'inner_f'}
    """
    config = settings(described)
    layers = [mapping("a layer", layer) for layer in config["layers"]]
    if described["class_name"] != "Sequential":
        layers = in_order(config, layers, say)
    if depth > DEEPEST:
        raise ValueError(f"it has models within models, more than {DEEPEST} deep")
    inner = [layer for layer in layers if layer.get("class_name") in MODELS]
    used = {_name(layer) for layer in layers} if inner else set()
    result = []
    for layer in layers:
        if layer.get("class_name") not in MODELS:
            result.append(layer)
            continue
        model = settings(layer)["name"]
        result += [_renamed(each, used, model) for each in flattened(layer, say, depth + 1)]
    if not result:
        raise ValueError("it has no layers")
    _check_count(result)
    if config.get("trainable") is False:  # then none of its layers is
        result = [_with(layer, trainable=False) for layer in result]
    return result


def settings(described: dict) -> dict:
    """Return a model's configuration: its name, a list of layers, and what a Functional model says of them.

    Raises:
        ValueError: if it is none, or no model of Keras's own classes.
    """
    class_name = described.get("class_name")
    if class_name not in MODELS:
        raise UnsupportedError(
            f"it is a {shown(class_name)} model, and only Sequential is there, and chains of Functional"
        )
    config = described.get("config")
    if isinstance(config, list):  # Keras 2.0 had no name
        config = {"layers": config}
    ignored = {"build_input_shape": ANYTHING, "dtype": ANYTHING}
    kept = {"name": name, "layers": lambda layers: layers, "trainable": scalars}
    if class_name != "Sequential":
        kept |= dict.fromkeys(("input_layers", "output_layers"), lambda ends: ends)
    config = {"name": "sequential", **select("the model", config, kept, ignored)}
    if not isinstance(config.get("layers"), list) or not config["layers"]:
        raise ValueError("it has no layers")
    _check_count(config["layers"])
    return config


def _check_count(layers: list) -> None:
    """Raise ValueError for more than MOST_LAYERS."""
    if len(layers) > MOST_LAYERS:
        raise ValueError(f"it has {len(layers)} layers, and {MOST_LAYERS} are the most")


def in_order(config: dict, layers: list[dict], say: Callable[[str], None]) -> list[dict]:
    """Return the layers of a Functional model from its input to its output.

    Args:
        config: of the model; its "input_layers" and "output_layers" name the two.
        layers: in any order, each with its "inbound_nodes": the calls of it, and what each was given.
        say: see `flattened`.

    Raises:
        ValueError: if it is malformed, or they are no chain.
    """
    (first,), (last,) = (_ends(config, f"{end}_layers", end) for end in ("input", "output"))
    named = {_name(layer): layer for layer in layers}
    users: dict[str, list[str]] = {}  # the layers that take the output of each
    for layer_name, layer in named.items():
        if layer_name != first:
            users.setdefault(_source(layer_name, layer, say), []).append(layer_name)
    chain = [first]
    while after := users.get(chain[-1]):
        if len(after) > 1:
            raise UnsupportedError(
                f"the output of its layer {shown(chain[-1])} goes to several others, {shown(after)}: "
                "only models are there whose layers form a chain"
            )
        chain += after
    missing = [each for each in [*chain, last] if each not in named]
    missing += [each for each in named if each not in chain]
    if missing or len(named) != len(layers):
        raise ValueError(
            f"its layer {shown(missing[0] if missing else first)} is not in the chain from input to output"
        )
    if chain[-1] != last:
        raise UnsupportedError(
            f"its output is that of the layer {shown(last)}, and layers follow it: {shown(chain[-1])}"
        )
    return [named[each] for each in chain]


def _ends(config: dict, option: str, kind: str) -> list[str]:
    """Return the names of a Functional model's input layers, or of its output layers; there must be one."""
    ends = config.get(option)
    names = _names(f"the model's {option}", ends)
    if len(names) != 1:
        raise UnsupportedError(
            f"it has {len(names)} {kind}s, {shown(names)}, and only models with one are there"
        )
    return names


def _names(owner: str, tensors: object) -> list[str]:
    """Return the layers' names in [[name, place of the call, place of the output, ...], ...]."""
    if isinstance(tensors, list) and tensors and isinstance(tensors[0], str):
        tensors = [tensors]
    well_formed = isinstance(tensors, list) and all(
        isinstance(tensor, list) and len(tensor) > 2 and isinstance(tensor[0], str)
        for tensor in tensors
    )
    if not well_formed:
        raise ValueError(f"{owner} are malformed: {shown(tensors)}")
    return [tensor[0] for tensor in tensors]


def _source(layer_name: str, layer: dict, say: Callable[[str], None]) -> str:
    """Return the name of the layer that a layer takes its input from; it must be one, and be used once."""
    owner = f"its layer {shown(layer_name)}"
    calls = layer.get("inbound_nodes")
    if not isinstance(calls, list) or len(calls) != 1:
        count = len(calls) if isinstance(calls, list) else 0
        raise UnsupportedError(f"{owner} is used {count} times, and every layer must be used once")
    names, options = _call(owner, calls[0])
    if len(names) != 1:
        raise UnsupportedError(
            f"{owner} takes {len(names)} inputs, {shown(names)}: only models are there whose layers "
            "form a chain"
        )
    called = select(f"the call of {owner}", options, {"training": scalars}, CALL_OPTIONS)
    if called.get("training"):
        raise UnsupportedError(f"{owner} is called with training={shown(called['training'])}")
    if called.get("training") is False and isinstance(calls[0], list):  # Keras 3 writes it anyway
        say(
            f"{owner} is called with training=False, which is left out: in training it trains, too."
        )
    return names[0]


def _call(owner: str, call: object) -> tuple[list[str], dict]:
    """Return the names of the layers whose outputs a call takes, and its other arguments.

    Keras 2 has [[name, place of the call, place of the output, {arguments}], ...], Keras 3
    {"args": [{"class_name": "__keras_tensor__", "config": {"keras_history": [name, ...]}}], "kwargs": {}}.
    """
    if not isinstance(call, dict):
        names = _names(f"the inputs of {owner}", call)
        tensor = call if isinstance(call[0], str) else call[0]
        return names, mapping(f"the call of {owner}", tensor[3] if len(tensor) > 3 else {})
    tensors = call.get("args")
    if isinstance(tensors, list) and len(tensors) == 1 and isinstance(tensors[0], list):
        tensors = tensors[0]
    if not isinstance(tensors, list):
        raise ValueError(f"the inputs of {owner} are malformed: {shown(tensors)}")
    configs = [mapping("an input", mapping("an input", each).get("config")) for each in tensors]
    histories = [each.get("keras_history") for each in configs]
    return _names(f"the inputs of {owner}", histories), mapping("its options", call.get("kwargs"))


def _name(layer: dict) -> str:
    """Return the name of a described layer."""
    return name(layer.get("name") or mapping("a layer", layer.get("config")).get("name"))


def _renamed(layer: dict, used: set[str], model: str) -> dict:
    """Return a layer of an inner model under a name that is not used, and add that to `used`."""
    before = new = _name(layer)
    count = 0
    while new in used:
        new = f"{model}_{before}" + (f"_{count}" if count else "")
        count += 1
    used.add(new)
    return layer if new == before else _with(layer, name=new)


def _with(layer: dict, **options: object) -> dict:
    """Return a described layer with other options."""
    return {**layer, "config": {**mapping("a layer", layer.get("config")), **options}} | (
        {"name": options["name"]} if "name" in options and "name" in layer else {}
    )
