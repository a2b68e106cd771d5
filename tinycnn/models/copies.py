"""Models of the layers of others, with new weights: `model_from_json` and `clone_model`."""

import math
from collections.abc import Callable, Mapping

from tinycnn.layers import Layer, layers_from_config
from tinycnn.models.files import specs_of
from tinycnn.models.sequential import Sequential
from tinycnn.saving.layer_config import plain_model
from tinycnn.saving.options import parse
from tinycnn.utils.registration import custom_object_scope
from tinycnn.utils.validation import MOST_PARAMETERS, check_supported


def model_from_json(
    json_string: str, custom_objects: Mapping[str, object] | None = None
) -> Sequential:
    """Make a model, with new weights and not compiled, of what `to_json` returned here or in Keras.

    Nothing in the text can run code: names are looked up in the lists of what is there.

    Args:
        json_string: the text.
        custom_objects: classes and functions of somebody's own, by name: see `load_model`.

    Raises:
        ValueError: if it describes no model; the message says where.

    Example:
        >>> from tinycnn.layers import Dense, Input
        >>> model_from_json(Sequential([Input((4,)), Dense(3)]).to_json()).output_shape
        (None, 3)
    """
    if not isinstance(json_string, str):
        raise ValueError(f"json_string must be a text. Received: {type(json_string).__name__}")
    with custom_object_scope(custom_objects):
        try:
            described = parse(json_string)
        except ValueError as error:
            raise ValueError(f"json_string is not what `to_json` returned: {error}") from error
        config = plain_model(described)
        layers = layers_from_config(config)
    count = sum(math.prod(shape) for _, ws in specs_of(layers) for shape, _ in ws.values())
    if count > MOST_PARAMETERS:
        raise ValueError(f"It would have {count:,} weights, and {MOST_PARAMETERS:,} are the most.")
    return Sequential._of(layers, config["name"], None)


def clone_model(
    model: Sequential,
    input_tensors: None = None,
    clone_function: Callable[[Layer], Layer] | None = None,
    **options: object,
) -> Sequential:
    """Return a model of the same layers with new weights, not compiled.

    Args:
        model: built or not.
        clone_function: makes the new layer of each; None: one with the same arguments.
        input_tensors, options: Keras's; accepted only at their defaults.

    Example:
        >>> from tinycnn.layers import Dense, Input
        >>> clone_model(Sequential([Input((4,)), Dense(3)])).get_layer("dense").units
        3
    """
    given = options | {"input_tensors": input_tensors}
    defaults = {"input_tensors": None, "call_function": None, "recursive": False}
    check_supported("clone_model", given, defaults)
    clone = clone_function or copied
    first = [copied(layer) for layer in model.with_input() if layer not in model.layers]
    return Sequential([*first, *map(clone, model.layers)], name=model.name)


def copied(layer: Layer) -> Layer:
    """Return a new layer of the same class with the same arguments."""
    return type(layer).from_config(layer.get_config())
