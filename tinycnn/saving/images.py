"""The bytes of model files, made in memory with h5py: equal models give equal bytes."""

import io
import itertools
import json
import math

import h5py
import numpy as np

from tinycnn.saving import checksum, keras3_layout, optimizer_state
from tinycnn.saving.keras3_config import newer_model
from tinycnn.saving.keras_archive import packed
from tinycnn.saving.layer_config import keras_model
from tinycnn.saving.saved_model import SavedModel, Specs, own_specs, trained
from tinycnn.saving.sources import GROUP
from tinycnn.saving.training_config import keras_training

# The version of Keras that an HDF5 file names: the last whose default format this was.
LAYOUT = "2.15.0"
LARGEST_LIST = 64_512  # bytes of an attribute: HDF5 allows little more, and Keras has this limit


def file_image(saved: SavedModel) -> bytes:
    """Return the bytes of a model's HDF5 file, with its checksum, in the older layout."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.attrs["keras_version"] = LAYOUT
        file.attrs["backend"] = "tensorflow"
        file.attrs["model_config"] = _json(keras_model(saved.config))
        layers = saved.config["name"], own_specs(saved), saved.weights
        paths = _write_layers(file.create_group(GROUP), *layers)
        if saved.training_config is not None:
            training = keras_training(saved.training_config)
            file.attrs["training_config"] = _json(training)
            if saved.optimizer_state is not None:
                _write_arrays(
                    file.create_group(optimizer_state.GROUP), _state(saved, training, paths)
                )
    digest = checksum.image_sha256(buffer.getvalue())
    with h5py.File(buffer, "r+") as file:
        file.attrs[checksum.ATTRIBUTE] = np.bytes_(digest)
    return buffer.getvalue()


def archive_image(saved: SavedModel) -> bytes:
    """Return the bytes of a model's .keras file."""
    training = saved.training_config and keras_training(saved.training_config)
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        paths = _write_keras3(file, saved.config, saved.weights)
        if training is not None and saved.optimizer_state is not None:
            group = file.create_group(keras3_layout.OPTIMIZER)
            _write_numbered(group, [array for _, array in _state(saved, training, paths)])
    return packed(newer_model(keras_model(saved.config), training), buffer.getvalue())


def weights_image(config: dict, specs: Specs, weights: list[list], keras3: bool) -> bytes:
    """Return the bytes of a file of weights alone: in the layout of .weights.h5, or in the older one."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        if keras3:
            _write_keras3(file, config, weights)
        else:
            _write_layers(file, config["name"], specs, weights)
    return buffer.getvalue()


def _json(value: dict) -> bytes:
    """Return a configuration as JSON text, encoded."""
    return json.dumps(value, allow_nan=False).encode()


def _state(
    saved: SavedModel, training: dict, paths: list[str]
) -> list[tuple[str, np.ndarray | np.generic]]:
    """Return (name, numbers) of the optimizer's state, given the names of all weights."""
    moved = trained(saved.config, [spec for _, spec in own_specs(saved)])
    paths = list(itertools.compress(paths, moved))
    return optimizer_state.entries(training["optimizer_config"], saved.optimizer_state, paths)


def _write_keras3(file: h5py.File, config: dict, weights: list[list[np.ndarray]]) -> list[str]:
    """Write every layer's weights in Keras 3's layout; return the paths of their arrays."""
    file.create_group("vars")  # Keras looks there for weights of the model itself
    paths = []
    for leaf, arrays in zip(keras3_layout.leaves({"config": config}), weights, strict=True):
        path = f"{leaf.group(*keras3_layout.LAYOUTS[0])}/vars"
        _write_numbered(file.create_group(path), arrays)
        paths += [f"{path}/{place}" for place in range(len(arrays))]
    return paths


def _write_numbered(group: h5py.Group, arrays: list[np.ndarray]) -> None:
    for place, array in enumerate(arrays):
        group.create_dataset(str(place), data=array, track_times=False)


def _write_layers(
    group: h5py.Group, model: str, specs: Specs, weights: list[list[np.ndarray]]
) -> list[str]:
    """Write every layer's weights to a group; return their names, such as "sequential/dense/kernel".

    `model` is the model's name.
    """
    write_names(group, "layer_names", [layer for layer, _ in specs])
    group.attrs["backend"] = np.bytes_("tensorflow")
    group.attrs["keras_version"] = np.bytes_(LAYOUT)
    paths = []
    for (layer, spec), arrays in zip(specs, weights, strict=True):
        names = [f"{model}/{layer}/{name}" for name in spec]
        _write_arrays(group.create_group(layer), list(zip(names, arrays, strict=True)))
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
