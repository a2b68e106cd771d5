"""Reading a whole model from a file: first the configuration, then the arrays that it says there must be."""

import itertools
import math
import os

import numpy as np

from tinycnn.saving import checksum
from tinycnn.saving.hdf5 import HDF5File, open_file
from tinycnn.saving.layer_config import plain_model
from tinycnn.saving.optimizer_state import StateMismatchError, read_state
from tinycnn.saving.options import UnsupportedError, parse
from tinycnn.saving.saved_model import SavedModel, Spec, WeightSpecs, trained
from tinycnn.saving.training_config import plain_training
from tinycnn.utils.printable import printable, shortened
from tinycnn.utils.validation import MOST_PARAMETERS
from tinycnn.utils.warning import warn

GROUP = "model_weights"  # of the file, with a group for each layer
OF_CHANCE = ("StateVar", "seed_generator_state")  # of random layers, which here have no weights
UNKNOWN = "Only what tinycnn has can be loaded: build the model without it, or load it in Keras."


def read_model(path: str | os.PathLike, weight_specs: WeightSpecs) -> SavedModel:
    """Return the model in a file: see `tinycnn.saving.read_model`."""
    with open_file(path) as file:
        checksum.check(file)
        config = _read_config(file)
        specs = _specs(file, config, weight_specs)
        mask = trained(config, specs)
        paths, weights = _read_weights(file, specs, mask)
        training = _read_training(file)
        moved = [list(itertools.compress(all_, mask)) for all_ in (paths, weights)]
        state = _read_state(file, training, *moved)
    remaining = iter(weights)
    by_layer = [[next(remaining) for _ in spec] for spec in specs]
    return SavedModel(config, by_layer, training, state)


def _read_config(file: HDF5File) -> dict:
    """Return the model's configuration in the plain form, that of `SavedModel.config`; or ModelFileError."""
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
        return plain_model(described, lambda message: _warn(file, message))
    except ValueError as error:
        raise file.error(str(error), UNKNOWN) from error


def _specs(file: HDF5File, config: dict, weight_specs: WeightSpecs) -> list[Spec]:
    """Return {weight name: (shape, dtype)} of every layer; ModelFileError if the file is too small."""
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


def _read_weights(
    file: HDF5File, specs: list[Spec], trained: list[bool]
) -> tuple[list[str], list[np.ndarray]]:
    """Return the names of all weights, as stored, and their arrays.

    As in Keras, layers with weights and those in the file belong together by their order, whatever their
    names. The group of a model within the model has the weights of several layers.

    Args:
        file: open.
        specs: of each layer.
        trained: for each weight whether an optimizer changes it. In a group those that are come first.
    """
    wanted = [each for spec in specs for each in spec.values()]
    found: list[tuple[str, np.ndarray]] = []
    for layer, names in _groups(file, [len(spec) for spec in specs if spec]):
        places = range(len(found), len(found) + len(names))
        stored = dict(zip(sorted(places, key=lambda place: not trained[place]), names, strict=True))
        for place in places:
            array = _read_weight(file, f"{GROUP}/{layer}/{stored[place]}", *wanted[place])
            found.append((stored[place], array))
    return [name for name, _ in found], [array for _, array in found]


def _groups(file: HDF5File, counts: list[int]) -> list[tuple[str, list[str]]]:
    """Return (layer, names of its weights) of each group with weights.

    Args:
        file: open.
        counts: how many weights each layer with weights has. Each group has those of one layer, or of
            several.
    """
    groups: list[tuple[str, list[str]]] = []
    for layer in file.names(GROUP, "layer_names"):
        names = file.names(f"{GROUP}/{layer}", "weight_names")
        names = [name for name in names if name.split("/")[-1].split(":")[0] not in OF_CHANCE]
        groups += [(layer, names)] if names else []
        if len(groups) > len(counts):
            break  # too many: the others, perhaps thousands, need not be read
    ends, end = [0, *itertools.accumulate(counts)], 0  # where each layer's weights end among all
    for layer, names in groups[: len(counts)]:
        needed = next((after for after in ends if after > end), end) - end
        end += len(names)
        if end not in ends:
            raise file.error(f"{layer!r} has {len(names)} weights, and {needed} are needed")
    if end != ends[-1] or len(groups) > len(counts):
        raise file.error(
            f"it has the weights of {len(groups)} layers, and {len(counts)} are needed"
        )
    return groups


def _read_weight(file: HDF5File, path: str, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Return one weight; ModelFileError if it has another shape or dtype, or numbers that are not finite."""
    weight = file.array(path, tuple(shape), (dtype,))
    if not np.isfinite(weight).all():
        raise file.error(
            f"{path!r} contains NaN or infinity: the training had diverged",
            "Train again, with a smaller learning rate.",
        )
    return weight


def _read_training(file: HDF5File) -> dict | None:
    """Return the training configuration in the plain form, that of `SavedModel.training_config`.

    It is None if the file has none, and None with a warning if it asks for what this library does not have.
    """
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
    """Return the optimizer's state, as in `SavedModel.optimizer_state`.

    It is None if there is none or `training` is None, and None with a warning if it does not fit.
    """
    if training is None:
        return None
    try:
        return read_state(file, training["optimizer"], paths, weights)
    except StateMismatchError as error:
        _warn(file, f"the optimizer starts afresh, its state does not fit ({error}).")
        return None


def _warn(file: HDF5File, message: str) -> None:
    """Give a UserWarning that names the file."""
    warn(f"{shortened(printable(os.fsdecode(file.path)))}: {printable(message)}")
