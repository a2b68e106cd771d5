"""Reading a whole model: configuration first, then exactly the numbers that it implies."""

import math
import os

import numpy as np

from tinycnn.saving import checksum
from tinycnn.saving.hdf5 import HDF5File, open_file
from tinycnn.saving.layer_config import plain_model
from tinycnn.saving.optimizer_state import StateMismatchError, read_state
from tinycnn.saving.options import UnsupportedError, parse
from tinycnn.saving.saved_model import SavedModel, Spec, WeightSpecs
from tinycnn.saving.training_config import plain_training
from tinycnn.utils.printable import printable, shortened
from tinycnn.utils.validation import MOST_PARAMETERS
from tinycnn.utils.warning import warn

GROUP = "model_weights"
UNKNOWN = "Only what tinycnn has can be loaded: build the model without it, or load it in Keras."


def read_model(path: str | os.PathLike, weight_specs: WeightSpecs) -> SavedModel:
    """Read a model: see `tinycnn.saving.read_model`."""
    with open_file(path) as file:
        checksum.check(file)
        config = _read_config(file)
        specs = _specs(file, config, weight_specs)
        paths, weights = _read_weights(file, [spec for spec in specs if spec])
        training = _read_training(file)
        state = _read_state(file, training, paths, weights)
    remaining = iter(weights)
    by_layer = [[next(remaining) for _ in spec] for spec in specs]
    return SavedModel(config, by_layer, training, state)


def _read_config(file: HDF5File) -> dict:
    text = file.text("model_config")
    if text is None:
        raise file.error(
            "it has no model_config; it may hold weights only", "Save it with `model.save`."
        )
    try:
        described = parse(text)
    except ValueError as error:
        raise file.error(f"its model_config is no good ({error})") from error
    try:
        return plain_model(described)
    except ValueError as error:
        raise file.error(str(error), UNKNOWN) from error


def _specs(file: HDF5File, config: dict, weight_specs: WeightSpecs) -> list[Spec]:
    """Return the shapes and types of every layer's weights, all of which the file has room for."""
    try:
        specs = [spec for _, spec in weight_specs(config)]
    except (ValueError, TypeError, ArithmeticError) as error:
        raise file.error(f"its configuration makes no model ({error})", UNKNOWN) from error
    arrays = [(math.prod(shape), dtype) for spec in specs for shape, dtype in spec.values()]
    parameters = sum(count for count, _ in arrays)
    if parameters > MOST_PARAMETERS:
        raise file.error(
            f"it is to have {parameters} parameters, and {MOST_PARAMETERS} are the most"
        )
    needed = sum(count * np.dtype(dtype).itemsize for count, dtype in arrays)
    if needed > file.size:
        raise file.error(f"its weights take {needed} bytes, and it has only {file.size}")
    return specs


def _read_weights(file: HDF5File, specs: list[Spec]) -> tuple[list[str], list[np.ndarray]]:
    """Return the names, as stored, and the numbers of all weights.

    Keras matches layers that have weights by their order, not by their names; so does this.
    """
    stored = []
    for layer in file.names(GROUP, "layer_names"):
        names = file.names(f"{GROUP}/{layer}", "weight_names")
        stored += [(layer, names)] if names else []
        if len(stored) > len(specs):
            break  # enough to say no: there may be thousands more
    if len(stored) != len(specs):
        raise file.error(f"it has the weights of {len(stored)} layers, and {len(specs)} are needed")
    paths, weights = [], []
    for (layer, names), spec in zip(stored, specs, strict=True):
        if len(names) != len(spec):
            raise file.error(f"{layer!r} has {len(names)} weights, and {len(spec)} are needed")
        for name, (shape, dtype) in zip(names, spec.values(), strict=True):
            weights.append(_read_weight(file, f"{GROUP}/{layer}/{name}", shape, dtype))
        paths += names
    return paths, weights


def _read_weight(file: HDF5File, path: str, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    weight = file.array(path, tuple(shape), (dtype,))
    if not np.isfinite(weight).all():
        raise file.error(
            f"{path!r} contains NaN or infinity: the training had diverged",
            "Train again, with a smaller learning rate.",
        )
    return weight


def _read_training(file: HDF5File) -> dict | None:
    """Return the plain training configuration; None, with a warning, if it cannot be had here."""
    text = file.text("training_config")
    if text is None:
        return None
    try:
        return plain_training(parse(text))
    except UnsupportedError as error:
        _warn(file, f"{error}. The model is loaded without loss, metrics and optimizer.")
        return None
    except ValueError as error:
        raise file.error(f"its training_config is no good ({error})") from error


def _read_state(
    file: HDF5File, training: dict | None, paths: list[str], weights: list[np.ndarray]
) -> dict | None:
    """Return the optimizer's state; None, with a warning, if it is not this optimizer's."""
    if training is None:
        return None
    try:
        return read_state(file, training["optimizer"], paths, weights)
    except StateMismatchError as error:
        _warn(file, f"the optimizer starts afresh, its state does not fit ({error}).")
        return None


def _warn(file: HDF5File, message: str) -> None:
    warn(f"{shortened(printable(os.fsdecode(file.path)))}: {printable(message)}")
