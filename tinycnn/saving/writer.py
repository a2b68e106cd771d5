"""Writing a whole model: bytes are made in memory, written to a temporary file, read back, and renamed."""

import json
import os
from collections.abc import Callable

import numpy as np

from tinycnn.saving import kinds, reader, weights
from tinycnn.saving.images import archive_image, file_image, weights_image
from tinycnn.saving.layer_config import keras_model
from tinycnn.saving.saved_model import SavedModel, Specs, own_specs, slot_names
from tinycnn.saving.training_config import keras_training
from tinycnn.utils import atomic
from tinycnn.utils.errors import ModelFileError


def write_model(path: str | os.PathLike, saved: SavedModel, overwrite: bool = True) -> None:
    """Write a model: see `tinycnn.saving.write_model`."""
    path = os.fspath(path)
    image = archive_image if path.lower().endswith(kinds.ARCHIVE) else file_image

    def same(temporary: str) -> bool:
        return _same(saved, reader.read_model(temporary, lambda _: own_specs(saved)))

    _write(path, _arrays(saved), lambda: image(saved), same, overwrite)


def write_weights(
    path: str | os.PathLike,
    config: dict,
    specs: Specs,
    arrays: list[list[np.ndarray]],
    overwrite: bool = True,
) -> None:
    """Write the weights of a model alone: see `tinycnn.saving.write_weights`."""
    path = os.fspath(path)

    def image() -> bytes:
        return weights_image(config, specs, arrays, kinds.is_weights(path))

    def same(temporary: str) -> bool:
        return _equal(arrays, weights.read_weights(temporary, config, specs))

    _write(path, [each for layer in arrays for each in layer], image, same, overwrite)


def _write(
    path: str,
    arrays: list[np.ndarray],
    image: Callable[[], bytes],
    same: Callable[[str], bool],
    overwrite: bool,
) -> None:
    """Write a file: make its bytes, put them into a temporary file, verify that, and rename it to `path`.

    Args:
        path: of the file.
        arrays: all that the file is to hold.
        image: returns the file's bytes.
        same: given the temporary file's name, reads it and returns whether it holds what it should.
        overwrite: whether an existing file may be replaced.
    """
    atomic.check(path, ModelFileError, overwrite)
    _check_finite(path, arrays)
    content = _image(path, image)
    with atomic.replacing(path, ModelFileError) as file:
        file.write(content)
        file.flush()
        _verify(path, file.name, same)


def _image(path: str, image: Callable[[], bytes]) -> bytes:
    """Return the file's bytes; ModelFileError if HDF5 cannot hold a name in it."""
    try:
        return image()
    # The file is still in memory, so these are about its names, and not about a disk.
    except (OSError, RuntimeError, ValueError) as error:
        remedy = "Give the model and its layers short and plain names."
        raise ModelFileError(path, f"it cannot be written ({error})", remedy) from error


def _check_finite(path: str, arrays: list[np.ndarray]) -> None:
    """Raise ModelFileError if a number is NaN or infinite."""
    if not all(np.isfinite(array).all() for array in arrays):
        raise ModelFileError(
            path,
            "it is not written: the model's numbers contain NaN or infinity, the training diverged",
            "Train again, with a smaller learning rate.",
        )


def _verify(path: str, temporary: str, same: Callable[[str], bool]) -> None:
    """Read the temporary file back; ModelFileError, for `path`, if it is not what was to be written."""
    try:
        equal = same(temporary)
    except ModelFileError as error:
        remedy = "Change what is named there, or try another disk."
        raise ModelFileError(path, f"it cannot be written so: {error.cause}", remedy) from error
    if not equal:
        raise ModelFileError(path, "what was written is not what was read back", "Try again.")


def _same(saved: SavedModel, again: SavedModel) -> bool:
    """Return whether two models have the same configurations and equal arrays."""
    return _settings(saved) == _settings(again) and _equal([_arrays(saved)], [_arrays(again)])


def _settings(saved: SavedModel) -> list:
    """Return all that a file holds besides arrays, as it comes out of JSON, for a comparison."""
    training, state = saved.training_config, saved.optimizer_state
    written = [keras_model(saved.config), training and keras_training(training)]
    return [json.loads(json.dumps(written)), training and state and state["iterations"]]


def _arrays(saved: SavedModel) -> list[np.ndarray]:
    """Return all arrays that a file holds: the weights, then the optimizer's slots."""
    groups = list(saved.weights)
    if saved.training_config is not None and saved.optimizer_state is not None:
        slots = saved.optimizer_state["slots"]
        groups += [slots[name] for name in slot_names(saved.training_config["optimizer"])]
    return [array for group in groups for array in group]


def _equal(ours: list[list[np.ndarray]], theirs: list[list[np.ndarray]]) -> bool:
    """Return whether two lists of lists of arrays are equal."""
    pairs = [pair for lists in zip(ours, theirs, strict=True) for pair in zip(*lists, strict=True)]
    return all(np.array_equal(first, second) for first, second in pairs)
