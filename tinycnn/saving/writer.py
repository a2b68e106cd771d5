"""Writing a whole model: in memory, then beside the file, then, once read back, in its place."""

import io
import json
import math
import os

import h5py
import numpy as np

from tinycnn.layers import CLASSES
from tinycnn.saving import checksum, optimizer_state, reader
from tinycnn.saving.layer_config import keras_model
from tinycnn.saving.saved_model import SavedModel, slot_names
from tinycnn.saving.training_config import keras_training
from tinycnn.utils import atomic
from tinycnn.utils.errors import ModelFileError

LAYOUT = "2.15.0"  # the last Keras whose own format this was; Keras 3 reads it, too
LARGEST_LIST = 64_512  # bytes of an attribute: HDF5 takes little more; Keras has this limit, too


def write_model(path: str | os.PathLike, saved: SavedModel, overwrite: bool = True) -> None:
    """Write a model: see `tinycnn.saving.write_model`."""
    path = os.fspath(path)
    atomic.check(path, ModelFileError, overwrite)
    _check_finite(path, saved)
    _put(path, _image(path, saved), saved)


def _image(path: str, saved: SavedModel) -> bytes:
    try:
        return file_image(saved)
    # What h5py raises for a name that HDF5 cannot hold: the file is in memory yet.
    except (OSError, RuntimeError, ValueError) as error:
        remedy = "Give the model and its layers short and plain names."
        raise ModelFileError(path, f"it cannot be written ({error})", remedy) from error


def file_image(saved: SavedModel) -> bytes:
    """Return the bytes of the file: the same for the same model."""
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
                _write_arrays(
                    group, optimizer_state.entries(optimizer, saved.optimizer_state, paths)
                )
    digest = checksum.image_sha256(buffer.getvalue())
    with h5py.File(buffer, "r+") as file:
        file.attrs[checksum.ATTRIBUTE] = np.bytes_(digest)
    return buffer.getvalue()


def _json(value: dict) -> bytes:
    return json.dumps(value, allow_nan=False).encode()


def _write_weights(group: h5py.Group, saved: SavedModel) -> list[str]:
    """Write every layer's weights; return their paths, such as "sequential/dense/kernel"."""
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
    write_names(group, "weight_names", [name for name, _ in arrays])
    for name, array in arrays:
        group.create_dataset(name, data=array, track_times=False)


def write_names(group: h5py.Group, attribute: str, names: list[str]) -> None:
    """List names in an attribute, or, where they are too many for one, in numbered ones as Keras does."""
    encoded = np.array([name.encode() for name in names], dtype=None if names else "S1")
    count = math.ceil(len(encoded) / max(LARGEST_LIST // encoded.itemsize, 1))
    if count <= 1:
        group.attrs[attribute] = encoded
        return
    for place, part in enumerate(np.array_split(encoded, count)):
        group.attrs[f"{attribute}{place}"] = part


def _check_finite(path: str, saved: SavedModel) -> None:
    if not all(np.isfinite(array).all() for array in _arrays(saved)):
        raise ModelFileError(
            path,
            "it is not written: the model's numbers contain NaN or infinity, the training diverged",
            "Train again, with a smaller learning rate.",
        )


def _put(path: str, image: bytes, saved: SavedModel) -> None:
    with atomic.replacing(path, ModelFileError) as file:
        file.write(image)
        file.flush()
        _verify(path, file.name, saved)


def _verify(path: str, temporary: str, saved: SavedModel) -> None:
    """Read back what was written, and compare every number."""
    try:
        again = reader.read_model(temporary, lambda _: _own_specs(saved))
    except ModelFileError as error:
        remedy = "Change what is named there, or try another disk."
        raise ModelFileError(path, f"it cannot be written so: {error.cause}", remedy) from error
    if not _same(saved, again):
        raise ModelFileError(path, "what was written is not what was read back", "Try again.")


def _own_specs(saved: SavedModel) -> list[tuple[str, dict]]:
    """Return the name of every layer but the InputLayer, and its weights' shapes and dtypes by name."""
    specs = []
    for layer, weights in zip(saved.config["layers"][1:], saved.weights, strict=True):
        names = CLASSES[layer["class_name"]].weight_names[: len(weights)]
        named = zip(names, weights, strict=True)
        spec = {name: (array.shape, array.dtype.name) for name, array in named}
        specs.append((layer["config"]["name"], spec))
    return specs


def _same(saved: SavedModel, again: SavedModel) -> bool:
    if _settings(saved) != _settings(again):
        return False
    pairs = zip(_arrays(saved), _arrays(again), strict=True)
    return all(np.array_equal(ours, theirs) for ours, theirs in pairs)


def _settings(saved: SavedModel) -> list:
    training, state = saved.training_config, saved.optimizer_state
    written = [keras_model(saved.config), training and keras_training(training)]
    return [json.loads(json.dumps(written)), training and state and state["iterations"]]


def _arrays(saved: SavedModel) -> list[np.ndarray]:
    """Return all that is stored: the weights, and the optimizer's slots."""
    groups = list(saved.weights)
    if saved.training_config is not None and saved.optimizer_state is not None:
        slots = saved.optimizer_state["slots"]
        groups += [slots[name] for name in slot_names(saved.training_config["optimizer"])]
    return [array for group in groups for array in group]
