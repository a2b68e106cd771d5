"""What a model stores in its file, as plain values, and which arrays a model's file must hold.

How these are written as HDF5 is the task of `tinycnn.saving`.
"""

import math
import os

import numpy as np

from tinycnn import distribution, metrics, optimizers, saving
from tinycnn.layers import InputLayer, Layer, layers_from_config
from tinycnn.saving.layer_config import keras_model
from tinycnn.utils.arrays import check_array
from tinycnn.utils.errors import ModelFileError
from tinycnn.utils.registration import custom_object_scope
from tinycnn.utils.warning import warn

METRICS = ("metrics", "weighted_metrics")  # arguments of `compile`
LARGEST_SAMPLE = 2**26  # the most numbers that a layer read from a file may output for one sample


def weight_specs(config: dict) -> saving.Specs:
    """Return for every layer its name, and {parameter: (shape, dtype)}, without making the arrays.

    Args:
        config: as from `Sequential.get_config`.

    Returns:
        A list such as [("dense", {"kernel": ((784, 10), "float32"), "bias": ((10,), "float32")})].

    Raises:
        ValueError, TypeError: if it describes no model.
    """
    return specs_of(layers_from_config(config))


def specs_of(layers: list[Layer]) -> saving.Specs:
    """Return what `weight_specs` returns, for layers that need not be built.

    Args:
        layers: in order, the first with the shape of its input.

    Raises:
        ValueError: if they make no model, or an output is larger than `LARGEST_SAMPLE`.
    """
    specs, shape = [], None
    for layer in layers:
        given, shape = layer.batch_shape, layer.batch_shape if shape is None else shape
        if shape is None:
            raise ValueError("the shape of the input is not known")
        if given not in (None, tuple(shape)):
            warn(
                f"{layer.name} says that the shape of its input is {given}, and it is {tuple(shape)}."
            )
        output = layer.compute_output_shape(shape)
        if not isinstance(layer, InputLayer):
            shapes = layer.weight_shapes(shape)
            specs.append((layer.name, {name: (s, layer.dtype) for name, s in shapes.items()}))
        if math.prod(output[1:]) > LARGEST_SAMPLE:
            raise ValueError(f"{layer.name} has outputs of {output[1:]} numbers: too many")
        shape = output
    if not specs:
        raise ValueError("it has no layers")
    return specs


def save_model(
    model: object,
    filepath: str | os.PathLike,
    overwrite: bool = True,
    include_optimizer: bool = True,
) -> None:
    """Write a model's layers, weights and, if it is compiled, its training state to a .keras or HDF5 file.

    Args:
        model: built.
        filepath, overwrite, include_optimizer: see `Sequential.save`.

    Raises:
        ModelFileError: if the file cannot be written.
    """
    path = saving.file_name(filepath)
    saving.check_suffix(path)
    model._built_layers()
    if distribution.rank():  # rank 0 writes the files
        return
    compiled, state, learning = None, None, ()
    if model._compiled is not None and include_optimizer:
        compiled = compiled_config(model)
        state = optimizer_state(model.optimizer, model.trainable_weights)
        learning = [model._compiled["loss"], model.optimizer, *_saved_metrics(model, *METRICS)]
    own = saving.check_known(path, model.layers, learning)
    check_arrays(path, model.layers, model.optimizer if state else None)
    check_not_negative(path, model.layers)
    weights = [layer.get_weights() for layer in model.layers]
    saved = saving.SavedModel(model.get_config(), weights, compiled, state)
    with custom_object_scope(own):
        saving.write_model(path, saved, overwrite=overwrite)


def keras_config(model: object) -> dict:
    """Return a model's layers and their arguments as Keras 3 describes them; see `Sequential.to_json`."""
    with custom_object_scope(saving.check_known("JSON", model.layers)):
        described = keras_model(model.get_config())
    return {"module": "keras", **described, "registered_name": None}


def save_weights(model: object, filepath: str | os.PathLike, overwrite: bool = True) -> None:
    """Write a model's weights alone; arguments and errors are those of `Sequential.save_weights`."""
    path = saving.file_name(filepath)
    saving.check_suffix(path, weights_only=True)
    layers = model._built_layers()
    if distribution.rank():  # rank 0 writes the files
        return
    check_arrays(path, layers)
    weights = [layer.get_weights() for layer in layers]
    saving.write_weights(path, model.get_config(), specs_of(model._layers), weights, overwrite)


def load_weights(
    model: object, filepath: str | os.PathLike, skip_mismatch: bool = False, by_name: bool = False
) -> None:
    """Read weights into a model; arguments and errors are those of `Sequential.load_weights`."""
    layers, specs = model._built_layers(), specs_of(model._layers)
    filepath = saving.file_name(filepath)
    found = saving.read_weights(filepath, model.get_config(), specs, by_name, skip_mismatch)
    pairs = [pair for pair in zip(layers, found, strict=True) if pair[1] is not None]
    for layer, arrays in pairs:  # before any layer is changed
        named = dict(zip(layer.params, arrays, strict=True))
        _check_from_0(filepath, layer, named)
    for layer, arrays in pairs:
        layer.copy_weights(arrays)


def check_arrays(
    path: str, layers: list[Layer], optimizer: optimizers.Optimizer | None = None
) -> None:
    """Make sure that parameters, and slots, still are what their layers were built with.

    Raises:
        ModelFileError: if one was replaced by something that `load_model` would refuse.
    """
    try:
        for layer in layers:
            shapes = layer.weight_shapes(layer.input_shape)
            if list(layer.params) != list(shapes):
                raise ValueError(
                    f"Layer {layer.name} must have the parameters {list(shapes)}, in this order. "
                    f"Received: {list(layer.params)}"
                )
            for name, shape in shapes.items():
                about = f"{name} of layer {layer.name}"
                check_array(about, layer.params[name], tuple(shape), np.dtype(layer.dtype))
        for name, slot in optimizer.slots.items() if optimizer else ():
            for array, param in zip(slot, optimizer.params, strict=True):
                check_array(f"{name} of the optimizer", array, param.shape, param.dtype)
    except ValueError as error:
        remedy = "Copy new numbers into the arrays that are there: layer.set_weights([...])."
        raise ModelFileError(path, str(error), remedy) from error


def check_not_negative(path: str | os.PathLike, layers: list[Layer]) -> None:
    """Raise ModelFileError if parameters that are never negative, running variances, are so.

    Args:
        path: of the file, for the message.
        layers: built.
    """
    for layer in layers:
        _check_from_0(path, layer, layer.params)


def _check_from_0(path: str | os.PathLike, layer: Layer, arrays: dict[str, np.ndarray]) -> None:
    """Raise ModelFileError if arrays for a layer, by their names, are negative and must not be."""
    for name in layer.weights_from_0:
        if arrays[name].min(initial=0) < 0:
            cause = f"{name} of layer {layer.name} has negative numbers"
            raise ModelFileError(path, cause, "Train the model again.")


def _saved_metrics(model: object, *arguments: str) -> list[metrics.Metric]:
    """Return the metrics that `compile` was given as these arguments, as they stand in a file."""
    loss, outputs = model._compiled["loss"], model.output_shape[-1]
    given = [metric for argument in arguments for metric in model._compiled[argument]]
    return [metrics.by_loss(metric, loss, outputs) for metric in given]


def compiled_config(model: object) -> dict:
    """Return a compiled model's loss, metrics and optimizer as plain values: strings, numbers, dicts."""
    weighted = [metric.serialize() for metric in _saved_metrics(model, "weighted_metrics")]
    return {
        "loss": model._compiled["loss"].serialize(),
        "metrics": [metric.serialize() for metric in _saved_metrics(model, "metrics")],
        **({"weighted_metrics": weighted} if weighted else {}),
        "optimizer": model.optimizer.serialize(),
    }


def compile_as(model: object, described: dict) -> None:
    """Compile a model as `compiled_config` described another.

    Raises:
        ValueError, TypeError: if it describes nothing that is there.
    """
    weighted = described.get("weighted_metrics")
    model.compile(
        described["optimizer"],
        described["loss"],
        metrics=described["metrics"],
        weighted_metrics=weighted,
    )


def optimizer_state(optimizer: optimizers.Optimizer, params: list[np.ndarray]) -> dict | None:
    """Return an optimizer's step count and copies of its slots, {"iterations": ..., "slots": ...}.

    Args:
        optimizer: of a model.
        params: the weight arrays that are trainable now. One that the optimizer has never moved, because
            it was not trainable then, has slots of 0.

    Returns:
        For each slot a list of arrays, one for each of params; None before the first step.
    """
    if not optimizer.iterations and not optimizer.slots:
        return None
    places = {id(param): place for place, param in enumerate(optimizer.params or [])}
    slots = {
        name: [
            slot[places[id(p)]].copy() if id(p) in places else optimizer.new_slot(name, p)
            for p in params
        ]
        for name, slot in optimizer.slots.items()
    }
    return {"iterations": optimizer.iterations, "slots": slots}
