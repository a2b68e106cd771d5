"""Reading a whole model from a file: first the configuration, then the arrays that it says there must be."""

import itertools
import math
import os

import numpy as np

from tinycnn.saving import kinds
from tinycnn.saving.keras_archive import KerasArchive
from tinycnn.saving.layer_config import plain_model
from tinycnn.saving.opened import opened
from tinycnn.saving.optimizer_state import StateMismatchError
from tinycnn.saving.options import UnsupportedError
from tinycnn.saving.saved_model import SavedModel, Spec, WeightSpecs, trained
from tinycnn.saving.sources import HDF5Source, read_weight, source_of
from tinycnn.saving.training_config import plain_training
from tinycnn.utils.printable import printable, shortened
from tinycnn.utils.validation import MOST_PARAMETERS
from tinycnn.utils.warning import warn

UNKNOWN = "Only what tinycnn has can be loaded: build the model without it, or load it in Keras."
Source = HDF5Source | KerasArchive


def read_model(
    path: str | os.PathLike, weight_specs: WeightSpecs, with_training: bool = True
) -> SavedModel:
    """Read a whole-model file, .keras or HDF5, that `write_model`, Keras 3 or tf.keras 2 wrote.

    Nothing in the file can run code or reach outside the file: names are looked up in the lists of
    what is there, and every number is read by one validating reader (`tinycnn.saving.hdf5`), without
    the HDF5 library. A file that `write_model` wrote is compared with the checksum in it.

    Args:
        path: an existing file.
        weight_specs: a function that is given the model's configuration, as in `SavedModel.config`, and
            returns for every layer but the InputLayer (its name, {weight name: (shape, dtype)}), without
            allocating weights. It raises ValueError or TypeError for options that make no model.
        with_training: False to read nothing that concerns training alone; then that cannot be no good.

    Raises:
        ModelFileError: if the file cannot be read, is not such a file, or was changed after it was saved.

    Warns:
        UserWarning: if loss, metrics, optimizer or the optimizer's state cannot be restored; the weights
            are returned, and None for these.

    Example:
        >>> read_model("mnist.h5", weight_specs).config["name"]  # doctest: +SKIP
        'sequential'
    """
    path = kinds.file_name(path)
    with opened(path) as (stream, size):
        source = source_of(path, stream, size)
        config = _read_config(path, source)
        specs = _specs(source, config, weight_specs)
        mask = trained(config, specs)
        paths, weights = _read_weights(source, specs, mask)
        training = _read_training(path, source) if with_training else None
        moved = [list(itertools.compress(all_, mask)) for all_ in (paths, weights)]
        state = _read_state(path, source, training, *moved)
    remaining = iter(weights)
    by_layer = [[next(remaining) for _ in spec] for spec in specs]
    return SavedModel(config, by_layer, training, state)


def _read_config(path: str, source: Source) -> dict:
    """Return the model's configuration in the plain form, that of `SavedModel.config`; or ModelFileError."""
    described = source.model()
    try:
        return plain_model(described, lambda message: _warn(path, message))
    except ValueError as error:
        remedy = UNKNOWN if isinstance(error, UnsupportedError) else kinds.AS_WEIGHTS
        raise source.error(str(error), remedy) from error


def _specs(source: Source, config: dict, weight_specs: WeightSpecs) -> list[Spec]:
    """Return {weight name: (shape, dtype)} of every layer; ModelFileError if these are too many numbers."""
    try:
        specs = [spec for _, spec in weight_specs(config)]
    except (ValueError, TypeError, ArithmeticError) as error:
        kind = f"{type(error).__name__}: " if isinstance(error, ArithmeticError) else ""
        cause = f"its configuration makes no model ({kind}{error})"
        raise source.error(cause, kinds.AS_WEIGHTS) from error
    parameters = sum(math.prod(shape) for spec in specs for shape, _ in spec.values())
    if parameters > MOST_PARAMETERS:
        raise source.error(
            f"it is to have {parameters} parameters, and {MOST_PARAMETERS} are the most"
        )
    return specs


def _read_weights(
    source: Source, specs: list[Spec], trained: list[bool]
) -> tuple[list[str], list[np.ndarray]]:
    """Return the paths of all weights in the file, and their arrays.

    Args:
        source: open.
        specs: of each layer.
        trained: for each weight whether an optimizer changes it.
    """
    arrays = [each for spec in specs for each in spec.values()]
    file = source.weights(sum(math.prod(s) * np.dtype(dtype).itemsize for s, dtype in arrays))
    paths = [path for layer in source.locate(specs, trained) for path in layer]
    pairs = zip(paths, arrays, strict=True)
    return paths, [read_weight(file, path, *expected) for path, expected in pairs]


def _read_training(path: str, source: Source) -> dict | None:
    """Return the training configuration in the plain form, that of `SavedModel.training_config`.

    It is None if the file has none, and None with a warning if it is malformed, or asks for what this
    library does not have.
    """
    described = source.training()
    if described is None:
        return None
    try:
        return plain_training(described, lambda message: _warn(path, message))
    except ValueError as error:
        _warn(path, f"{error}. The model is loaded without loss, metrics and optimizer.")
        return None


def _read_state(
    path: str, source: Source, training: dict | None, paths: list[str], weights: list[np.ndarray]
) -> dict | None:
    """Return the optimizer's state, as in `SavedModel.optimizer_state`.

    It is None if there is none or `training` is None, and None with a warning if it does not fit.
    """
    if training is None:
        return None
    try:
        return source.state(training["optimizer"], paths, weights)
    except StateMismatchError as error:
        _warn(path, f"the optimizer starts afresh, its state does not fit ({error}).")
        return None


def _warn(path: str, message: str) -> None:
    """Give a UserWarning that names the file."""
    warn(f"{shortened(printable(os.fsdecode(path)))}: {printable(message)}")
