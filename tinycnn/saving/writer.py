"""Writing a whole model: bytes are made in memory, written to a temporary file, read back, and renamed."""

import io
import itertools
import json
import math
import os

import h5py
import numpy as np

from tinycnn.layers import CLASSES
from tinycnn.saving import checksum, optimizer_state, reader
from tinycnn.saving.layer_config import keras_model
from tinycnn.saving.saved_model import SavedModel, slot_names, trained
from tinycnn.saving.training_config import keras_training
from tinycnn.utils import atomic
from tinycnn.utils.errors import ModelFileError

LAYOUT = (
    "2.15.0"  # the version of Keras that the file names: the last whose default format this was
)
LARGEST_LIST = 64_512  # bytes of an attribute: HDF5 allows little more, and Keras has this limit


def write_model(path: str | os.PathLike, saved: SavedModel, overwrite: bool = True) -> None:
    """Write a model: see `tinycnn.saving.write_model`."""
    path = os.fspath(path)
    atomic.check(path, ModelFileError, overwrite)
    _check_finite(path, saved)
    _put(path, _image(path, saved), saved)


def _image(path: str, saved: SavedModel) -> bytes:
    """Return `file_image(saved)`; ModelFileError if HDF5 cannot hold a name in it."""
    try:
        return file_image(saved)
    # The file is still in memory, so these are about its names, and not about a disk.
    except (OSError, RuntimeError, ValueError) as error:
        remedy = "Give the model and its layers short and plain names."
        raise ModelFileError(path, f"it cannot be written ({error})", remedy) from error


def file_image(saved: SavedModel) -> bytes:
    """Return the bytes of a model's HDF5 file, with its checksum; equal models give equal bytes."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.attrs["keras_version"] = LAYOUT
        file.attrs["backend"] = "tensorflow"
        file.attrs["model_config"] = _json(keras_model(saved.config))
        paths = _write_weights(file.create_group("model_weights"), saved)
        if saved.training_config is not None:
            training = keras_training(saved.training_config)
            file.attrs["training_config"] = _json(training)
            if saved.optimizer_state is not None:
                group = file.create_group(optimizer_state.GROUP)
                optimizer = training["optimizer_config"]
                moved = trained(saved.config, [spec for _, spec in _own_specs(saved)])
                paths = list(itertools.compress(paths, moved))
                _write_arrays(
                    group, optimizer_state.entries(optimizer, saved.optimizer_state, paths)
                )
    digest = checksum.image_sha256(buffer.getvalue())
    with h5py.File(buffer, "r+") as file:
        file.attrs[checksum.ATTRIBUTE] = np.bytes_(digest)
    return buffer.getvalue()


def _json(value: dict) -> bytes:
    """Return a configuration as JSON text, encoded."""
    return json.dumps(value, allow_nan=False).encode()


def _write_weights(group: h5py.Group, saved: SavedModel) -> list[str]:
    """Write every layer's weights to a group; return their names, such as "sequential/dense/kernel"."""
    specs = _own_specs(saved)
    write_names(group, "layer_names", [layer for layer, _ in specs])
    group.attrs["backend"] = np.bytes_("tensorflow")
    group.attrs["keras_version"] = np.bytes_(LAYOUT)
    paths = []
    for (layer, spec), weights in zip(specs, saved.weights, strict=True):
        names = [f"{saved.config['name']}/{layer}/{name}" for name in spec]
        _write_arrays(group.create_group(layer), list(zip(names, weights, strict=True)))
        paths += names
    _write_arrays(group.create_group("top_level_model_weights"), [])
    return paths


def _write_arrays(group: h5py.Group, arrays: list[tuple[str, np.ndarray]]) -> None:
    """Write (name, array) pairs as datasets of a group, and the list of their names."""
    write_names(group, "weight_names", [name for name, _ in arrays])
    for name, array in arrays:
        group.create_dataset(name, data=array, track_times=False)


def write_names(group: h5py.Group, attribute: str, names: list[str]) -> None:
    """Write a list of names as an attribute of a group.

    A list that is too long for one is split, as by Keras, into attributes with 0, 1, ... behind their name.
    """
    encoded = np.array([name.encode() for name in names], dtype=None if names else "S1")
    count = math.ceil(len(encoded) / max(LARGEST_LIST // encoded.itemsize, 1))
    if count <= 1:
        group.attrs[attribute] = encoded
        return
    for place, part in enumerate(np.array_split(encoded, count)):
        group.attrs[f"{attribute}{place}"] = part


def _check_finite(path: str, saved: SavedModel) -> None:
    """Raise ModelFileError if a number of the model is NaN or infinite."""
    if not all(np.isfinite(array).all() for array in _arrays(saved)):
        raise ModelFileError(
            path,
            "it is not written: the model's numbers contain NaN or infinity, the training diverged",
            "Train again, with a smaller learning rate.",
        )


def _put(path: str, image: bytes, saved: SavedModel) -> None:
    """Write the file's bytes to a temporary file, verify that, and rename it to `path`."""
    with atomic.replacing(path, ModelFileError) as file:
        file.write(image)
        file.flush()
        _verify(path, file.name, saved)


def _verify(path: str, temporary: str, saved: SavedModel) -> None:
    """Read the temporary file, and compare it with the model; ModelFileError, for `path`, if they differ."""
    try:
        again = reader.read_model(temporary, lambda _: _own_specs(saved))
    except ModelFileError as error:
        remedy = "Change what is named there, or try another disk."
        raise ModelFileError(path, f"it cannot be written so: {error.cause}", remedy) from error
    if not _same(saved, again):
        raise ModelFileError(path, "what was written is not what was read back", "Try again.")


def _own_specs(saved: SavedModel) -> list[tuple[str, dict]]:
    """Return (name, {weight name: (shape, dtype)}) of every layer but the InputLayer."""
    specs = []
    for layer, weights in zip(saved.config["layers"][1:], saved.weights, strict=True):
        names = CLASSES[layer["class_name"]].weight_names_of(layer["config"])[: len(weights)]
        named = zip(names, weights, strict=True)
        spec = {name: (array.shape, array.dtype.name) for name, array in named}
        specs.append((layer["config"]["name"], spec))
    return specs


def _same(saved: SavedModel, again: SavedModel) -> bool:
    """Return whether two models have the same configurations and equal arrays."""
    if _settings(saved) != _settings(again):
        return False
    pairs = zip(_arrays(saved), _arrays(again), strict=True)
    return all(np.array_equal(ours, theirs) for ours, theirs in pairs)


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
